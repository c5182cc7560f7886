"""Hashes of what goes into a build, so that a thing is built once for each state of its inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

IGNORED_PARTS = frozenset({"__pycache__", "target", ".DS_Store"})
"""Folders and files that come and go with use and are part of no image."""


def files_below(path: Path) -> Iterator[Path]:
    """All regular files of a file or folder, sorted by path, without what is merely left over from use."""
    if path.is_file():
        yield path
        return
    for child in sorted(path.rglob("*")):
        relative = child.relative_to(path).parts
        if child.is_file() and not IGNORED_PARTS.intersection(relative) and not _is_packaging(relative):
            yield child


def digest(paths: Iterable[Path], words: Iterable[str], root: Path) -> str:
    """Sixteen hex digits over names, modes and contents of the files, and over the words.

    A file's name counts relative to `root`, so that two checkouts of one state have one hash. Whether a file
    is executable counts too: the image carries it.
    """
    total = hashlib.sha256()
    for word in words:
        total.update(f"word {len(word)} {word}\n".encode())
    for path in paths:
        for file in files_below(path):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            executable = bool(file.stat().st_mode & 0o100)
            total.update(f"file {file.relative_to(root)} {executable} {content}\n".encode())
    return total.hexdigest()[:16]


def _is_packaging(parts: tuple[str, ...]) -> bool:
    return any(part.endswith(".egg-info") for part in parts)
