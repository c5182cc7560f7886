"""What users ask of the operator, and how they change their minds."""

from typing import TYPE_CHECKING, Any

from rocketmq_operator.kube.types import Resource
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..world import NAMESPACE
from .event import Event

if TYPE_CHECKING:
    from .history import History

USER = "kubectl"


def edit(history: "History", resource: Resource, name: str, spec: dict[str, Any]) -> bool:
    """``kubectl edit``; False where there is nothing to edit."""
    key = (NAMESPACE, name)
    found = history.world.api.find(resource.plural, key)
    if found is None or spec.items() <= found["spec"].items():
        return False
    history.kernel.tell("user edits", resource.kind, name, spec)
    history.world.api.patch(resource, key, {"spec": spec}, "merge", None, USER)
    return True


def pause(history: "History") -> bool:
    """spec.paused, for a while."""
    if not edit(history, CLUSTERS, "c", {"paused": True}):
        return False
    history.kernel.later(history.random.uniform(5, 60), edit, history, CLUSTERS, "c", {"paused": False})
    return True


def labels(history: "History") -> bool:
    """An edit that means nothing to the operator."""
    body = {"metadata": {"labels": {"team": f"team-{history.random.randint(0, 9)}"}}}
    resource, name = history.random.choice(((CLUSTERS, "c"), (NAME_SERVERS, "names")))
    if history.world.api.find(resource.plural, (NAMESPACE, name)) is None:
        return False
    history.world.api.patch(resource, (NAMESPACE, name), body, "merge", None, USER)
    return True


EVENTS = (
    Event("cluster-paused", 0.5, pause),
    Event("labels-edited", 0.3, labels),
)
