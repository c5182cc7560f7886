"""Rules about what brokers and name servers are told. Each gets the request before it takes effect."""

from collections.abc import Callable
from typing import Any

from rocketmq_operator.core import names

from ..world import NAME_SERVER, NAMESPACE, World
from ..world.broker import Broker
from . import facts

Rule = Callable[[World, str, str, Any], str | None]
SEND_FROM = "startAcceptSendRequestTimeStamp"


def _target(world: World, operation: str, address: str) -> Broker | None:
    return world.rocketmq.broker_at(address) if operation == "update_broker_config" else None


def opens_only_complete(world: World, operation: str, address: str, what: Any) -> str | None:
    """No master opens that is behind one of its slaves: it would acknowledge messages that lie nowhere else."""
    broker = _target(world, operation, address)
    if broker is None or int(what.get(SEND_FROM, 1)) > broker.kernel.milliseconds() or not broker.is_master:
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    for member, store in facts.stores(world, cluster, int(group)).items():
        if member and store.max_offset > broker.store.max_offset:
            return f"{broker.pod.name} opens at {broker.store.max_offset}, but member {member} holds up to {store.max_offset}"
    return None


def opens_only_its_own_volume(world: World, operation: str, address: str, what: Any) -> str | None:
    """No master opens on another's volume."""
    broker = _target(world, operation, address)
    if broker is None or int(what.get(SEND_FROM, 1)) > broker.kernel.milliseconds():
        return None
    cluster, group, member = broker.pod.name.rsplit("-", 2)
    obj = facts.cluster(world, (broker.pod.key[0], cluster))
    stamp = broker.pod.volumes["brokerstore"].stamp
    if obj is None or stamp[:3] == (obj["metadata"]["uid"], group, member):
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
    """A master that serves is fenced only where a slave is ahead of it, or where its group is about to change."""
    broker = _target(world, operation, address)
    if broker is None or int(what.get(SEND_FROM, 0)) <= broker.kernel.milliseconds() or not facts.accepts(broker):
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    if facts.phase(world, broker.pod.key[0], cluster, int(group)):
        return None
    if any(store.max_offset > broker.store.max_offset for store in facts.stores(world, cluster, int(group)).values()):
        return None
    return f"{broker.pod.name} serves and is fenced, though no slave is ahead of it and its group is in no phase"


BROKER_RULES: tuple[tuple[str, Rule], ...] = (
    ("opens-only-complete", opens_only_complete),
    ("opens-only-its-own-volume", opens_only_its_own_volume),
    ("closes-only-for-a-reason", closes_only_for_a_reason),
    ("told-no-empty-list", told_no_empty_list),
)
