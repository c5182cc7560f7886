"""Where things are: the repository, and the cache outside of it."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "images"


def cache_root() -> Path:
    """The project's cache folder, made if it is not there: `$XDG_CACHE_HOME/rocketmq-operator`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    root = Path(base) / "rocketmq-operator"
    root.mkdir(parents=True, exist_ok=True)
    return root
