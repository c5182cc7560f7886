"""When a master may accept messages.

Every master starts fenced (``startAcceptSendRequestTimeStamp``), because one that came back empty or shorter than its
slave acknowledges messages that nobody else holds: the acknowledgement compares offset numbers only (run on 5.4.0).
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from rocketmq_operator.api import BrokerCluster

from . import registration, tails
from .facts import BrokerFact, PodFact, Problem, Registrations, Tail
from .groups.life import Life, Phase
from .members import broker_name

FENCED_FOR_EVER = 4_102_444_800_000
"""1 January 2100, in ms: a fence that only the operator lifts."""

FOLLOW_MS = 60_000
"""How long after its start a master waits for its slaves to connect, and a first one for every name server to list its group.
A broker whose first registration failed tries again 10 s after its start, then every 30 s (BrokerController.start)."""

CONNECT_MS = 15_000
"""A slave learns its master's address when it registers, at its start or 10 s later, and tries to connect every 5 s. Source:
BrokerController.start and HAClient of 4.9.7."""

FALLS_MS = 12_000
"""So long before a fence falls by itself the ends of the logs are compared, whatever else is still waited for: longer than from one look
to the next."""

OPEN = {"brokerPermission": "6", "startAcceptSendRequestTimeStamp": "0"}
FENCE = {"startAcceptSendRequestTimeStamp": str(FENCED_FOR_EVER)}


def closed_since(fact: BrokerFact | None) -> int:
    """When a master was closed because its cluster goes, in ms since 1970; 0 if it was not. That fence itself tells its time."""
    return max(0, fact.accepts_from - FENCED_FOR_EVER) if fact is not None else 0


def started_closed(fact: BrokerFact | None, life: Life, now_ms: int) -> bool:
    """Whether a master has started since its group took messages, and was not opened since. What it lost may be in a slave alone, and only
    the comparison before it opens tells; so until then no slave is removed, and the master is not made to start once more: what was
    stored before its last start would not show it then (found by the simulator)."""
    if fact is None or not life.initialized or fact.accepts_from <= now_ms:
        return False
    if life.phase in (Phase.RESTARTING, Phase.MOVING):
        # Closed by us as well, but not before ``since``.
        return fact.boot > life.since
    return life.phase in (Phase.SERVING, Phase.YIELDING)


class Verdict(Enum):
    """What to do with a master."""

    LEAVE = "leave"
    OPEN = "open"
    FENCE = "fence"


class Decision(msgspec.Struct, frozen=True):
    """A verdict; ``problem`` says what forbids opening, ``waiting`` what is not known yet, ``asks`` names the slaves whose end of the log
    must be compared with their master's before it can be told."""

    verdict: Verdict
    problem: Problem | None = None
    waiting: str = ""
    asks: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """A broker group as the rule sees it: its pods (master first), what they answered, whether it was opened before. ``absent``
    are slaves that have no pod just now, but a volume that may hold more."""

    cluster: BrokerCluster
    index: int
    pods: tuple[PodFact, ...]
    brokers: dict[str, BrokerFact]
    registrations: Registrations
    initialized: bool
    now_ms: int
    absent: tuple[str, ...] = ()
    tails: Mapping[str, Tail] = {}


def decide(group: Group) -> Decision:
    """The rule, in its order: identity, foreign registrations, slaves ahead, slaves unheard, registration, slaves connected,
    slaves that hold other messages."""
    master = next((pod for pod in group.pods if pod.member == 0), None)
    fact = group.brokers.get(master.name) if master else None
    if master is None or fact is None:
        return Decision(Verdict.LEAVE, waiting="its master does not answer yet")
    fenced = fact.accepts_from > group.now_ms or not fact.permission & 2
    problem = _identity(group, fact) or _foreign(group) or _behind(group, fact)
    if problem:
        # A foreign name is no reason to close a master that serves; a slave ahead of it is.
        closes = problem.reason == "MasterBehindSlave" or fenced
        return _closed(fact, problem) if closes else Decision(Verdict.LEAVE, problem)
    if not fenced or (group.cluster.metadata.deletion_timestamp is not None and closed_since(fact)):
        return Decision(Verdict.LEAVE)
    waiting = _unheard(group) or _unregistered(group, master) or _unlisted(group, fact) or _unfollowed(group, fact)
    return _compared(group, fact, waiting)


def _closed(fact: BrokerFact, problem: Problem) -> Decision:
    closed = fact.accepts_from >= FENCED_FOR_EVER
    return Decision(Verdict.LEAVE if closed else Verdict.FENCE, problem)


