"""How each group of a cluster stands to the target, and whether it is well."""

from collections.abc import Mapping

from .. import names, sizes
from ..build import workload
from ..facts import ClusterSnapshot, ObjectFact
from ..groups.life import Phase
from ..groups.view import GroupView, Views
from ..membership import full_copy
from ..memo import Memo
from . import compare
from .compare import content_of
from .content import Content
from .diff import Change, changes, of_cluster
from .live_keys import live
from .requests import come
from .standing import Standing, of_workload
from .target import KIND, Target
from .template import retold, started
from .told import again, running

_kept: Memo[Standing] = Memo(4096)
_told: Memo[tuple[str, ...]] = Memo(4096)
"""Comparing what would be built is most of the work of a rollout, and between two looks nothing of it changes."""


def standings(snapshot: ClusterSnapshot, views: Views, target: Target, now_ms: int) -> dict[int, Standing]:
    """By group, where there is a workload of ours."""
    found = {index: _standing(snapshot, view, target, now_ms) for index, view in views.items()}
    return {index: standing for index, standing in found.items() if standing}


def _standing(snapshot: ClusterSnapshot, view: GroupView, target: Target, now_ms: int) -> Standing | None:
    fact = snapshot.objects.get(("StatefulSet", view.workload))
    if fact is None or fact.owner_uid != snapshot.cluster.metadata.uid:
        return None
    times = come(fact, view.pods, snapshot.cluster.metadata.annotations.get(names.RESTART, ""), now_ms)
    return snapshot.known(
        ("standing", view.index, target.revision, times),
        lambda: _as_before(snapshot, view, fact, target, times, now_ms),
    )


def _as_before(
    snapshot: ClusterSnapshot, view: GroupView, fact: ObjectFact, target: Target, times: tuple[str, ...], now_ms: int
) -> Standing:
    """The one of an earlier look if nothing that it follows from has changed."""
    meta, revision = snapshot.cluster.metadata, fact.notes.get(names.REVISION_LABEL, "")
    inputs = (
        meta.name,
        snapshot.cluster.spec,
        meta.annotations.get(names.RESTART, ""),
        fact,
        view.pods,
        [
            snapshot.objects.get((KIND, name))
            for name in (revision, *(running(fact, pod.revision) for pod in view.pods))
        ],
        _versions(snapshot, view),
        target,
        times,
        snapshot.release,
    )
    return _kept.get(
        (meta.uid, view.index),
        inputs,
        lambda: _made(snapshot, view, fact, revision, _changes(snapshot, view, fact, revision, target), target, now_ms),
    )


def renewed(snapshot: ClusterSnapshot, view: GroupView, standing: Standing, target: Target, now_ms: int) -> Standing:
    """How a group will stand once its template is the target's; as it stands where no new template is due."""
    if not standing.template_due:
        return standing
    started_for = starting(snapshot, view, standing.workload, target)
    fact = retold(standing.workload, started_for, snapshot.release.format)
    return _made(snapshot, view, fact, target.revision, [], target, now_ms)


def starting(snapshot: ClusterSnapshot, view: GroupView, workload: ObjectFact, target: Target) -> str:
    """What a new template starts pods for: a revision that pods run already, if the target is a live change away from it.

    So the way back from a change that failed restarts only those that had it. Pods that were started for the target, and
    told since what it does not say, keep that until they restart: the template is to be another one than theirs. What is live depends on the version: where nobody says which one runs, nothing is.
    """
    known = bool(_versions(snapshot, view))
    for pod in view.pods:
        before = content_of(snapshot.objects, running(workload, pod.revision))
        found = None if before is None else _between(snapshot, view, before, target)
        if found == [] or (found and known and not any(change.restarts for change in found)):
            return pod.revision
    if any(pod.revision == target.revision for pod in view.pods):
        return again(target.revision, workload)
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
    reasons = {name: _reasons(snapshot, running(fact, name), target) for name in behind}
    asked = snapshot.cluster.metadata.annotations.get(names.RESTART, "")
    return of_workload(fact, revision, found, view.pods, asked, now_ms, reasons, snapshot.release)


def _reasons(snapshot: ClusterSnapshot, revision: str, target: Target) -> tuple[str, ...]:
    """Why a pod that runs a revision is behind the target."""
    meta = snapshot.cluster.metadata
    return _told.get(
        (meta.uid, revision),
        (meta.name, snapshot.cluster.spec, snapshot.objects.get((KIND, revision)), target),
        lambda: compare.why(snapshot.objects, revision, target, _build(snapshot)),
    )


def _build(snapshot: ClusterSnapshot) -> compare.Build:
    return lambda content: of_cluster(snapshot.cluster, content)


def _changes(
    snapshot: ClusterSnapshot, view: GroupView, fact: ObjectFact, revision: str, target: Target
) -> list[Change] | None:
    """From what the group is at to the target; None while no broker says which version it is."""
    if revision == target.revision:
        return []
    before = content_of(snapshot.objects, revision)
    if before is None:
        return compare.unknown(
            fact, lambda config: workload.stateful_set(snapshot.cluster, view.index, config, False, 1)
        )
    found = _between(snapshot, view, before, target)
    if found and not _versions(snapshot, view) and not any(change.restarts for change in found):
        return None
    return found


def _between(snapshot: ClusterSnapshot, view: GroupView, before: Content, target: Target) -> list[Change]:
    """From a content to the target, for the versions that run in a group."""
    versions, build = _versions(snapshot, view), _build(snapshot)
    return changes(
        build(before),
        build(target.content),
        lambda key, value: all(live(key, value, version) for version in versions),
    )


def _versions(snapshot: ClusterSnapshot, view: GroupView) -> set[str]:
    return {broker.version for pod in view.pods if (broker := snapshot.brokers.get(pod.name))}


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
    return snapshot.known(("ill", view.index), lambda: _ill(view, snapshot))


def _ill(view: GroupView, snapshot: ClusterSnapshot) -> str:
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
