"""What a lab remembers about itself, and the lock that lets one command at a time change it."""

# ruff: noqa: ASYNC240 - these are files of /proc, /sys and /run, in memory

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .layout import RUN_ROOT, STATE_ROOT, Layout, check_name, choose_number
from .network import host_networks
from .progress import Progress


@dataclass(frozen=True)
class State:
    """`number`: second octet of the addresses. `nodes`: how many the lab has, dead ones included."""

    number: int
    nodes: int


def parse(text: str) -> State:
    """ValueError where the text is not a state that `save` wrote."""
    try:
        value = json.loads(text)
        return State(number=int(value["number"]), nodes=int(value["nodes"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a lab's state: {error!r}") from error


def load(name: str, root: Path = STATE_ROOT) -> State | None:
    """The state of lab `name`; None where there is no such lab (or only a torn file of one)."""
    try:
        return parse((root / name / "state.json").read_text())
    except (OSError, ValueError):
        return None


def names(root: Path = STATE_ROOT) -> list[str]:
    """All labs of this machine."""
    return sorted(path.name for path in root.glob("*") if path.is_dir())


def save(layout: Layout, state: State) -> None:
    layout.state.mkdir(parents=True, exist_ok=True)
    fresh = layout.state / "state.json.new"
    fresh.write_text(json.dumps(asdict(state)))
    fresh.replace(layout.state / "state.json")


async def create(name: str, nodes: int, root: Path = STATE_ROOT, run_root: Path = RUN_ROOT) -> Layout:
    """A new lab with addresses of its own; two labs made at once get different ones."""
    run_root.mkdir(parents=True, exist_ok=True)
    with (run_root / "numbers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [state for path in root.glob("*") if (state := load(path.name, root))]
        taken = [Layout("other", other.number).network for other in others]
        layout = Layout(check_name(name), choose_number(taken + await host_networks()), root, run_root)
        save(layout, State(number=layout.number, nodes=nodes))
    return layout


class Boot:
    """Which start of the machine the run folder belongs to: where /run is a disk's, it outlives what it describes."""

    def __init__(self, layout: Layout, current: Path = Path("/proc/sys/kernel/random/boot_id")) -> None:
        self._file = layout.run / "boot"
        self._current = current

    def is_another(self) -> bool:
        """Whether the run folder was made before the machine's last start."""
        try:
            return self._file.read_text() != self._current.read_text()
        except FileNotFoundError:
            return self._file.parent.exists()

    def remember(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(self._current.read_text())


class Marks:
    """Nodes that were killed or cut on purpose. They lie in the run folder: a new start of the machine clears them."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.run / "marks"

    def set(self, mark: str, node: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{mark}.{node}").touch()

    def clear(self, node: str) -> None:
        for path in self._folder.glob(f"*.{node}"):
            path.unlink()

    def has(self, mark: str, node: str) -> bool:
        return (self._folder / f"{mark}.{node}").exists()


@contextlib.asynccontextmanager
async def locked(name: str, progress: Progress, run_root: Path = RUN_ROOT) -> AsyncIterator[None]:
    """Hold lab `name` for one command; waits, visibly, for another that holds it."""
    run_root.mkdir(parents=True, exist_ok=True)
    path = run_root / f"{name}.lock"
    async with contextlib.AsyncExitStack() as stack:
        descriptor = _try(path)
        if descriptor is None:
            async with progress.step(f"waiting for another command on lab {name}"):
                while (descriptor := _try(path)) is None:  # noqa: ASYNC110 - another process holds it
                    await asyncio.sleep(0.2)
        stack.callback(os.close, descriptor)
        yield


def _try(path: Path) -> int | None:
    """An open, locked descriptor of `path`; None where somebody else has it, or removed it meanwhile."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:  # noqa: PTH116
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def remove_lock(name: str, run_root: Path = RUN_ROOT) -> None:
    """Remove the lock file that the caller holds, and the run folder with the last lab's."""
    (run_root / f"{name}.lock").unlink(missing_ok=True)
    if not any(path.suffix == ".lock" and path.name != "numbers.lock" for path in run_root.iterdir()):
        (run_root / "numbers.lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            run_root.rmdir()
