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


def remove(layout: Layout) -> None:
    """Remove this lab's share of those folders, and the folders once they are empty."""
    for link in CONTAINER_LOGS.glob("*") if CONTAINER_LOGS.is_dir() else []:
        if link.is_symlink() and os.readlink(link).startswith(f"{layout.state}/"):  # noqa: PTH115
            link.unlink()
    for result in CNI_RESULTS.glob("*") if CNI_RESULTS.is_dir() else []:
        with contextlib.suppress(OSError):
            if f"{layout.run}/".encode() in result.read_bytes():
                result.unlink()
    for folder in (CONTAINER_LOGS, CNI_RESULTS, CNI_RESULTS.parent, SHIM_SOCKETS, SHIM_SOCKETS.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
