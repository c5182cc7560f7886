"""A StatefulSet is made anew around its running pods, because Kubernetes changes no claim template.

What it is to be again is written into the group's intent first: the set as it is now, with bigger sizes and nothing else
different, so that a pod that comes back comes back as it was. Then it is deleted and leaves its pods (``Orphan``; the API server
takes a moment for that), then created from what was written; its controller takes the pods as they are. The operator may die
between any two of these steps.
"""

from typing import Any

import msgspec

from .. import names, sizes
from ..build.workload import HELD_PARTITION
from ..drift import with_sizes
from ..facts import ClusterSnapshot, ObjectFact, PodFact
from ..groups.life import LEAVING_PHASES, OVER, Life, Phase
from ..groups.view import GroupView
from ..intent_data import data_of, seen
from ..members import existing
from ..objects import Owner, referenced
from ..plan import Create, Orphan, Seen
from ..registration import pods_of
from ..rollout.template import started, template_format
from .view import Group, group

Json = dict[str, Any]
KEY = "workload"


class Kept(msgspec.Struct, frozen=True):
    """The set that went (its ``uid``), and what it is to be again: our annotations and its spec."""

    uid: str
    notes: dict[str, str]
    spec: Json


def kept(snapshot: ClusterSnapshot, index: int) -> Kept | None:
    """What a group's intent says of a set that is made anew; None if it says nothing."""
    text = (data_of(snapshot, index) or {}).get(KEY, "")
    try:
        return msgspec.json.decode(text, type=Kept) if text else None
    except msgspec.MsgspecError:
        return None


def intended(snapshot: ClusterSnapshot, index: int, life: Life) -> dict[str, str]:
    """The part of a group's intent that speaks of it; nothing in everyday life."""
    said = (data_of(snapshot, index) or {}).get(KEY, "")
    there = group(snapshot, index) if snapshot.claims else None
    if there is None or there.workload.deleting:
        return {KEY: said} if said and life.phase not in OVER else {}
    before = kept(snapshot, index)
    made = before is not None and before.uid != there.workload.uid
    bigger = {} if made or life.phase in LEAVING_PHASES else _grown(there)
    if not bigger or (before is None and (unsettled(snapshot, index, life) or _elsewhere(snapshot, index))):
        return {}
    return {KEY: _written(there.workload, bigger)}


def _written(workload: ObjectFact, bigger: dict[str, str]) -> str:
    was = {"spec": workload.content()["spec"]}
    now = {each["metadata"]["name"]: each["spec"] for each in was["spec"]["volumeClaimTemplates"]}
    all_sizes = {name: spec["resources"]["requests"]["storage"] for name, spec in now.items()}
    spec = with_sizes(was, {**all_sizes, **bigger})["spec"]
    return msgspec.json.encode(Kept(workload.uid, dict(workload.notes), spec), order="deterministic").decode()


def _grown(there: Group) -> dict[str, str]:
    """The sizes for new templates, once every volume of the group has them."""
    bigger = there.outgrown()
    return bigger if there.complete and all(each.grown for each in there.volumes) else {}


def _elsewhere(snapshot: ClusterSnapshot, index: int) -> bool:
    """Whether another group's set is made anew: one group at a time."""
    return any(other != index and (data_of(snapshot, other) or {}).get(KEY) for other in _indexes(snapshot))


def _indexes(snapshot: ClusterSnapshot) -> list[int]:
    """Groups that the spec asks for or that have a set."""
    return sorted({*range(snapshot.cluster.spec.group_replica), *existing(snapshot)})


def unsettled(snapshot: ClusterSnapshot, index: int, life: Life) -> str:
    """Why a group's set must not be replaced now; empty if nothing is on its way in it.

    The one place for that question. A set whose pods are being replaced must not be: the new one takes its template for what
    has always run, and gives it to every pod that comes back.
    """
    if life.phase is not Phase.SERVING or not life.initialized or index >= snapshot.cluster.spec.group_replica:
        return "it comes, goes or moves"
    members = sizes.group_of(snapshot, index)
    decision = sizes.decide(snapshot, index)
    if members.replicas != decision.replicas or decision.waiting or decision.pending:
        return "its members change"
    pods = pods_of(snapshot.pods, index)
    if len(pods) != members.replicas or not all(pod.ready and not pod.deleting for pod in pods):
        return "not all its members are ready"
    there = group(snapshot, index)
    rolling = there.workload.content()["spec"].get("updateStrategy", {}).get("rollingUpdate", {}) if there else {}
    behind = there is None or any(_behind(snapshot, there.workload, pod) for pod in pods)
    return "its pods are being replaced" if behind or rolling.get("partition") != HELD_PARTITION else ""


