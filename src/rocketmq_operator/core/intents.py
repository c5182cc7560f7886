"""What a restarting broker must know now (permission, name servers, whether its group was ever opened), and which groups there are."""

from collections.abc import Mapping
from typing import Any

from . import names, sizes
from .build import config
from .facts import ClusterSnapshot, ObjectFact
from .intent_data import data_of

Json = dict[str, Any]


def initialized(snapshot: ClusterSnapshot, group: int) -> bool:
    """Whether a group was ever opened: its intent says so, or, if that was deleted, the status."""
    if (data_of(snapshot, group) or {}).get("initialized") == "true":
        return True
    groups = snapshot.cluster.status.broker_groups if snapshot.cluster.status else []
    return any(each.index == group and each.initialized for each in groups)


def intent(snapshot: ClusterSnapshot, group: int, opened: bool) -> Json:
    """The intent of a group as it should be now; name servers that cannot be told keep the last known list."""
    before = data_of(snapshot, group) or {}
    servers = snapshot.name_servers
    known = bool(servers.dns or servers.addresses)
    data = {
        **sizes.intended(snapshot, group),
        "brokerPermission": before.get("brokerPermission", "6"),
        "initialized": "true" if opened else "false",
        "nameServers": ";".join(servers.addresses) if known else before.get("nameServers", ""),
        "nameServersDns": servers.dns if known else before.get("nameServersDns", ""),
    }
    return config.intent_map(snapshot.cluster.metadata.name, group, data)


def told(cluster: str, there: Mapping[tuple[str, str], ObjectFact]) -> frozenset[str]:
    """Every name server in a list that a broker of the cluster starts with."""
    kept = (fact.content().get("data", {}) for (kind, name), fact in there.items() if _is_intent(cluster, kind, name))
    return frozenset(address for data in kept for address in data.get("nameServers", "").split(";") if address)


def _is_intent(cluster: str, kind: str, name: str) -> bool:
    return kind == "ConfigMap" and name.startswith(names.intent(cluster, 0).removesuffix("0"))


def existing(snapshot: ClusterSnapshot) -> list[int]:
    """Groups that have a StatefulSet."""
    name = snapshot.cluster.metadata.name
    numbers = (each.removeprefix(f"{name}-") for kind, each in snapshot.objects if kind == "StatefulSet")
    return sorted(int(number) for number in numbers if number.isdecimal())


def startable(snapshot: ClusterSnapshot) -> list[int]:
    """Groups that the spec asks for and that may be started.

    While nothing was opened yet, all of them. Later only those that were part of the cluster from the start: a group
    that joins a cluster with messages needs topics, consumer groups and first offsets before it may open.
    """
    wanted = range(snapshot.cluster.spec.group_replica)
    if not any(initialized(snapshot, group) for group in {*wanted, *existing(snapshot)}):
        return list(wanted)
    return [group for group in wanted if data_of(snapshot, group) is not None or initialized(snapshot, group)]


def groups(snapshot: ClusterSnapshot) -> list[int]:
    """Groups that are looked after: startable ones, and those that run although the spec no longer asks for them."""
    return sorted({*startable(snapshot), *existing(snapshot)})
