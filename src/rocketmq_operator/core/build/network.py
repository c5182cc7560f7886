"""Services and disruption budgets."""

from collections.abc import Mapping
from functools import lru_cache
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


@lru_cache(maxsize=256)
def broker_service(cluster: str) -> Json:
    """The Service that gives brokers their names."""
    ports = {"broker": names.BROKER_PORT, "broker-fast": names.BROKER_FAST_PORT, "ha": names.HA_PORT}
    selector = {names.CLUSTER_LABEL: cluster}
    return headless(names.broker_service(cluster), names.cluster_labels(cluster), selector, ports, ready_only=False)


def budgets(cluster: str, masters: int, slaves: int, *, masters_move: bool, slaves_stay: bool) -> list[Json]:
    """Masters and slaves in separate budgets that never overlap: an eviction under two budgets fails.

    In absolute numbers: with ``maxUnavailable`` Kubernetes counts all pods of the StatefulSets that a selected pod belongs to,
    selected or not, and would never let a slave go (disruption controller, ``getExpectedScale``).

    ``masters_move``: the operator sees cordoned nodes and moves masters itself, so that nobody else may evict one.
    ``slaves_stay``: a master is on the move or away, so that no slave may go meanwhile.
    """
    found = [_budget(cluster, "masters", "In", masters if masters_move else masters - 1)]
    if slaves:
        found.append(_budget(cluster, "slaves", "NotIn", slaves if slaves_stay else slaves - 1))
    return found


@lru_cache(maxsize=512)
def _budget(cluster: str, role: str, operator: str, available: int) -> Json:
    return budget(
        names.budget(cluster, role),
        names.cluster_labels(cluster),
        {
            "matchLabels": {names.CLUSTER_LABEL: cluster},
            "matchExpressions": [{"key": names.POD_INDEX_LABEL, "operator": operator, "values": ["0"]}],
        },
        {"minAvailable": max(0, available)},
    )


def budget(name: str, labels: Mapping[str, str], selector: Json, rule: Mapping[str, int]) -> Json:
    """How many pods of the selector may be evicted at a time; pods that are broken anyway never block a drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {**rule, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": selector},
    }
