"""What is to be done: the output of every plan. Each action says why, in a word (event reason) and in a sentence."""

from typing import Any, Generic, TypeVar

import msgspec

from rocketmq_operator.api import BrokerClusterStatus, NameServerStatus

from .groups.copying import Missing
from .names import REGISTERED_GATE

Json = dict[str, Any]


class Action(msgspec.Struct, frozen=True, tag=True):
    """One idempotent step; the operator may die before or after any of them. Without a ``reason`` it is no event."""

    reason: str
    message: str


class Create(Action, frozen=True):
    """Create an object; if the name is taken, its owner is looked at, and it is never taken over."""

    obj: Json


class Seen(msgspec.Struct, frozen=True):
    """An object on which a decision rests, mostly a group's intent, as the plan saw it."""

    name: str
    resource_version: str
    kind: str = "ConfigMap"


class Apply(Action, frozen=True):
    """Bring an object of ours back to what it should be, by server-side apply, if what was ``seen`` is as it was."""

    obj: Json
    seen: tuple[Seen, ...] = ()


class Beside(msgspec.Struct, frozen=True):
    """A pod of a group of which a member is taken, as the plan saw it: ``container`` ran in it, none where that is empty."""

    name: str
    uid: str
    container: str


class Remove(Action, frozen=True):
    """Delete an object of ours, if it is still the one we saw, ``intent`` says what it said, and those ``beside`` it are there still."""

    kind: str
    name: str
    uid: str
    intent: Seen | None = None
    beside: tuple[Beside, ...] = ()


class SetGate(Action, frozen=True):
    """Set a readiness gate of a pod for the container that runs in it now; ``told``: it is worth an event."""

    pod: str
    uid: str
    open: bool
    container: str
    condition: str = REGISTERED_GATE
    told: bool = False


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
    """Take a broker group's write permission out of a name server's routes (code 205), if the group's ``intent`` says what it said."""

    server: str
    broker: str
    intent: Seen | None = None


class SetFinalizer(Action, frozen=True):
    """Hold back the resource's deletion, or let it go; only if nobody else changed its finalizers since, and what was ``seen`` is
    as it was."""

    finalizers: tuple[str, ...]
    version: str
    seen: tuple[Seen, ...] = ()


class SetListed(Action, frozen=True):
    """List a name server's pod in the Services, or list it no more; ``since`` (ms since 1970) is kept beside the label."""

    pod: str
    uid: str
    listed: bool
    since: int = 0


class Leaving(msgspec.Struct, frozen=True):
    """A pod that is to be taken away, as the plan saw it: unlisted since a time, or (no ``uid``) not there."""

    pod: str
    uid: str = ""
    since: int = 0


class Resize(Action, frozen=True):
    """Change the number of a StatefulSet's pods and nothing else, if the set and the leaving pod are as the plan saw them, and those
    ``beside`` are there still.

    Views lag: a pod that was listed again meanwhile must not be taken away for having been unlisted once.
    """

    name: str
    uid: str
    resource_version: str
    replicas: int
    leaving: Leaving | None = None
    beside: tuple[Beside, ...] = ()


class GrowClaim(Action, frozen=True):
    """Ask for a bigger volume, if the claim is as the plan saw it."""

    name: str
    uid: str
    resource_version: str
    size: str


class Orphan(Action, frozen=True):
    """Delete a StatefulSet and leave its pods and claims as they are, if it is as the plan saw it, and so is ``intent``."""

    name: str
    uid: str
    resource_version: str
    intent: Seen | None = None


class Rebuild(Action, frozen=True):
    """Give a slave new volumes: delete its lost claims (name and uid) and then its pod, if they are still lost, it is still the
    one that was seen, and those ``beside`` it are there still."""

    pod: str
    uid: str
    claims: tuple[tuple[str, str], ...]
    beside: tuple[Beside, ...] = ()


class SetPartition(Action, frozen=True):
    """Let a StatefulSet's pods from this ordinal on take its new template: its controller restarts the highest of them.

    Only if the set is as the plan saw it, so is ``intent``, and those ``beside`` are there still. Pods below come back as they were.
    """

    name: str
    uid: str
    resource_version: str
    partition: int
    intent: Seen | None = None
    beside: tuple[Beside, ...] = ()


class Annotate(Action, frozen=True):
    """Set annotations of an object of ours, or of the resource itself; None takes one away. ``version``: only while the object is as
    the plan saw it."""

    kind: str
    name: str
    uid: str
    values: dict[str, str | None]
    version: str = ""


class NumberRevision(Action, frozen=True):
    """Give a ControllerRevision another number."""

    name: str
    uid: str
    revision: int


class PutOrders(Action, frozen=True):
    """Tell a name server which brokers' queues order topics use (code 100), value by topic; if ``intent``, of the group for which that
    changes, says what it said."""

    address: str
    values: dict[str, str]
    intent: Seen | None = None


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
    """Actions in their order, the status that is true now, what to tell, and when to look again (seconds; None: at the resync).

    ``upgrading``: pods restart only because of an upgrade of the operator, which is staggered over all clusters.
    """

    actions: tuple[Action, ...]
    status: S
    events: tuple[Event, ...] = ()
    requeue: float | None = None
    progress: tuple[Progress, ...] = ()
    upgrading: bool = False
