"""A StatefulSet that is made anew for bigger volumes keeps its pods, and comes again as it was."""

from typing import Any

import msgspec

from rocketmq_operator.core import names

from ..world import World
from ..world.readiness import up_to_date
from ..world.revisions import name_of
from . import facts

Key = tuple[str, str]


def remade_around_its_pods(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """Before a set goes it is written down what it is to be again; and what comes again makes pods as those are that stayed."""
    if plural != "statefulsets":
        return None
    if verb == "delete" and body.get("propagation") == "Orphan":
        return _goes(world, key, body)
    return _comes(world, key, body) if verb == "create" and world.api.find(plural, key) is None else None


def _goes(world: World, key: Key, body: Any) -> str | None:
    there = world.api.find("statefulsets", key)
    group = facts.group_of(there) if there else None
    metadata = there["metadata"] if there else {}
    current = metadata.get("uid") == body["uid"] and metadata.get("resourceVersion") == body["resourceVersion"]
    if there is None or group is None or not current or metadata.get("deletionTimestamp"):
        return None
    intent = world.api.find("configmaps", (key[0], names.intent(*group))) or {}
    text = intent.get("data", {}).get("workload", "")
    kept = msgspec.json.decode(text) if text else {}
    if kept.get("uid") != metadata["uid"] or _unsized(kept["spec"]) != _unsized(there["spec"]):
        return f"{key[1]} is deleted, and nothing says that it is to be again what it is"
    return _others(world, key, there)


def _comes(world: World, key: Key, body: Any) -> str | None:
    orphans = [name for name, pod in _pods(world, key).items() if not pod["metadata"].get("ownerReferences")]
    if not orphans or facts.group_of(body) is None:
        return None
    return _others(world, key, body)


def _others(world: World, key: Key, obj: Any) -> str | None:
    """Pods that the set would not make as they are, or would take away."""
    newest = name_of(key[1], obj["spec"]["template"])
    for name, pod in _pods(world, key).items():
        if not up_to_date(pod, obj["spec"]["template"], newest, world.oldest):
            return f"{key[1]} is made anew, but {name} is of another template"
        if int(name.rpartition("-")[2]) >= obj["spec"]["replicas"]:
            return f"{key[1]} is made anew without {name}"
    return None


def _pods(world: World, key: Key) -> dict[str, Any]:
    """The pods of a set that are not about to go, whoever owns them."""
    return {
        place[1]: pod.obj
        for place, pod in world.api.all("pods").items()
        if place[0] == key[0]
        and place[1].rpartition("-")[0] == key[1]
        and not pod.obj["metadata"].get("deletionTimestamp")
    }


def _unsized(spec: Any) -> Any:
    return {name: value for name, value in spec.items() if name != "volumeClaimTemplates"}
