"""What happens in Kubernetes: pods and nodes fail, the API server is bad-tempered, people touch our objects."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rocketmq_operator.core.names import MANAGED_BY
from rocketmq_operator.kube.resources import CONFIG_MAP, PDB, POD, SERVICE, STATEFULSET

from ..world import NAMESPACE, evict
from ..world.nodes import Node
from .event import Event

if TYPE_CHECKING:
    from .history import History

MADE = {each.plural: each for each in (CONFIG_MAP, PDB, SERVICE, STATEFULSET)}


def storm(history: "History") -> bool:
    """Many calls fail for a while."""
    history.kernel.tell("bad weather begins")
    history.world.weather.storm(history.random.uniform(5, 40))
    return True


def compact(history: "History") -> bool:
    """Old versions are forgotten."""
    history.world.api.compact()
    return True


def _pod(history: "History") -> Any:
    pods = [each for each in history.world.kubelets.pods.values() if each.process is not None]
    return history.random.choice(pods) if pods else None


def crash(history: "History") -> bool:
    """A container dies and is started again in place, with a new id."""
    pod = _pod(history)
    if pod is None or not pod.reachable:
        return False
    history.kernel.tell("the container of", pod.name, "dies")
    history.world.kubelets.restart(pod)
    return True


def delete_pod(history: "History") -> bool:
    """Somebody deletes a pod; it comes back with a new address."""
    pod = _pod(history)
    if pod is None:
        return False
    history.kernel.tell("user deletes pod", pod.name)
    history.world.api.delete(POD, pod.key)
    return True


def _node(history: "History", test: Callable[[Node], bool]) -> Node | None:
    found = [each for each in history.world.nodes.all.values() if test(each)]
    return history.random.choice(found) if found else None


def vanish(history: "History") -> bool:
    """A node dies; it comes back some time later."""
    return _lose(history, history.world.nodes.vanish)


def cut(history: "History") -> bool:
    """A node cannot be reached for a while."""
    return _lose(history, history.world.nodes.cut)


def _lose(history: "History", how: Callable[[Node], None]) -> bool:
    # More than one at once would be a power failure, from which nothing can be learnt about rules.
    if not all(each.reachable for each in history.world.nodes.all.values()):
        return False
    node = _node(history, lambda each: each.reachable)
    if node is None:
        return False
    how(node)
    delay = history.random.choice((history.random.uniform(5, 60), history.random.uniform(60, 500)))
    history.kernel.later(delay, history.world.nodes.come_back, node)
    return True


def cordon(history: "History") -> bool:
    """A node takes no new pods, for a while."""
    node = _node(history, lambda each: not history.world.nodes.cordoned(each.name))
    if node is None or sum(history.world.nodes.cordoned(each) for each in history.world.nodes.all) > 1:
        return False
    history.world.nodes.cordon(node.name, True)
    uncordon_later(history, node.name, history.random.uniform(20, 200))
    return True


def uncordon_later(history: "History", node: str, seconds: float) -> None:
    """The node takes pods again some time later."""
    history.kernel.later(seconds, _uncordon, history, node)


def _uncordon(history: "History", name: str) -> None:
    if history.world.nodes.cordoned(name):
        history.world.nodes.cordon(name, False)


def drain(history: "History") -> bool:
    """``kubectl drain``: cordon, then evict one pod after the other, as the budgets allow."""
    if not cordon(history):
        return False
    name = next(each for each in reversed(history.world.nodes.all) if history.world.nodes.cordoned(each))
    begin_drain(history, name)
    return True


def begin_drain(history: "History", node: str) -> None:
    """``kubectl drain`` of one node."""
    if not history.world.nodes.cordoned(node):
        history.world.nodes.cordon(node, True)
    history.kernel.tell("user drains", node)
    history.kernel.later(1.0, _evict_all, history, node, 40)


def _evict_all(history: "History", node: str, tries: int) -> None:
    if not history.world.nodes.cordoned(node) or tries == 0 or history.world.weather.quiet:
        return
    left = False
    for pod in list(history.world.kubelets.pods.values()):
        if pod.node is not None and pod.node.name == node:
            left = True
            answer = evict(history.world.api, pod.key, history.watchdog.eviction)
            history.kernel.count(f"eviction/{answer.partition(' ')[0]}")
            if answer == "evicted":
                history.kernel.tell("drain evicts", pod.name)
    if left:
        history.kernel.later(5.0, _evict_all, history, node, tries - 1)


def touch(history: "History") -> bool:
    """Somebody edits or deletes an object of ours, as people do; StatefulSets apart, whose deletion takes pods away."""
    random, api = history.random, history.world.api
    plural = random.choice(("configmaps", "poddisruptionbudgets", "services"))
    keys = [
        key for key, each in api.all(plural).items()
        if key[0] == NAMESPACE and MANAGED_BY.items() <= each.obj["metadata"].get("labels", {}).items()
    ]  # fmt: skip
    if not keys:
        return False
    key = random.choice(sorted(keys))
    if plural != "configmaps" and random.random() < 0.5:
        history.kernel.tell("user deletes", plural, key[1])
        api.delete(MADE[plural], key)
    else:
        body: dict[str, Any] = {"metadata": {"labels": {"touched": "yes"}, "annotations": {"by": "hand"}}}
        if plural == "services":
            body["spec"] = {"publishNotReadyAddresses": random.random() < 0.5}
        if plural == "poddisruptionbudgets":
            body["spec"] = {"maxUnavailable": random.randint(0, 2)}
        history.kernel.tell("user edits", plural, key[1], body)
        api.patch(MADE[plural], key, body, "merge", None, "kubectl-edit")
    return True


EVENTS = (
    Event("api-storm", 1.5, storm),
    Event("api-compaction", 1.5, compact),
    Event("container-dies", 2.0, crash),
    Event("pod-deleted", 2.0, delete_pod),
    Event("node-dies", 1.0, vanish),
    Event("node-cut-off", 1.0, cut),
    Event("node-cordoned", 1.0, cordon),
    Event("node-drained", 1.0, drain),
    Event("object-touched", 1.0, touch),
)
