"""Users scale: groups, members, name servers, up and down and back midway; they say what may be given up; they delete."""

from typing import TYPE_CHECKING, Any

from rocketmq_operator.core.names import DELETE_UNCONSUMED
from rocketmq_operator.kube.types import Resource
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..world import NAME_SERVER, NAMESPACE
from .event import Event
from .events_users import USER, edit

if TYPE_CHECKING:
    from .history import History

CLUSTER = "c"


def scale(history: "History", resource: Resource, name: str, field: str, most: int) -> bool:
    """To another number, by ``kubectl scale`` or an edit; often back again midway."""
    found = history.world.api.find(resource.plural, (NAMESPACE, name))
    if found is None or found["metadata"].get("deletionTimestamp"):
        return False
    before = found["spec"][field]
    after = history.random.choice([each for each in range(1, most + 1) if each != before])
    scale_to(history, resource, name, field, after)
    if history.random.random() < 0.3:
        history.kernel.later(history.random.uniform(1, 120), scale_to, history, resource, name, field, before)
    return True


def scale_to(history: "History", resource: Resource, name: str, field: str, number: int) -> None:
    """To that number, unless it is that already or all is quiet."""
    key = (NAMESPACE, name)
    found = history.world.api.find(resource.plural, key)
    if found is None or found["spec"][field] == number or history.world.weather.quiet:
        return
    history.kernel.tell("user scales", name, field, found["spec"][field], "to", number)
    if field == "membersPerGroup" or history.random.random() < 0.5:
        history.world.api.patch(resource, key, {"spec": {field: number}}, "merge", None, USER)
    else:
        history.world.api.patch(resource, key, {"spec": {"replicas": number}}, "merge", "scale", USER)


def groups(history: "History") -> bool:
    """Broker groups come and go."""
    return scale(history, CLUSTERS, CLUSTER, "groupReplica", 3)


def members(history: "History") -> bool:
    """Slaves come and go."""
    return scale(history, CLUSTERS, CLUSTER, "membersPerGroup", 3)


def name_servers(history: "History") -> bool:
    """Name servers come and go."""
    return scale(history, NAME_SERVERS, NAME_SERVER, "replicas", 3)


def force(history: "History") -> bool:
    """A group may go with what is in it, after a while; some time later the user thinks better of it."""
    group = f"broker-{history.random.randint(1, 2)}"
    rules: dict[str, Any] = {"timeoutSeconds": history.random.choice((10, 60)), "onTimeout": "Force", "force": [group]}
    if not edit(history, CLUSTERS, CLUSTER, {"scaleDown": rules}):
        return False
    mild = {"scaleDown": {"onTimeout": "Block", "force": []}}
    history.kernel.later(history.random.uniform(20, 200), edit, history, CLUSTERS, CLUSTER, mild)
    return True


def time_out(history: "History") -> bool:
    """A time-out that blocks."""
    return edit(history, CLUSTERS, CLUSTER, {"scaleDown": {"timeoutSeconds": 10}})


def discard(history: "History") -> bool:
    """The messages of a topic on leaving groups may go."""
    topics = sorted({topic for each in history.world.clients.consumers.values() for topic in each.topics})
    if not topics:
        return False
    chosen = history.random.choice([*topics, *history.silent]) if history.silent else history.random.choice(topics)
    if not edit(history, CLUSTERS, CLUSTER, {"scaleDown": {"discardTopics": [chosen]}}):
        return False
    history.kernel.later(history.random.uniform(20, 150), keep, history)
    return True


def keep(history: "History") -> None:
    """No topic may go any more."""
    if not history.world.weather.quiet:
        edit(history, CLUSTERS, CLUSTER, {"scaleDown": {"discardTopics": []}})


def delete_cluster(history: "History") -> bool:
    """The cluster is deleted, late in the history; producers stop before, as they should. Perhaps it may go with all in it."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    if found is None or history.events < 35 or found["metadata"].get("deletionTimestamp"):
        return False
    history.world.clients.ended = True
    history.kernel.later(history.random.uniform(5, 30), delete_now, history, history.random.random() < 0.4)
    return True


def delete_now(history: "History", given_up: bool = False) -> None:
    """``kubectl delete``."""
    if not history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER)):
        return
    # In the quiet end nobody will ever read the silent topics, and somebody says so.
    given_up = given_up or (history.world.weather.quiet and bool(history.silent))
    if given_up:
        annotate(history)
    history.kernel.tell("user deletes the cluster", "with what is in it" if given_up else "")
    history.world.api.delete(CLUSTERS, (NAMESPACE, CLUSTER))


def annotate(history: "History") -> None:
    """Whatever is in the cluster may go with it."""
    body = {"metadata": {"annotations": {DELETE_UNCONSUMED: "true"}}}
    history.world.api.patch(CLUSTERS, (NAMESPACE, CLUSTER), body, "merge", None, USER)


EVENTS = (
    Event("groups-scaled", 3.0, groups),
    Event("members-scaled", 2.0, members),
    Event("name-servers-scaled", 1.5, name_servers),
    Event("force-named", 0.5, force),
    Event("drain-timeout-set", 0.4, time_out),
    Event("topic-discarded", 0.4, discard),
    Event("cluster-deleted", 0.5, delete_cluster),
)
