"""Things made once and kept: a folder under the cache, complete or absent, never half."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from images.builder.commands import say

KEPT_OLD_VERSIONS = 3
"""So many states of one thing stay, the newest: someone may still be loading the one before."""


async def made_once(folder: Path, make: Callable[[Path], Awaitable[None]]) -> Path:
    """`folder`, after `make` has filled it if it was not there yet.

    `make` fills a folder beside it, which takes the final name only when `make` has returned.
    """
    if folder.is_dir():
        os.utime(folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.draft-", dir=folder.parent))
    draft.chmod(0o755)
    try:
        await make(draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def forget_old(folder: Path, pattern: str, kept: int = KEPT_OLD_VERSIONS) -> None:
    """Removes all but the newest folders whose name matches `pattern`."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in found[kept:]:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Lets one build at a time work on the cache; the lock ends with the process that holds it."""
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