def _behind(snapshot: ClusterSnapshot, workload: ObjectFact, pod: PodFact) -> bool:
    """Whether a pod has to get the template of now, or may have to: what a newer operator built a template for, only it knows."""
    ours, built = snapshot.release, template_format(workload)
    return (
        pod.revision != started(workload) or pod.format < ours.oldest or (pod.format != built and built > ours.format)
    )


def release(snapshot: ClusterSnapshot, view: GroupView) -> Orphan | None:
    """Delete the old set, once what it is to be again was read back from the intent; the first such group only."""
    before, there = kept(snapshot, view.index), group(snapshot, view.index)
    if before is None or there is None or there.workload.deleting or before.uid != there.workload.uid:
        return None
    if {KEY: (data_of(snapshot, view.index) or {})[KEY]} != intended(snapshot, view.index, view.life):
        return None
    if unsettled(snapshot, view.index, view.life) or _elsewhere_first(snapshot, view.index):
        return None
    changes = ", ".join(f"{name} {there.templates[name].size} → {size}" for name, size in sorted(_grown(there).items()))
    message = f"volumes of {there.name} have grown ({changes}); its StatefulSet is made anew around its running pods"
    # An intent that was written since may say something else: the group leaves, and what its set is to be again is forgotten.
    intent = seen(snapshot, view.index)
    return Orphan(
        "VolumeResized", message, there.workload.name, there.workload.uid, there.workload.resource_version, intent
    )


def _elsewhere_first(snapshot: ClusterSnapshot, index: int) -> bool:
    """Whether another set is on its way, or another group goes first."""
    for other in _indexes(snapshot):
        before = kept(snapshot, other) if other != index else None
        if before is None:
            continue
        there = group(snapshot, other)
        if other < index or there is None or there.workload.deleting:
            return True
    return False


def begun(view: GroupView) -> bool:
    """Whether a group's set goes, or may be told to at any moment: until it has come again none of its pods is taken."""
    return kept(view.snapshot, view.index) is not None and not unsettled(view.snapshot, view.index, view.life)


def gone(snapshot: ClusterSnapshot, index: int) -> bool:
    """Whether a group's set went and is to come again."""
    return _set(snapshot, index) is None and kept(snapshot, index) is not None


def away(snapshot: ClusterSnapshot, index: int) -> bool:
    """Whether a group's set is on its way: while it is deleted its pods lose their owner, and they have none until it has come again."""
    there = _set(snapshot, index)
    return (there is None or there.deleting) and kept(snapshot, index) is not None


def meant(snapshot: ClusterSnapshot) -> tuple[Seen, ...]:
    """The sets that are to be made anew, as they are: one may have been deleted since, and its pods have no owner."""
    sets = [_set(snapshot, index) for index in _indexes(snapshot) if kept(snapshot, index) is not None]
    return tuple(Seen(each.name, each.resource_version, each.kind) for each in sets if each is not None)


def _set(snapshot: ClusterSnapshot, index: int) -> ObjectFact | None:
    return snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, index)))


def restore(snapshot: ClusterSnapshot, index: int, life: Life, owner: Owner) -> Create | None:
    """Create the set again, whatever else goes on: without it nobody replaces a pod that is lost."""
    before = kept(snapshot, index)
    if before is None or life.phase in OVER or not gone(snapshot, index):
        return None
    cluster = snapshot.cluster.metadata.name
    name = names.workload(cluster, index)
    metadata = {
        "name": name,
        "labels": names.group_labels(cluster, index),
        "annotations": before.notes,
    }
    obj = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": before.spec}
    message = f"made StatefulSet {name} anew around its running pods"
    return Create("StatefulSetCreated", message, referenced(obj, owner))
