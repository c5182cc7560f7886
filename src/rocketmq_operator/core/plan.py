"""What is to be done: the output of every plan. Each action says why, in a word (event reason) and in a sentence."""

from typing import Any, Generic, TypeVar

import msgspec

from rocketmq_operator.api import BrokerClusterStatus, NameServerStatus

from .groups.copying import Missing

Json = dict[str, Any]


class Action(msgspec.Struct, frozen=True, tag=True):
    """One idempotent step; the operator may die before or after any of them."""

    reason: str
    message: str


class Create(Action, frozen=True):
    """Create an object; if the name is taken, its owner is looked at, and it is never taken over."""

    obj: Json


class Apply(Action, frozen=True):
    """Bring an object of ours back to what it should be, by server-side apply."""

    obj: Json


class Remove(Action, frozen=True):
    """Delete an object of ours, if it is still the one we saw."""

    kind: str
    name: str
    uid: str


class SetGate(Action, frozen=True):
    """Set the readiness gate of a pod for the container that runs in it now."""

    pod: str
    uid: str
    open: bool
    container: str


class Configure(Action, frozen=True):
    """Change a running broker (code 25). ``first`` must have been written before, so that a restart remembers it."""

    address: str
    broker: str
    values: dict[str, str]
    first: Json | None = None


class Copy(Action, frozen=True):
    """Write to a broker what it lacks of what others hold."""

    address: str
    broker: str
    missing: Missing


class WipeWritePermission(Action, frozen=True):
    """Take a broker group's write permission out of a name server's routes (code 205)."""

    server: str
    broker: str


class SetOrder(Action, frozen=True):
    """Say on one name server which brokers' queues an order topic uses (code 100)."""

    server: str
    topic: str
    value: str


class SetFinalizer(Action, frozen=True):
    """Hold back the resource's deletion, or let it go; only if nobody else changed its finalizers since."""

    finalizers: tuple[str, ...]
    version: str


class Event(msgspec.Struct, frozen=True):
    """Something worth a line in ``kubectl describe``."""

    type: str
    reason: str
    message: str


class Progress(msgspec.Struct, frozen=True):
    """A broker group on its way, for live figures: messages left now (None: not known) and when its fence fell."""

    group: str
    phase: str
    doing: str
    left: int | None = None
    total: int = 0


S = TypeVar("S", BrokerClusterStatus, NameServerStatus)


class Plan(msgspec.Struct, Generic[S], frozen=True):
    """Actions in their order, the status that is true now, what to tell, and when to look again (seconds; None: at the resync)."""

    actions: tuple[Action, ...]
    status: S
    events: tuple[Event, ...] = ()
    requeue: float | None = None
    progress: tuple[Progress, ...] = ()