def _compared(group: Group, fact: BrokerFact, waiting: str) -> Decision:
    """The last question before a master opens, by itself or by us, because it is the only one that costs something. Of one that waits for
    long it is asked all the same: what it waits for may need its restart, and that needs the answer."""
    starting = group.now_ms - fact.boot <= FOLLOW_MS
    if waiting and starting and fact.accepts_from - group.now_ms > FALLS_MS:
        return Decision(Verdict.LEAVE, waiting=waiting)
    slaves = tails.comparable(group.pods, group.brokers, fact) if _may_hold_more(group) else ()
    if problem := tails.differing(slaves, group.tails):
        return _closed(fact, problem)
    unknown = tuple(name for name in slaves if name not in group.tails)
    if unknown and not waiting:
        waiting = f"waits to compare the end of its log with that of {', '.join(unknown)}"
    return Decision(Verdict.LEAVE, waiting=waiting, asks=unknown) if waiting else Decision(Verdict.OPEN)


def _identity(group: Group, fact: BrokerFact) -> Problem | None:
    wanted = (group.cluster.spec.cluster_name, broker_name(group.cluster.spec, group.index), 0)
    found = (fact.cluster, fact.name, fact.broker_id)
    if found == wanted:
        return None
    return Problem(
        "WrongIdentity", f"the master of group {wanted[1]} calls itself {found}, not {wanted}; restart its pod"
    )


def _foreign(group: Group) -> Problem | None:
    return registration.foreign(group.cluster, group.index, group.pods, group.registrations)


def _behind(group: Group, master: BrokerFact) -> Problem | None:
    for pod in group.pods:
        slave = group.brokers.get(pod.name)
        if pod.member and slave and slave.max_offset > master.max_offset:
            return Problem(
                "MasterBehindSlave",
                f"{pod.name} holds messages up to offset {slave.max_offset}, its master only up to {master.max_offset}; the "
                "master stays closed, since opening it would overwrite them. Restore the master's volume, or copy the slave's",
            )
    return None


def _unheard(group: Group) -> str:
    """Slaves whose answer must be awaited: on a first start with fresh volumes none can be ahead, so none is."""
    if not _may_hold_more(group):
        return ""
    missing = [pod.name for pod in group.pods if pod.member and pod.name not in group.brokers] + list(group.absent)
    return f"waiting to hear from {', '.join(missing)}" if missing else ""


def _may_hold_more(group: Group) -> bool:
    adopted = group.cluster.spec.storage is not None and group.cluster.spec.storage.adopt_cluster_uid
    return bool(group.initialized or adopted)


def _unfollowed(group: Group, fact: BrokerFact) -> str:
    """A slave connects some seconds after its master starts; until then each send is stored, but waits in vain for it
    (FLUSH_SLAVE_TIMEOUT after 3 s), or is not waited for at all (SLAVE_NOT_AVAILABLE of 4.x). A slave that never comes keeps
    its master closed for a minute only."""
    if group.now_ms - fact.boot > FOLLOW_MS:
        return ""
    if fact.followers >= 0:
        missing = fact.in_sync - 1 - fact.followers
        return f"waits for {missing} of its slaves to connect" if missing > 0 else ""
    if fact.role != "SYNC_MASTER" or not fact.version.startswith("4."):
        return ""
    # 4.x tells nobody which slaves are connected (no code 907).
    coming = [pod.name for pod in group.pods if pod.member and not _has_connected(group, fact, pod)]
    return f"waits for {', '.join(coming)} to connect" if coming else ""


def _has_connected(group: Group, master: BrokerFact, pod: PodFact) -> bool:
    slave = group.brokers.get(pod.name)
    return slave is not None and group.now_ms - max(slave.boot, master.boot) >= CONNECT_MS


def _unregistered(group: Group, master: PodFact) -> str:
    if registration.registered_on(group.cluster, master, group.registrations):
        return ""
    return "its master is not registered on any name server yet"


def _unlisted(group: Group, fact: BrokerFact) -> str:
    """What any name server that answers does not list yet, before a group's first message: clients ask any one of them, and
    "Ready" promises that it knows every broker. Later one name server is enough: one that was emptied closes nobody."""
    if group.initialized or group.now_ms - fact.boot > FOLLOW_MS:
        return ""
    answering = set(registration.answering(group.registrations))
    for pod in group.pods:
        listed = registration.registered_on(group.cluster, pod, group.registrations)
        if pod.name in group.brokers and (lacking := sorted(answering - set(listed))):
            return f"{pod.name} is not registered on {', '.join(lacking)} yet"
    return ""
