"""Users change what runs: images, memory, settings; they ask for restarts, hold rollouts, go back, try one group first."""

from typing import TYPE_CHECKING, Any

from rocketmq_operator.core import names
from rocketmq_operator.kube.resources import POD, STATEFULSET
from rocketmq_operator.kube.types import Resource
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..world import NAME_SERVER, NAMESPACE
from ..world.containers import NOWHERE
from .event import Event
from .events_scaling import CLUSTER
from .events_users import USER, edit

if TYPE_CHECKING:
    from .history import History

NEWER = ("rocketmq:5.3.3", "rocketmq:5.4.0", "rocketmq:5.5.0")
OLDER = ("rocketmq:4.9.7", "rocketmq:4.9.8")
BAD = f"{NOWHERE}/rocketmq:5.4.0"
KINDS = ((CLUSTERS, CLUSTER, "brokerImage"), (NAME_SERVERS, NAME_SERVER, "image"))


def _spec(history: "History", resource: Resource, name: str) -> dict[str, Any]:
    """The spec of one that is not being deleted; empty if there is none."""
    found = history.world.api.find(resource.plural, (NAMESPACE, name))
    return found["spec"] if found and not found["metadata"].get("deletionTimestamp") else {}


def note(history: "History", resource: Resource, name: str, **notes: str | None) -> bool:
    """``kubectl annotate``."""
    found = history.world.api.find(resource.plural, (NAMESPACE, name))
    wanted = {f"{names.OURS}{key.replace('_', '-')}": value for key, value in notes.items()}
    before = (found or {"metadata": {}})["metadata"].get("annotations", {})
    if found is None or all(before.get(key) == value for key, value in wanted.items()):
        return False
    history.kernel.tell("user annotates", resource.kind, name, wanted)
    body = {"metadata": {"annotations": wanted}}
    history.world.api.patch(resource, (NAMESPACE, name), body, "merge", None, USER)
    return True


def _begun(history: "History", done: bool) -> bool:
    """A change often gets time to spread before the next thing happens."""
    if done and history.random.random() < 0.5:
        history.rest = history.random.uniform(10, 90)
        history.rested = lambda: all(_spread(each) for each in _resources(history))
    return done


def _resources(history: "History") -> list[dict[str, Any]]:
    return [each for kind in (CLUSTERS, NAME_SERVERS) for each in history.world.api.objects(kind.plural)]


def _spread(item: dict[str, Any]) -> bool:
    """Whether nothing of a rollout is left to be done, as far as the operator knows."""
    status = item.get("status", {})
    conditions: dict[str, Any] = {each["type"]: each for each in status.get("conditions", ())}
    rolling = conditions.get("RollingOut", {})
    seen = status.get("observedGeneration") == item["metadata"]["generation"]
    return seen and (rolling.get("status") == "False" or rolling.get("reason") in {"Halted", "Paused"})


def _next(history: "History", image: str) -> str:
    """Another image that a user may choose: no step back from 5.x to 4.x."""
    known = NEWER if ":5." in image else (*OLDER, NEWER[1])
    return history.random.choice([each for each in known if each != image])


def image(history: "History") -> bool:
    """Another version; sometimes another one in the middle of it, or back."""
    resource, name, field = history.random.choice((*KINDS, KINDS[0]))
    before = _spec(history, resource, name).get(field, "")
    if not before or not edit(history, resource, name, {field: _next(history, before)}):
        return False
    if history.random.random() < 0.3:
        history.kernel.later(history.random.uniform(5, 90), _another, history, resource, name, field)
    return _begun(history, True)


def _another(history: "History", resource: Resource, name: str, field: str) -> None:
    before = _spec(history, resource, name).get(field, "")
    if before and not history.world.weather.quiet:
        edit(history, resource, name, {field: _next(history, before)})


def bad_image(history: "History") -> bool:
    """An image that nobody has; later somebody notices, or goes back, or the operator does."""
    resource, name, field = history.random.choice((*KINDS, KINDS[0]))
    before = _spec(history, resource, name).get(field, "")
    if not before or before == BAD:
        return False
    if history.random.random() < 0.3:
        edit(history, resource, name, {"rollout": {"autoRollback": True}})
    edit(history, resource, name, {field: BAD})
    good = before if ":5." in before or history.random.random() < 0.7 else NEWER[1]
    history.kernel.later(history.random.uniform(20, 200), correct, history, resource, name, field, good)
    return _begun(history, True)


def correct(history: "History", resource: Resource, name: str, field: str, good: str = NEWER[1]) -> None:
    """The image is set right, if it is still wrong; also of one that is deleted and held, or nobody could ever read it."""
    found = history.world.api.find(resource.plural, (NAMESPACE, name))
    if found and found["spec"].get(field) == BAD:
        edit(history, resource, name, {field: good})


def memory(history: "History") -> bool:
    """More or less memory."""
    size = history.random.choice(("2Gi", "2048Mi", "3Gi", "4Gi"))
    return _begun(history, edit(history, CLUSTERS, CLUSTER, {"limits": {"memory": size}, "requests": {"memory": size}}))


