"""How long to wait before trying again: exponentially longer, and never all at the same time."""

from random import Random

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """``initial`` seconds, times ``factor`` for each failure up to ``maximum``; of which a part ``jitter`` is random."""

    initial: float = 0.2
    maximum: float = 30.0
    factor: float = 2.0
    jitter: float = 0.5

    def delay(self, failures: int, random: Random) -> float:
        """Seconds to wait after this many failures in a row (at least one)."""
        # Beyond 64 doublings nothing but the maximum is left, and a larger power would overflow.
        grown: float = self.initial * self.factor ** min(max(failures, 1) - 1, 64)
        full = min(self.maximum, grown)
        return full * (1 - self.jitter * random.random())


class Backoff:
    """A policy and the failures so far."""

    def __init__(self, policy: Policy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self.failures = 0

    def next(self) -> float:
        """Count one more failure; seconds to wait."""
        self.failures += 1
        return self._policy.delay(self.failures, self._random)

    def reset(self) -> None:
        """Something worked."""
        self.failures = 0
