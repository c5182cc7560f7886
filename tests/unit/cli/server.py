"""An API server that holds what a little world of plans holds, for commands to be run against."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ObjectFact, PodFact
from rocketmq_operator.kube.types import Json
from tests.unit.core.names_world import NamesWorld
from tests.unit.core.rollout.rolling import Rolling
from tests.unit.reconcile.memory import MemoryKube


def of_cluster(world: Rolling) -> MemoryKube:
    """The cluster ``c`` of a world."""
    kube, inner = MemoryKube(), world.world
    kube.put(_resource(inner.cluster))
    _fill(kube, inner.objects.values(), inner.pods.values(), names.cluster_labels("c"))
    return kube


def of_servers(world: NamesWorld) -> MemoryKube:
    """The NameServer ``n`` of a world."""
    kube = MemoryKube()
    kube.put(_resource(world.server))
    _fill(kube, world.objects.values(), world.pods.values(), names.name_server_labels("n"))
    return kube


def _resource(item: BrokerCluster | NameServer) -> Json:
    found: Json = {**msgspec.to_builtins(item), "kind": item.kind, "apiVersion": item.api_version}
    return found


def _fill(kube: MemoryKube, objects: Any, pods: Any, labels: dict[str, str]) -> None:
    for fact in objects:
        kube.put(_object(fact, labels))
    for pod in pods:
        kube.put(_pod(pod, labels))


def _object(fact: ObjectFact, labels: dict[str, str]) -> Json:
    owner = {"kind": "", "name": "", "uid": fact.owner_uid, "controller": True}
    meta = {
        "name": fact.name,
        "namespace": "ns",
        "uid": fact.uid,
        "labels": labels,
        "annotations": dict(fact.notes),
        "ownerReferences": [owner],
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return {"kind": fact.kind, "metadata": meta, **fact.content(), "revision": fact.number}


def _pod(pod: PodFact, labels: dict[str, str]) -> Json:
    meta = {
        "name": pod.name,
        "namespace": "ns",
        "uid": pod.uid,
        "labels": {**labels, names.GROUP_LABEL: str(pod.group)},
        "annotations": {names.REVISION_LABEL: pod.revision},
        "creationTimestamp": datetime.fromtimestamp(pod.created / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    ready = {"type": "Ready", "status": "True" if pod.ready else "False"}
    container = {"containerID": pod.container, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    status = {"podIP": pod.ip, "conditions": [ready], "containerStatuses": [container]}
    return {"kind": "Pod", "metadata": meta, "spec": {}, "status": status}
