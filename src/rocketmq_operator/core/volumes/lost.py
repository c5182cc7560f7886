"""A volume is lost: its PersistentVolume is gone (claim phase ``Lost``), or its claim was deleted and goes with its pod.

A slave is copied anew from its master (``replica.sh``), but only while nothing can be lost by it: its master is open, and so
complete, everybody else of the group is there, and nobody else is being taken. What a master held is never given up here.
"""

from collections.abc import Iterable, Sequence

import msgspec

from .. import sizes
from ..build import storage
from ..facts import ClaimFact, ClusterSnapshot, PodFact, Problem
from ..groups.life import LEAVING_PHASES, Phase
from ..groups.view import GroupView
from ..plan import Action, Apply, Rebuild, Remove, Resize, SetPartition
from ..rollout.template import going_now
from .view import Group


class Decision(msgspec.Struct, frozen=True):
    """At most one slave to rebuild, and a problem for each pod that lost a volume."""

    actions: tuple[Rebuild, ...] = ()
    problems: tuple[Problem, ...] = ()


def decide(
    snapshot: ClusterSnapshot,
    found: Sequence[Group],
    views: dict[int, GroupView],
    others: Iterable[Action],
    now_ms: int,
) -> Decision:
    """What to do about lost volumes; ``others`` are the actions decided before, which may take a member away themselves."""
    touched = _touched(others)
    actions: list[Rebuild] = []
    problems: list[Problem] = []
    for group in found:
        view = views.get(group.index)
        if view is None or view.life.phase in LEAVING_PHASES:
            continue
        for pod in view.pods:
            claims = [each.claim for each in group.volumes if each.pod == pod.name and each.claim.lost]
            if not claims:
                continue
            why = "is its master" if not pod.member else _unsafe(view, group, pod, now_ms)
            if pod.member and not why and not actions and group.workload.name not in touched:
                actions.append(_rebuild(pod, claims))
            problems.append(_problem(snapshot, pod, claims, why))
    return Decision(tuple(actions), tuple(problems))


def _touched(actions: Iterable[Action]) -> set[str]:
    """Workloads that another rule changes, or takes a pod from, in this very plan."""
    found = set()
    for action in actions:
        match action:
            case Remove(kind="Pod", name=name):
                found.add(name.rpartition("-")[0])
            case Apply(obj={"kind": "StatefulSet", "metadata": {"name": str(name)}}):
                found.add(name)
            case Resize(name=name) | SetPartition(name=name):
                found.add(name)
    return found


def _unsafe(view: GroupView, group: Group, pod: PodFact, now_ms: int) -> str:
    """What keeps a slave from being rebuilt now; empty if nothing does."""
    if view.life.phase is not Phase.SERVING or not view.life.initialized:
        return f"{view.name} serves"
    if pod.deleting:
        return "its pod has stopped"
    master, fact = view.fact, view.snapshot.brokers.get(pod.name)
    if master is None or not view.accepting(now_ms):
        return "its master is open"
    if fact is not None and fact.max_offset > master.max_offset:
        return "its master holds as much as it does"
    if any(each.claim.lost for each in group.volumes if each.pod != pod.name):
        return "no other member has lost a volume"
    if not sizes.others_serve(sizes.group_of(view.snapshot, view.index), pod):
        return "all other members are ready"
    if any(going_now(group.workload, each) for each in view.pods if each.name != pod.name):
        # Told before, and perhaps not done yet: views of pods lag.
        return "all other members have restarted"
    return ""


def _rebuild(pod: PodFact, claims: Sequence[ClaimFact]) -> Rebuild:
    names = ", ".join(claim.name for claim in claims)
    message = f"gives {pod.name} new volumes for {names}, which are lost; it is copied anew from its master"
    return Rebuild("SlaveRebuilt", message, pod.name, pod.uid, tuple((claim.name, claim.uid) for claim in claims))


def _problem(snapshot: ClusterSnapshot, pod: PodFact, claims: Sequence[ClaimFact], why: str) -> Problem:
    names = ", ".join(claim.name for claim in claims)
    what = "has lost its PersistentVolume" if claims[0].phase == "Lost" else "is deleted and goes when its pod stops"
    said = f"claim {names} of {pod.name} {what}"
    if pod.member:
        then = f"once {why}" if why else "now"
        return Problem("VolumeLost", f"{said}; the operator makes this slave anew from its master {then}")
    store = storage.store_name(snapshot.cluster.spec)
    if not any(name.startswith(f"{store}-") for name in (claim.name for claim in claims)):
        return Problem("VolumeLost", f"{said}; it holds logs only: delete the claim and the pod for a new one")
    return Problem("VolumeLost", f"{said}; {_master_ways(claims)}")


def _master_ways(claims: Sequence[ClaimFact]) -> str:
    """A master is not rebuilt: only people know what its volume is worth."""
    given_up = "set spec.storage.onLostVolume to StartEmpty to give up what only this volume held"
    if claims[0].phase == "Lost":
        return f"bring the PersistentVolume back, or restore its content into a new claim of that name, or {given_up}"
    keep = f'kubectl patch persistentvolume {claims[0].volume} -p \'{{"spec":{{"persistentVolumeReclaimPolicy":"Retain"}}}}\''
    return f"keep the volume before the pod stops ({keep}) and bind a new claim of that name to it, or {given_up}"
