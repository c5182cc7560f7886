"""Who leads: the rules of a Lease, without I/O and without a clock.

The same rules as client-go's ``leaderelection``, so that mixed tools understand each other:

- Clocks of different machines are never compared. A candidate notes, by its own monotonic clock, when it *saw* the lease
  change, and takes it over once it has not changed for as long as its holder promised (``leaseDurationSeconds``).
- A leader counts from the moment its last successful write *began*, and for ``renew_seconds`` only: shorter than the lease, so
  that it has stopped before anybody else can start.
- Every write carries the resourceVersion that it was decided on: of two candidates one wins.
"""

import msgspec

from rocketmq_operator.kube.types import Meta


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel"):
    """``coordination.k8s.io/v1 LeaseSpec``; times are MicroTime, for people only."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(msgspec.Struct, frozen=True):
    """A Lease as it was read."""

    metadata: Meta
    spec: LeaseSpec = LeaseSpec()


class Terms(msgspec.Struct, frozen=True):
    """Seconds. ``lease_seconds`` > ``renew_seconds`` > ``retry_seconds``."""

    lease_seconds: int = 15
    """How long others leave an unrenewed lease alone."""
    renew_seconds: float = 10.0
    """How long a leader leads without renewing."""
    retry_seconds: float = 2.0
    """Time between attempts, of leaders and candidates."""


class Election:
    """One candidate's view. ``now`` is always its own monotonic clock."""

    def __init__(self, identity: str, terms: Terms) -> None:
        self._identity = identity
        self._terms = terms
        self._seen: LeaseSpec | None = None
        self._seen_at = 0.0
        self._deadline: float | None = None

    def deadline(self) -> float:
        """Until when this candidate leads; the past (-inf) if it does not."""
        return float("-inf") if self._deadline is None else self._deadline

    def leading(self, now: float) -> bool:
        """Whether it leads."""
        return now < self.deadline()

    def tick(self, lease: Lease | None, now: float, wall: str) -> LeaseSpec | None:
        """What to write on the lease as observed (None: there is none), or None to leave it alone. ``wall`` is a MicroTime."""
        held = lease.spec if lease is not None else LeaseSpec()
        if held != self._seen:
            self._seen, self._seen_at = held, now
        if held.holder_identity == self._identity:
            return self._mine(wall, held)
        # Somebody else holds it, or nobody does: whatever we believed, we do not lead.
        self._deadline = None
        if held.holder_identity and now < self._seen_at + (held.lease_duration_seconds or 0):
            return None
        transitions = (held.lease_transitions or 0) + (1 if lease is not None else 0)
        return self._mine(wall, LeaseSpec(acquire_time=wall, lease_transitions=transitions))

    def wrote(self, began: float) -> None:
        """What ``tick`` wanted was written, by a call that began at ``began``."""
        self._deadline = began + self._terms.renew_seconds

    def released(self) -> None:
        """It leads no more."""
        self._deadline = None

    def _mine(self, wall: str, held: LeaseSpec) -> LeaseSpec:
        return LeaseSpec(
            holder_identity=self._identity,
            lease_duration_seconds=self._terms.lease_seconds,
            acquire_time=held.acquire_time or wall,
            renew_time=wall,
            lease_transitions=held.lease_transitions or 0,
        )
