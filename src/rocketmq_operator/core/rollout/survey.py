"""How each group of a cluster stands to the target, and whether it is well."""

from collections.abc import Mapping
from typing import Any

from .. import names, sizes
from ..build import workload
from ..drift import holds
from ..facts import ClusterSnapshot, ObjectFact
from ..groups.life import Phase
from ..groups.view import GroupView, Views
from ..membership import full_copy
from .content import Content, read
from .diff import Change, Reason, changes, of_cluster
from .live_keys import live
from .standing import Standing, of_workload, retold, started
from .target import KIND, Target

Json = dict[str, Any]


def standings(snapshot: ClusterSnapshot, views: Views, target: Target, now_ms: int) -> dict[int, Standing]:
    """By group, where there is a workload of ours."""
    found = {index: _standing(snapshot, view, target, now_ms) for index, view in views.items()}
    return {index: standing for index, standing in found.items() if standing}


def _standing(snapshot: ClusterSnapshot, view: GroupView, target: Target, now_ms: int) -> Standing | None:
    fact = snapshot.objects.get(("StatefulSet", view.workload))
    if fact is None or fact.owner_uid != snapshot.cluster.metadata.uid:
        return None
    revision = fact.notes.get(names.REVISION_LABEL, "")
    return _made(snapshot, view, fact, revision, _changes(snapshot, view, fact, revision, target), target, now_ms)


def renewed(snapshot: ClusterSnapshot, view: GroupView, standing: Standing, target: Target, now_ms: int) -> Standing:
    """How a group will stand once its template is the target's; as it stands where no new template is due."""
    if not standing.template_due:
        return standing
    fact = retold(standing.workload, starting(snapshot, view, target))
    return _made(snapshot, view, fact, target.revision, [], target, now_ms)


def starting(snapshot: ClusterSnapshot, view: GroupView, target: Target) -> str:
    """The revision that a new template starts pods for: one that pods run already, if the target is a live change away from it.

    So the way back from a change that failed restarts only those that had it.
    """
    for pod in view.pods:
        before = _content(snapshot, pod.revision)
        if before is None or pod.revision == target.revision:
            continue
        if not any(change.restarts for change in _between(snapshot, view, before, target)):
            return pod.revision
    return target.revision


def _made(
    snapshot: ClusterSnapshot,
    view: GroupView,
    fact: ObjectFact,
    revision: str,
    found: list[Change] | None,
    target: Target,
    now_ms: int,
) -> Standing:
    behind = {pod.revision for pod in view.pods} - {started(fact)}
    reasons = {name: _reasons(snapshot, name, target) for name in behind}
    asked = snapshot.cluster.metadata.annotations.get(names.RESTART, "")
    return of_workload(fact, revision, found, view.pods, asked, now_ms, reasons)


def _content(snapshot: ClusterSnapshot, name: str) -> Content | None:
    fact = snapshot.objects.get((KIND, name))
    return read(fact) if fact else None


def _reasons(snapshot: ClusterSnapshot, revision: str, target: Target) -> tuple[str, ...]:
    """Why a pod that was started for a revision is behind."""
    before = _content(snapshot, revision)
    if before is None:
        return (Reason.OPERATOR.value,)
    cluster = snapshot.cluster
    told = changes(of_cluster(cluster, before), of_cluster(cluster, target.content), lambda *_: False)
    return tuple(dict.fromkeys(change.reason.value for change in told)) or (Reason.POD.value,)


def _changes(
    snapshot: ClusterSnapshot, view: GroupView, fact: ObjectFact, revision: str, target: Target
) -> list[Change] | None:
    """From what the group is at to the target; None while no broker says which version it is."""
    if revision == target.revision:
        return []
    before = _content(snapshot, revision)
    if before is None:
        return _unknown(snapshot, view, fact)
    found = _between(snapshot, view, before, target)
    if found and not _versions(snapshot, view) and not any(change.restarts for change in found):
        return None
    return found


def _between(snapshot: ClusterSnapshot, view: GroupView, before: Content, target: Target) -> list[Change]:
    """From a content to the target, for the versions that run in a group."""
    running, cluster = _versions(snapshot, view), snapshot.cluster
    return changes(
        of_cluster(cluster, before),
        of_cluster(cluster, target.content),
        lambda key, value: all(live(key, value, version) for version in running),
    )


def _versions(snapshot: ClusterSnapshot, view: GroupView) -> set[str]:
    return {broker.version for pod in view.pods if (broker := snapshot.brokers.get(pod.name))}


def _unknown(snapshot: ClusterSnapshot, view: GroupView, fact: ObjectFact) -> list[Change]:
    """A workload from before there were revisions: what runs in it is compared itself."""
    template: Json = fact.content().get("spec", {}).get("template", {})
    volumes: list[Json] = template.get("spec", {}).get("volumes", [])
    config = next((each["configMap"]["name"] for each in volumes if each.get("name") == "config"), "")
    wanted = workload.stateful_set(snapshot.cluster, view.index, config, False, 1)["spec"]["template"]
    if holds(wanted["spec"]["containers"], template.get("spec", {}).get("containers")):
        return []
    return [Change(Reason.OPERATOR, "pods whose revision is not known")]


def ills(snapshot: ClusterSnapshot, views: Views, now_ms: int) -> Mapping[int, str]:
    """What is not well, in words, with each group; nothing for those that are whole and open."""
    found = {
        index: "it moves to another node" if view.life.phase is Phase.MOVING else ill(view, snapshot)
        for index, view in views.items()
    }
    return {
        index: words or "it is not open"
        for index, words in found.items()
        if words or not views[index].accepting(now_ms)
    }


def ill(view: GroupView, snapshot: ClusterSnapshot) -> str:
    """Whether each member is ready, answers, is on every name server, and slaves are full copies; empty if all is well."""
    # Those that are held back are not missing: what holds them may be what this rollout restarts.
    count = sizes.decide(snapshot, view.index).replicas
    pods = [pod for pod in view.pods if pod.member < count]
    if len(pods) < count:
        return "a member is missing"
    master = view.fact
    for pod in pods:
        fact = snapshot.brokers.get(pod.name)
        if pod.deleting or not pod.ready or fact is None:
            return f"{pod.name} is not ready"
        if pod.member and master is not None and not full_copy(master, fact):
            return f"{pod.name} does not hold everything yet"
        if not view.on_every_name_server(pod):
            return f"{pod.name} is not registered on every name server"
    return ""