def setting(history: "History") -> bool:
    """A setting that running brokers take, or one that they do not take."""
    key, values = history.random.choice(
        (("maxMessageSize", (1 << 20, 1 << 21)), ("flushIntervalCommitLog", (300, 700)))
    )
    before = _spec(history, CLUSTERS, CLUSTER).get("properties", {})
    value = str(history.random.choice(values))
    if not _spec(history, CLUSTERS, CLUSTER) or before.get(key) == value:
        return False
    return _begun(history, edit(history, CLUSTERS, CLUSTER, {"properties": {**before, key: value}}))


def mode(history: "History") -> bool:
    """SYNC or ASYNC."""
    before = _spec(history, CLUSTERS, CLUSTER).get("replicationMode")
    after = {"SYNC": "ASYNC", "ASYNC": "SYNC"}.get(before or "", "")
    return bool(after) and _begun(history, edit(history, CLUSTERS, CLUSTER, {"replicationMode": after}))


def restart(history: "History") -> bool:
    """``kubectl rocketmq restart``: a cluster, the name servers, a group, a pod."""
    groups = [each["metadata"]["name"] for each in history.world.api.objects("statefulsets")]
    pods = [each["metadata"]["name"] for each in history.world.api.objects("pods")]
    chosen = history.random.choice(
        [(CLUSTERS, CLUSTER), (NAME_SERVERS, NAME_SERVER)]
        + [(STATEFULSET, each) for each in groups if not each.endswith("-ns")]
        + [(POD, each) for each in pods if history.random.random() < 0.5]
    )
    return _begun(history, note(history, *chosen, restart=history.kernel.stamp()))


def hold(history: "History") -> bool:
    """A rollout is paused; some time later it may go on."""
    resource, name, _ = history.random.choice((*KINDS, KINDS[0]))
    if not note(history, resource, name, rollout_paused="true"):
        return False
    history.kernel.later(history.random.uniform(5, 120), resume, history, resource, name)
    return True


def resume(history: "History", resource: Resource, name: str) -> None:
    """It may go on."""
    note(history, resource, name, rollout_paused=None)


def canary(history: "History") -> bool:
    """One group first; the others follow by themselves, or when somebody says so."""
    soak = {"soakSeconds": history.random.choice((10, 30))} if history.random.random() < 0.5 else {}
    rules = {"canary": {"soakSeconds": None, **soak}, "maxUnavailableGroups": history.random.choice((1, 2))}
    if not edit(history, CLUSTERS, CLUSTER, {"rollout": rules}):
        return False
    history.kernel.later(history.random.uniform(60, 200), promote, history)
    return True


def promote(history: "History") -> None:
    """``kubectl rocketmq promote``."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    revision = (found or {}).get("status", {}).get("revision", "")
    if revision:
        note(history, CLUSTERS, CLUSTER, promoted=revision)


def undo(history: "History") -> bool:
    """``kubectl rocketmq rollout undo``: to another revision of the same major version."""
    resource, name, field = history.random.choice((*KINDS, KINDS[0]))
    found = history.world.api.find(resource.plural, (NAMESPACE, name))
    asked = (found or {}).get("status", {}).get("revision", "")
    known = [each for each in history.world.api.objects("controllerrevisions") if _owned(each, found)]
    now = next((each for each in known if each["metadata"]["name"] == asked), None)
    others = [each for each in known if now and each is not now and _major(each, field) == _major(now, field)]
    if not others or found is None or found["metadata"].get("deletionTimestamp"):
        return False
    chosen = history.random.choice(others)["metadata"]["name"]
    return _begun(history, note(history, resource, name, run_revision=f"{asked} {chosen}"))


def _owned(revision: dict[str, Any], item: dict[str, Any] | None) -> bool:
    owners = [each["uid"] for each in revision["metadata"].get("ownerReferences", ())]
    return item is not None and item["metadata"]["uid"] in owners


def _major(revision: dict[str, Any], field: str) -> str:
    image = str(revision["data"]["spec"].get(field, ""))
    return "" if image == BAD else image.rpartition(":")[2][:1]


def settle(history: "History") -> None:
    """The quiet end: images exist, nothing is held or undone, no group is tried first. Nobody asks for automatic rollback any
    more: a pod that finds no node for a moment would take the last change back, and state differ from spec as documented."""
    for resource, name, field in KINDS:
        correct(history, resource, name, field)
        note(history, resource, name, rollout_paused=None, run_revision=None)
        if _spec(history, resource, name).get("rollout", {}).get("autoRollback"):
            edit(history, resource, name, {"rollout": {"autoRollback": False}})
    if _spec(history, CLUSTERS, CLUSTER).get("rollout", {}).get("canary") is not None:
        edit(history, CLUSTERS, CLUSTER, {"rollout": {"canary": None}})


EVENTS = (
    Event("image-changed", 1.5, image),
    Event("image-mistyped", 1.0, bad_image),
    Event("memory-changed", 1.0, memory),
    Event("setting-changed", 1.0, setting),
    Event("replication-mode-changed", 0.4, mode),
    Event("restart-requested", 1.5, restart),
    Event("rollout-paused", 0.7, hold),
    Event("canary-asked-for", 0.5, canary),
    Event("rollout-undone", 0.8, undo),
)
