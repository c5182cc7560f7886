"""One branch of the cgroup tree for each machine of the lab: what runs in it dies together, as in a power cut.

Works on version 2 and on version 1 (also "hybrid"), where each controller has a tree of its own.
Paths are relative to the trees' roots: `rocketmq-lab/default/node1`.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from .errors import LabError

ROOT = Path("/sys/fs/cgroup")
DAEMONS = "daemons"
"""Leaf for kubelet, containerd and what they start; pods live beside it, under `kubepods`."""


def is_version_2() -> bool:
    return (ROOT / "cgroup.controllers").exists()


def trees() -> list[Path]:
    """The roots of all trees in which a process has a place."""
    if is_version_2():
        return [ROOT]
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(fields[1]) for fields in mounts if fields[2] in ("cgroup", "cgroup2")]


def make(path: str) -> None:
    """Make `path` in every tree, with its parents; kubelet wants its root there beforehand."""
    for tree in trees():
        folder = tree
        for part in path.split("/"):
            parent, folder = folder, folder / part
            folder.mkdir(exist_ok=True)
            _inherit(parent, folder)


def _inherit(parent: Path, folder: Path) -> None:
    """A version-1 cpuset starts empty and takes no process; a version-2 child has only what its parent passes on."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        mine = folder / name
        if not is_version_2() and mine.exists() and not mine.read_text().strip():
            mine.write_text((parent / name).read_text())
    control = parent / "cgroup.subtree_control"
    if is_version_2() and control.exists():
        for controller in (parent / "cgroup.controllers").read_text().split():
            with contextlib.suppress(OSError):
                control.write_text(f"+{controller}")


def join_files(path: str) -> list[Path]:
    """Files into which a process writes its id to enter `path`."""
    return [tree / path / "cgroup.procs" for tree in trees()]


def members(path: str) -> set[int]:
    """Ids of all processes in `path` and below, in any tree."""
    found: set[int] = set()
    for tree in trees():
        for folder, _, _ in os.walk(tree / path):
            with contextlib.suppress(OSError):
                found.update(map(int, Path(folder, "cgroup.procs").read_text().split()))
    return found


def kill(path: str, deadline: float = 15.0) -> None:
    """SIGKILL everything in `path` until nothing is left, for at most `deadline` seconds."""
    end = time.monotonic() + deadline
    while processes := {pid for pid in members(path) if not _is_zombie(pid)}:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            raise LabError(f"Processes {sorted(processes)} of {path} do not die; look for state D in `ps`.")
        time.sleep(0.02)


def remove(path: str) -> None:
    """Remove the empty branch `path` from every tree, and what it hung on where that is empty now."""
    for tree in trees():
        below = [Path(folder) for folder, _, _ in os.walk(tree / path, topdown=False)]
        above = [tree / parent for parent in Path(path).parents if parent.name]
        for folder in below + above:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
