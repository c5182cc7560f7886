"""Wall-clock time for plans, in the two forms that they take; a parameter, so that a simulation can own it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=16)
def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Now:
    """Time of day from a function that gives seconds since 1970."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall

    def text(self) -> str:
        """RFC 3339 in UTC with whole seconds, as Kubernetes writes times."""
        return _text(int(self._wall()))

    def milliseconds(self) -> int:
        """Milliseconds since 1970, as RocketMQ writes times."""
        return int(self._wall() * 1000)
