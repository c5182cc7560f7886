"""What leaving, draining and moving share: the groups around, the change of a running master, the spec's rules."""

from collections.abc import Iterable

import msgspec

from rocketmq_operator.api.scaling import ScaleDown

from ..plan import Configure, WipeWritePermission
from ..registration import answering
from . import copying
from .data import BrokerData
from .life import OVER, Life, Phase
from .topics import copied
from .view import GroupView, data_of

CLOSE = {"brokerPermission": "4"}
KEEP_HOURS = 24 * 365
"""``fileReservedTime`` of a group that is being drained: RocketMQ deletes old files, read or not."""

LOOK_SECONDS = 3.0

ADDRESS_SECONDS = 60.0
"""So long clients may look for a broker where its former pod was: brokers register under names, a cluster's DNS caches an answer for up
to 30 s (CoreDNS, plugin *cache*), and Java for 30 s more (``networkaddress.cache.ttl``). Whatever is sent there waits 3 s in vain,
and ordered sends are not tried again (run on 5.4.0)."""

UNTOLD = "untold"
"""Noted in a life's ``reading``: some name server still hands out the old routes."""


class Circle(msgspec.Struct, frozen=True):
    """The groups around the one that leaves: those that go with it, those that stay (open and registered everywhere), and those
    that know who reads what: all that stay and were ever open, whether or not they serve just now."""

    leaving: tuple[GroupView, ...]
    staying: tuple[GroupView, ...]
    knowing: tuple[GroupView, ...]
    own: frozenset[str]
    now_ms: int

    def going(self) -> list[GroupView]:
        """Groups that leave and are still to be read: they, too, know who reads what."""
        return [each for each in self.leaving if each.exists and each.life.initialized and each.life.phase not in OVER]

    def leaving_data(self) -> list[BrokerData]:
        """What the masters of leaving groups hold, as far as they answer."""
        return [view.data for view in self.leaving if view.data is not None]


def rules(view: GroupView) -> ScaleDown:
    """The spec's rules for leaving, or the defaults."""
    return view.cluster.spec.scale_down or ScaleDown()


def kept(view: GroupView, values: dict[str, str]) -> dict[str, str]:
    """The change, and old files kept as long as somebody may still read them."""
    fact = view.fact
    kept = fact is None or fact.file_reserved >= KEEP_HOURS
    return values if kept else {**values, "fileReservedTime": str(KEEP_HOURS)}


def configure(view: GroupView, reason: str, message: str, values: dict[str, str]) -> Configure:
    """A change of the running master."""
    assert view.master is not None
    return Configure(reason, message, view.address, view.master.name, values)


def hidden(view: GroupView) -> tuple[WipeWritePermission, ...]:
    """A group out of the routes for writing on every name server that answers (205); told again at each look, for a name server
    forgets it when it restarts, or when a topic changes."""
    return tuple(
        WipeWritePermission("", f"took {view.name} out of the routes for writing", server, view.name)
        for server in answering(view.snapshot.registrations)
    )


def untold(life: Life, now_ms: int) -> Life:
    """Clients of a name server that was not told, or that starts again, have all their time still before them. Noted once: to move
    ``since`` at each look would be a write for each, and every write wakes the next look."""
    return life if life.reading == UNTOLD else msgspec.structs.replace(life, since=now_ms, reading=UNTOLD)


def told(life: Life, now_ms: int) -> Life:
    """All name servers know it: if that was not so before, the time of their clients begins now."""
    return msgspec.structs.replace(life, since=now_ms, reading="") if life.reading == UNTOLD else life


def clients_left(view: GroupView, life: Life, circle: Circle) -> float:
    """Seconds until clients have looked up their routes again since ``life.since``; none or less: they have."""
    return (life.since - circle.now_ms) / 1000 + rules(view).close_seconds


def elsewhere(view: GroupView, circle: Circle) -> bool:
    """Whether another group takes messages meanwhile, for certain: it answers, and is registered everywhere."""
    return any(each.index != view.index for each in circle.staying)


def _serves(view: GroupView, now_ms: int) -> bool:
    """Whether a group takes messages as far as anybody knows: one lost answer, or a name server that restarts, says nothing (without
    the only one that runs all pods are unready, and clients go on with the routes they have)."""
    if view.life.phase is not Phase.SERVING or view.master is None or view.master.deleting:
        return False
    return view.master.ready if view.fact is None else view.accepting(now_ms)


def others_serve(view: GroupView, groups: Iterable[GroupView], now_ms: int) -> bool:
    """Whether another one of these groups takes messages meanwhile, as far as anybody knows."""
    return any(other.index != view.index and _serves(other, now_ms) for other in groups)


def address_left(view: GroupView, circle: Circle) -> float:
    """Seconds until no client looks for a group's master at the address of its former pod, which was taken since the group was closed;
    none or less: it may open. Where no other group takes messages (one that is to leave does until it is closed) it opens when it
    answers; what others do before that says nothing of the moment when it could open."""
    master = view.master
    if master is None:
        return ADDRESS_SECONDS
    alone = not others_serve(view, (*circle.knowing, *circle.leaving), circle.now_ms)
    if not view.came_since or (view.fact is not None and alone):
        return 0.0
    return ADDRESS_SECONDS + (master.created - circle.now_ms) / 1000


def lives_here_alone(view: GroupView, circle: Circle) -> str:
    """What a group that leaves waits for as long as something lives on it that those that stay do not have."""
    leaving, staying = circle.leaving_data(), data_of(circle.staying)
    if view.data is None or staying is None:
        return "waits for an answer of every master"
    for other, data in zip(circle.staying, staying, strict=True):
        if copying.for_staying(leaving, staying, data, circle.own):
            return f"waits until {other.name} has what lives here alone"
    if not staying and any(copied(topic, circle.own) for topic in view.data.topics):
        return "waits: no group that stays is open yet"
    return ""
