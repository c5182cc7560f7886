"""Wall-clock time for plans, in the two forms that they take; a parameter, so that a simulation can own it."""

from collections.abc import Callable
from datetime import UTC, datetime


class Now:
    """Time of day from a function that gives seconds since 1970."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall

    def text(self) -> str:
        """RFC 3339 in UTC with whole seconds, as Kubernetes writes times."""
        return datetime.fromtimestamp(self._wall(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def milliseconds(self) -> int:
        """Milliseconds since 1970, as RocketMQ writes times."""
        return int(self._wall() * 1000)
