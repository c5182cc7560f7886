"""Things made once and kept: a folder under the cache, complete or absent, never half."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from images.builder.commands import say

KEPT_OLD_VERSIONS = 3
"""So many states of one thing stay, the newest: someone may still be loading the one before."""


async def made_once(folder: Path, make: Callable[[Path], Awaitable[None]]) -> Path:
    """`folder`, after `make` has filled it if it was not there yet.

    `make` fills a folder beside it, which takes the final name only when `make` has returned.
    """
    if not _used_again(folder):
        async with _draft(folder) as draft:
            await make(draft)
    return folder


def forget_old(folder: Path, pattern: str, kept: int = KEPT_OLD_VERSIONS) -> None:
    """Removes all but the most recently used folders whose name matches `pattern`."""
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


def _used_again(folder: Path) -> bool:
    """Whether the folder is there; if so, its time says that it was used just now."""
    if not folder.is_dir():
        return False
    os.utime(folder)
    return True


@asynccontextmanager
async def _draft(folder: Path) -> AsyncIterator[Path]:
    """A new folder that becomes `folder` when all went well, and disappears when not."""
    draft = _new_folder_beside(folder)
    try:
        yield draft
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _new_folder_beside(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    draft.chmod(0o755)
    return draft
