"""How often what goes wrong: drawn for each history, worse in storms, and nothing at all in the quiet phase."""

from collections.abc import Callable, Sequence
from typing import Any

from .kernel import Kernel

API_FAULTS = ("conflict", "throttled", "server-error", "lost-request", "lost-answer", "slow", "hung")
ADMIN_FAULTS = ("unreachable", "lost-request", "lost-answer", "refused", "slow")
WATCH_FAULTS = ("refused", "expired", "dropped", "late", "duplicated", "cut-line", "ended-at-once")


class Weather:
    """Chances of faults. ``quiet`` ends all of them."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._random = kernel.random("weather")
        self.base = self._random.choice((0.0, 0.005, 0.01, 0.03))
        self.storm_until = -1.0
        self.late_until: dict[str, float] = {}
        """Until when watches of a kind tell nothing new."""
        self.slow: Callable[[str, str, tuple[str, str], Any], float] | None = None
        """How long a write to the API server is on its way."""
        self.quiet = False

    @property
    def chance(self) -> float:
        """The chance that one call goes wrong."""
        if self.quiet:
            return 0.0
        return 0.3 if self.storm_until > 0.0 and self._kernel.now() < self.storm_until else self.base

    def storm(self, seconds: float) -> None:
        """Bad weather for a while."""
        self.storm_until = self._kernel.now() + seconds

    def draw(self, family: str, kinds: Sequence[str]) -> str | None:
        """The fault of this call, or None."""
        chance = self.chance
        if chance == 0.0 or self._random.random() >= chance:
            return None
        kind = self._random.choice(kinds)
        self._kernel.count(f"fault/{family}/{kind}")
        return kind
