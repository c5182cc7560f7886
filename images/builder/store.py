"""Things made once and kept: a folder under the cache, complete or absent, never half."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from images.builder.commands import say

KEPT_OLD_VERSIONS = 3
"""So many states of one thing stay, the newest: someone may still be loading the one before."""

LOCK_POLL = 0.2
"""Seconds between two looks at a lock that another process holds."""


async def made_once(folder: Path, make: Callable[[Path], Awaitable[None]]) -> Path:
    """`folder`, after `make` has filled it if it was not there yet.

    `make` fills a folder beside it, which takes the final name only when `make` has returned.
    """
    if _used_again(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    async with only_one(_lock_of(folder), f"making {folder.name}"):
        # Whoever held the lock before may have made it.
        if not _used_again(folder):
            async with _draft(folder) as draft:
                await make(draft)
    return folder


def forget_old(folder: Path, pattern: str, kept: int = KEPT_OLD_VERSIONS) -> None:
    """Removes all but the most recently used folders whose name matches `pattern`."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in found[kept:]:
        shutil.rmtree(old, ignore_errors=True)


@asynccontextmanager
async def only_one(lock: Path, what: str) -> AsyncIterator[None]:
    """Lets one process at a time do `what`; the lock ends with the process that holds it, however that ends."""
    with lock.open("a") as handle:
        if not _locked(handle):
            say(f"{what} is under way in another process; waiting for it ...")
            while not _locked(handle):  # noqa: ASYNC110 - no event tells that another process let go
                await asyncio.sleep(LOCK_POLL)
        yield


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_of(folder: Path) -> Path:
    """One lock for all states of a thing: they would only compete for the machine."""
    return folder.parent / f".{folder.name.rpartition('-')[0] or folder.name}.lock"


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
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    draft.chmod(0o755)
    return draft
