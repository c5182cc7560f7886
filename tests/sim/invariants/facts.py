"""What rules ask the world, by what is true and not by what an operator can see."""

from collections.abc import Iterator
from typing import Any

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..world import World
from ..world.broker import Broker
from ..world.broker_process import STORE_VOLUME
from ..world.store import Store
from ..world.volumes import Volume

Json = dict[str, Any]


def clusters(world: World) -> Iterator[Json]:
    """The BrokerClusters."""
    yield from world.api.objects(CLUSTERS.plural)


def cluster(world: World, key: tuple[str, str]) -> Json | None:
    """One of them."""
    return world.api.find(CLUSTERS.plural, key)


def name_server(world: World, key: tuple[str, str]) -> Json | None:
    """A NameServer."""
    return world.api.find(NAME_SERVERS.plural, key)


def group_of(obj: Json) -> tuple[str, int] | None:
    """The cluster and the group that an object belongs to, by its labels."""
    labels = obj["metadata"].get("labels", {})
    if names.CLUSTER_LABEL in labels and names.GROUP_LABEL in labels:
        return labels[names.CLUSTER_LABEL], int(labels[names.GROUP_LABEL])
    return None


def volumes(world: World, cluster: str, group: int) -> dict[int, Volume]:
    """The volumes of a group's members that still exist, whether a pod uses them or not."""
    prefix = f"{STORE_VOLUME}-{names.workload(cluster, group)}-"
    return {
        int(each.name.removeprefix(prefix)): each
        for each in world.volumes.all.values()
        if each.name.startswith(prefix) and not each.gone
    }


def stores(world: World, cluster: str, group: int) -> dict[int, Store]:
    """Their contents."""
    return {member: each.store for member, each in volumes(world, cluster, group).items() if each.store is not None}


def running(world: World, cluster: str) -> set[int]:
    """The groups that have a StatefulSet, or whose intent says what theirs, which is made anew around its pods, is to be again."""
    sets = (group_of(each) for each in world.api.objects("statefulsets"))
    intents = (
        each["metadata"]["name"] for each in world.api.objects("configmaps") if each.get("data", {}).get("workload")
    )
    again = (name.rsplit("-broker-intent-", 1) for name in intents)
    return {each[1] for each in sets if each and each[0] == cluster} | {
        int(group) for name, group in again if name == cluster
    }


def broker(world: World, cluster: str, group: int, member: int) -> Broker | None:
    """The process of a member, if it runs."""
    for key, pod in world.kubelets.pods.items():
        if key[1] == names.broker_pod(cluster, group, member) and isinstance(pod.process, Broker):
            return pod.process
    return None


def phase(world: World, namespace: str, cluster: str, group: int) -> str:
    """The phase that a group's intent names; empty while it serves."""
    found = world.api.find("configmaps", (namespace, names.intent(cluster, group)))
    return str((found or {}).get("data", {}).get("phase", ""))


def never_open(world: World, namespace: str, group: tuple[str, int] | None) -> bool:
    """Whether a broker group never took a message."""
    intent = world.api.find("configmaps", (namespace, names.intent(*group))) if group else None
    return group is not None and (intent or {}).get("data", {}).get("initialized") != "true"


def accepts(each: Broker) -> bool:
    """Whether a broker takes messages now."""
    return (
        each.listening
        and each.is_master
        and int(each.config.get("startAcceptSendRequestTimeStamp", "0")) <= each.kernel.milliseconds()
    )
