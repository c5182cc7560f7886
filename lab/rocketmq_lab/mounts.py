"""Mount points of the host that belong to the lab, found in /proc/self/mountinfo."""

import ctypes
import os
import re
from pathlib import Path

_DETACH = 2  # MNT_DETACH of <sys/mount.h>: out of sight at once, gone when nobody uses it any more
_NOFOLLOW = 8  # UMOUNT_NOFOLLOW


def parse(mountinfo: str) -> list[Path]:
    """Mount points in the order in which they were mounted (proc_pid_mountinfo(5): field 5, octal escapes)."""
    points = [line.split(" ")[4] for line in mountinfo.splitlines() if line.count(" ") > 4]
    return [Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), point)) for point in points]


def mount_points() -> list[Path]:
    return parse(Path("/proc/self/mountinfo").read_text())


def is_mount_point(path: Path) -> bool:
    """Also for files, which `os.path.ismount` does not see."""
    return path in mount_points()


def below(root: Path, points: list[Path]) -> list[Path]:
    """Those at or under `root`, in the order in which they can be unmounted: the latest first."""
    return [point for point in reversed(points) if point == root or root in point.parents]


def unmount_below(root: Path) -> None:
    for point in below(root, mount_points()):
        unmount(point)


def unmount(path: Path) -> None:
    """Unmount `path`; nothing where it is no mount point. What is still in use is detached."""
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (_NOFOLLOW, _NOFOLLOW | _DETACH):
        if libc.umount2(os.fsencode(path), flags) == 0:
            return
