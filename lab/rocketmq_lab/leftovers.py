"""What Kubernetes and containerd drop outside the folders they were given, found by what it points to."""

import contextlib
import os
from pathlib import Path

from .layout import Layout

CONTAINER_LOGS = Path("/var/log/containers")
"""kubelet puts a symbolic link here for each container, whatever its folder for logs is."""
CNI_RESULTS = Path("/var/lib/cni/results")
"""libcni keeps each attachment here; there is no option for it."""
SHIM_SOCKETS = Path("/run/containerd/s")
"""Shims listen here, whatever containerd's state folder is."""
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")
"""Every kubelet of the machine puts a socket here, whatever its root folder is; the lab has no use for it."""


def foreign_kubelet() -> bool:
    """Whether a kubelet listens that is not the lab's. (The kernel lists a socket only in its own network namespace.)"""
    return f"{DEVICE_PLUGINS}/kubelet.sock" in Path("/proc/net/unix").read_text()


def remove_shared() -> None:
    """What all labs of the machine shared, once the last is gone."""
    if not foreign_kubelet():
        for name in ("kubelet.sock", "DEPRECATION"):
            (DEVICE_PLUGINS / name).unlink(missing_ok=True)
        _remove_empty(DEVICE_PLUGINS, DEVICE_PLUGINS.parent)


def remove(layout: Layout) -> None:
    """Remove this lab's share of those folders, and the folders once they are empty."""
    for link in CONTAINER_LOGS.glob("*") if CONTAINER_LOGS.is_dir() else []:
        if link.is_symlink() and os.readlink(link).startswith(f"{layout.state}/"):  # noqa: PTH115
            link.unlink()
    for result in CNI_RESULTS.glob("*") if CNI_RESULTS.is_dir() else []:
        with contextlib.suppress(OSError):
            if f"{layout.run}/".encode() in result.read_bytes():
                result.unlink()
    _remove_empty(CONTAINER_LOGS, CNI_RESULTS, CNI_RESULTS.parent, SHIM_SOCKETS, SHIM_SOCKETS.parent)


def _remove_empty(*folders: Path) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
