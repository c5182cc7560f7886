"""Services and disruption budgets."""

from collections.abc import Mapping
from typing import Any

from .. import names

Json = dict[str, Any]


def headless(
    name: str, labels: Mapping[str, str], selector: Mapping[str, str], ports: Mapping[str, int], *, ready_only: bool
) -> Json:
    """A Service without an address of its own.

    ``ready_only`` for clients; without it addresses are published before a pod is ready, for brokers: they must resolve
    each other to become ready, and an answer must never be a partial list.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": not ready_only,
            "selector": dict(selector),
            "ports": [
                {"name": each, "port": port, "targetPort": port, "protocol": "TCP"} for each, port in ports.items()
            ],
        },
    }


def broker_service(cluster: str) -> Json:
    """The Service that gives brokers their names."""
    ports = {"broker": names.BROKER_PORT, "broker-fast": names.BROKER_FAST_PORT, "ha": names.HA_PORT}
    selector = {names.CLUSTER_LABEL: cluster}
    return headless(names.broker_service(cluster), names.cluster_labels(cluster), selector, ports, ready_only=False)


def budgets(cluster: str, with_slaves: bool, *, masters_move: bool, slaves_stay: bool) -> list[Json]:
    """Masters and slaves in separate budgets that never overlap: an eviction under two budgets fails.

    ``masters_move``: the operator sees cordoned nodes and moves masters itself, so that nobody else may evict one.
    ``slaves_stay``: a master is on the move, so that no slave may go meanwhile.
    """
    budgets = [_budget(cluster, "masters", "In", 0 if masters_move else 1)]
    if with_slaves:
        budgets.append(_budget(cluster, "slaves", "NotIn", 0 if slaves_stay else 1))
    return budgets


def _budget(cluster: str, role: str, operator: str, unavailable: int) -> Json:
    return budget(
        names.budget(cluster, role),
        names.cluster_labels(cluster),
        {
            "matchLabels": {names.CLUSTER_LABEL: cluster},
            "matchExpressions": [{"key": names.POD_INDEX_LABEL, "operator": operator, "values": ["0"]}],
        },
        unavailable,
    )


def budget(name: str, labels: Mapping[str, str], selector: Json, unavailable: int = 1) -> Json:
    """At most so many pods of the selector are evicted at a time; pods that are broken anyway never block a drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {"maxUnavailable": unavailable, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": selector},
    }
