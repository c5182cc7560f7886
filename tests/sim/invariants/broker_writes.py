"""Rules about what brokers and name servers are told. Each gets the request before it takes effect."""

from collections.abc import Callable
from typing import Any

from rocketmq_operator.core import names

from ..world import NAME_SERVER, NAMESPACE, World
from ..world.broker import Broker
from ..world.store import Store
from . import facts
from .copies import more_copies_only_where_there_are
from .leaving import settled
from .phases import LATE_SECONDS, OPEN

Rule = Callable[[World, str, str, Any], str | None]
SEND_FROM = "startAcceptSendRequestTimeStamp"


def _target(world: World, operation: str, address: str) -> Broker | None:
    return world.rocketmq.broker_at(address) if operation == "update_broker_config" else None


def opens(broker: Broker, what: Any) -> bool:
    """Whether a change of its settings lets it take messages."""
    return SEND_FROM in what and int(what[SEND_FROM]) <= broker.kernel.milliseconds()


def opens_only_complete(world: World, operation: str, address: str, what: Any) -> str | None:
    """No master opens that is behind one of its slaves, or holds other messages: it would acknowledge what lies nowhere else, and
    what the slave holds would be lost."""
    broker = _target(world, operation, address)
    if broker is None or not broker.is_master or not opens(broker, what):
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    life = broker.pod.volumes["brokerstore"].stamp[3:]
    for member, volume in facts.volumes(world, cluster, int(group)).items():
        # What a member keeps of an earlier life of its group was read then, or given up.
        store = volume.store if volume.stamp[3:] == life else None
        if member and store is not None and store.max_offset > broker.store.max_offset:
            return f"{broker.pod.name} opens at {broker.store.max_offset}, but member {member} holds up to {store.max_offset}"
        if member and store is not None and not alike(store, broker.store):
            return f"{broker.pod.name} opens, but member {member} holds other messages at the same places of the log"
    return None


def alike(one: Store, other: Store) -> bool:
    """Whether two logs are the same wherever both hold something."""
    begins, ends = max(one.base, other.base), min(one.end, other.end)
    shared = (each.records[begins - each.base : max(begins, ends) - each.base] for each in (one, other))
    return next(shared) == next(shared)


def opens_only_its_own_volume(world: World, operation: str, address: str, what: Any) -> str | None:
    """No master opens on another's volume, or on one of its group's earlier lives."""
    broker = _target(world, operation, address)
    if broker is None or not opens(broker, what):
        return None
    cluster, group, member = broker.pod.name.rsplit("-", 2)
    obj = facts.cluster(world, (broker.pod.key[0], cluster))
    stamp = broker.pod.volumes["brokerstore"].stamp
    data = (world.api.find("configmaps", (broker.pod.key[0], names.intent(cluster, int(group)))) or {}).get("data", {})
    if obj is None or stamp == (obj["metadata"]["uid"], group, member, data.get("life", "1")):
        return None
    return f"{broker.pod.name} opens on a volume of {stamp}"


def told_no_empty_list(world: World, operation: str, address: str, what: Any) -> str | None:
    """No broker is told an empty list of name servers, or one of such as are about to go."""
    broker = _target(world, operation, address)
    if broker is None or "namesrvAddr" not in what:
        return None
    listed = [each for each in what["namesrvAddr"].split(";") if each]
    if not listed:
        return f"{broker.pod.name} is told an empty list of name servers"
    server = facts.name_server(world, (NAMESPACE, NAME_SERVER))
    staying = (
        {names.name_server_workload(NAME_SERVER) + f"-{number}" for number in range(server["spec"]["replicas"])}
        if server
        else set()
    )
    hosts = {each.split(".")[0] for each in listed}
    named = {each for each in hosts if not each.isdecimal()}
    if server and named and not named & staying:
        return f"{broker.pod.name} is told only name servers that are to go: {listed}"
    return None


def closes_only_for_a_reason(world: World, operation: str, address: str, what: Any) -> str | None:
    """A master that serves is fenced only where a slave is ahead of it, where its group is about to change, or before its
    cluster goes. Of one that has just started the process before it may have been seen, which somebody has mended since."""
    broker = _target(world, operation, address)
    if broker is None or int(what.get(SEND_FROM, 0)) <= broker.kernel.milliseconds() or not facts.accepts(broker):
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    if world.phases.lately(broker.pod.key[0], cluster, int(group)) - {"", "Opening"}:
        return None
    obj = facts.cluster(world, (broker.pod.key[0], cluster)) or {"metadata": {"deletionTimestamp": "now"}}
    if obj["metadata"].get("deletionTimestamp"):
        return None
    if broker.boot_ms > broker.kernel.milliseconds() - LATE_SECONDS * 1000:
        return None
    if any(store.max_offset > broker.store.max_offset for store in facts.stores(world, cluster, int(group)).values()):
        return None
    return f"{broker.pod.name} serves and is fenced, though no slave is ahead of it and its group is in no phase"


def opens_only_when_meant(world: World, operation: str, address: str, what: Any) -> str | None:
    """A master is opened only where its group serves or opens: not one that joins, leaves or moves."""
    broker = _target(world, operation, address)
    if broker is None or not broker.is_master or not opens(broker, what):
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    lately = world.phases.lately(broker.pod.key[0], cluster, int(group))
    return None if lately & set(OPEN) else f"{broker.pod.name} is opened while its group is {sorted(lately)}"


def closes_only_with_heirs(world: World, operation: str, address: str, what: Any) -> str | None:
    """A group that leaves is closed for writing only when all its topics are elsewhere, too, or their senders have nowhere to go: on groups
    that stay, or that serve still, as those do that are to leave since a moment ago, and must hand them on themselves."""
    broker = _target(world, operation, address)
    if broker is None or not broker.is_master or what.get("brokerPermission") != "4" or not broker.permission & 2:
        return None
    space, (cluster, group, _) = broker.pod.key[0], broker.pod.name.rsplit("-", 2)
    obj = facts.cluster(world, (space, cluster))
    count = obj["spec"]["groupReplica"] if obj else 0
    if not 0 < count <= int(group) or facts.phase(world, space, cluster, int(group)) != "Closing":
        return None
    heirs = [each for each in range(int(group)) if each < count or not facts.phase(world, space, cluster, each)]
    elsewhere = {name for each in heirs for one in facts.stores(world, cluster, each).values() for name in one.topics}
    sole = sorted(name for name in broker.store.topics if settled(world, name) and name not in elsewhere)
    return f"{broker.pod.name} is closed for writing while {sole} live there alone" if sole else None


BROKER_RULES: tuple[tuple[str, Rule], ...] = (
    ("opens-only-complete", opens_only_complete),
    ("opens-only-its-own-volume", opens_only_its_own_volume),
    ("opens-only-when-meant", opens_only_when_meant),
    ("more-copies-only-where-there-are", more_copies_only_where_there_are),
    ("closes-only-for-a-reason", closes_only_for_a_reason),
    ("told-no-empty-list", told_no_empty_list),
    ("closes-only-with-heirs", closes_only_with_heirs),
)
