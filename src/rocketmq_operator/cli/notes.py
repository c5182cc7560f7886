"""Annotations by which people tell the operator what to do."""

from collections.abc import Mapping

import msgspec

from rocketmq_operator.core import names
from rocketmq_operator.core.rollout.preview import Preview
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref

from .observe import Item, Seen


async def annotate(kube: Kube, ref: Ref, uid: str, notes: Mapping[str, str | None]) -> None:
    """Write annotations, or take them away (None), on the very object that was looked at: Conflict if it is another now."""
    await kube.patch(ref, {"metadata": {"uid": uid, "annotations": dict(notes)}})


def noted(item: Item, notes: Mapping[str, str | None]) -> Item:
    """The resource as it will be with these annotations."""
    kept = {**item.metadata.annotations, **notes}
    annotations = {name: text for name, text in kept.items() if text is not None}
    return msgspec.structs.replace(item, metadata=msgspec.structs.replace(item.metadata, annotations=annotations))


def with_pod_asked(seen: Seen, name: str, at: str) -> Seen:
    """The look as it will be when a pod is asked to restart."""
    snapshot = seen.snapshot
    found = tuple(msgspec.structs.replace(pod, restart=at) if pod.name == name else pod for pod in snapshot.pods)
    return msgspec.structs.replace(seen, snapshot=msgspec.structs.replace(snapshot, pods=found))


def with_group_asked(seen: Seen, workload: str, at: str) -> Seen:
    """The look as it will be when a group is asked to restart."""
    snapshot, key = seen.snapshot, ("StatefulSet", workload)
    fact = snapshot.objects[key]
    asked = msgspec.structs.replace(fact, notes={**fact.notes, names.RESTART: at})
    return msgspec.structs.replace(
        seen, snapshot=msgspec.structs.replace(snapshot, objects={**snapshot.objects, key: asked})
    )


def order(found: Preview) -> str:
    """In which order pods restart, in a sentence."""
    if not found.restarts:
        return "no pod restarts"
    return f"restarts, in this order: {', '.join(each.pod for each in found.restarts)}"
