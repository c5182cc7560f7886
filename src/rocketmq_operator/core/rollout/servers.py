"""Name servers, one after the other: the next one only when every broker is registered on all the others again."""

import msgspec

from rocketmq_operator.api.rollout import Restarts

from .. import names
from ..build import nameserver
from ..completeness import some
from ..drift import unsized
from ..facts import NameServerSnapshot, ObjectFact, PodFact, Problem
from ..memo import Memo
from ..nameserver_scaling import missing_brokers, size_of, wanted
from ..plan import Action
from . import compare, failed, hold, revisions, windows
from .diff import Change, changes, of_server
from .requests import bad_times
from .standing import Standing, broken, of_workload
from .target import Target, choose, effective
from .template import retold, started
from .workloads import noted

_written: Memo[dict[str, object]] = Memo(1024)


class Course(msgspec.Struct, frozen=True):
    """What to do now: ``doing`` in words, ``template`` if the new one may be written, ``problems`` for a person."""

    target: Target
    standing: Standing | None = None
    action: Action | None = None
    doing: str = ""
    template: bool = False
    halted: Problem | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def due(self) -> bool:
        return self.standing is not None and self.standing.due


def resolve(snapshot: NameServerSnapshot) -> tuple[NameServerSnapshot, Target]:
    """The snapshot with the spec that is to run, and which revision that is."""
    server = snapshot.server
    target = choose(server, "", names.name_server_workload(server.metadata.name), snapshot.objects)
    return msgspec.structs.replace(snapshot, server=effective(server, target)), target


def chart(snapshot: NameServerSnapshot, target: Target, now_ms: int) -> Course:
    """One step."""
    standing = standing_of(snapshot, target, now_ms)
    if standing is None:
        return Course(target)
    rules = snapshot.server.spec.rollout or Restarts()
    halted = _halted(snapshot, standing, target, rules, now_ms)
    meta = snapshot.server.metadata
    bad = bad_times(f"NameServer {meta.name}", meta.annotations, [standing.workload], snapshot.pods)
    problems = (*([halted] if halted else []), *windows.problems(rules.maintenance_windows), *bad)
    course = Course(target, standing, halted=halted, problems=problems)
    if not standing.due:
        return course
    stop = hold.paused(snapshot.server.metadata.annotations) or (f"it is halted: {halted.message}" if halted else "")
    if not stop and not standing.begun(len(snapshot.pods)):
        stop = windows.closed(rules.maintenance_windows, now_ms)
    if stop:
        return msgspec.structs.replace(course, doing=stop)
    return _step(snapshot, course, standing, now_ms)


def _step(snapshot: NameServerSnapshot, course: Course, standing: Standing, now_ms: int) -> Course:
    if standing.template_due:
        starting = [pod.name for pod in snapshot.pods if not pod.ready and not broken(pod, now_ms)]
        if starting:
            return msgspec.structs.replace(course, doing=f"takes the change in when {some(starting)} is ready")
        return msgspec.structs.replace(course, doing="gets its new template", template=True)
    pod = standing.outdated[0]
    why = standing.why[pod.name]
    if not broken(pod, now_ms):
        waiting = _others(snapshot, standing, pod, now_ms)
        if waiting:
            return msgspec.structs.replace(course, doing=f"waits to restart {pod.name}: {waiting}")
    elif not standing.behind(pod) or standing.partition <= pod.member:
        # Its controller may wait for it for ever.
        replaced = f"replaces {pod.name}, which does not serve: {', '.join(why)}"
        return msgspec.structs.replace(course, doing=replaced, action=standing.remove(pod, replaced))
    message = f"restarts {pod.name}: {', '.join(why)}"
    action = standing.take(pod, message)
    doing = message if action else f"waits for the restart of {pod.name}"
    return msgspec.structs.replace(course, doing=doing, action=action)


def _others(snapshot: NameServerSnapshot, standing: Standing, taken: PodFact, now_ms: int) -> str:
    """What the other name servers lack before this one may go; the only one that serves goes all the same.

    One below that does not serve waits for this one itself: the newest template reaches it last (StatefulSet partitions)."""
    if size_of(snapshot) != wanted(snapshot) or len(snapshot.pods) != wanted(snapshot):
        return "the number of name servers changes"
    if any(pod.deleting for pod in snapshot.pods):
        return f"{some([pod.name for pod in snapshot.pods if pod.deleting])} is being stopped"
    last = {pod.name for pod in standing.outdated if pod.member < taken.member and broken(pod, now_ms)}
    rest = [pod for pod in snapshot.pods if pod.name not in last | {taken.name}]
    unready = [pod.name for pod in rest if not (pod.runs and pod.opened and pod.ready and pod.listed == "true")]
    if unready:
        return f"{some(unready)} is not complete"
    if any(snapshot.registrations.get(pod.name) is None for pod in rest):
        return "not every other one answers"
    lacking = missing_brokers(snapshot, [pod.name for pod in rest])
    return f"not registered: {some(lacking)}" if lacking else ""


def _halted(
    snapshot: NameServerSnapshot, standing: Standing, target: Target, rules: Restarts, now_ms: int
) -> Problem | None:
    done = revisions.is_complete(target, snapshot.objects)
    # The first spec of all is no rollout: its pods are still being created.
    first = len(revisions.history(snapshot.objects, snapshot.server.metadata.uid)) <= 1
    if standing.template_due or (first and not standing.outdated) or (done and not standing.outdated):
        return None
    return failed.halt(snapshot.pods, standing, rules, snapshot.last_words, now_ms)


def standing_of(snapshot: NameServerSnapshot, target: Target, now_ms: int) -> Standing | None:
    """How the name servers stand to the target; None before there is a workload of ours."""
    meta = snapshot.server.metadata
    fact = snapshot.objects.get(("StatefulSet", names.name_server_workload(meta.name)))
    if fact is None or fact.owner_uid != meta.uid:
        return None
    revision = fact.notes.get(names.REVISION_LABEL, "")
    return _made(snapshot, fact, revision, _changes(snapshot, fact, revision, target), target, now_ms)


def renewed(snapshot: NameServerSnapshot, standing: Standing, target: Target, now_ms: int) -> Standing:
    """How the workload will stand once its template is the target's."""
    if not standing.template_due:
        return standing
    fact = retold(standing.workload, target.revision, snapshot.release.format)
    return _made(snapshot, fact, target.revision, [], target, now_ms)


def _made(
    snapshot: NameServerSnapshot, fact: ObjectFact, revision: str, found: list[Change], target: Target, now_ms: int
) -> Standing:
    behind = {pod.revision for pod in snapshot.pods} - {started(fact)}
    reasons = compare.reasons(snapshot.objects, fact, behind, target, _build(snapshot))
    asked = snapshot.server.metadata.annotations.get(names.RESTART, "")
    return of_workload(fact, revision, found, snapshot.pods, asked, now_ms, reasons, snapshot.release)


def _build(snapshot: NameServerSnapshot) -> compare.Build:
    return lambda content: of_server(snapshot.server, content)


def _changes(snapshot: NameServerSnapshot, fact: ObjectFact, revision: str, target: Target) -> list[Change]:
    if revision == target.revision:
        return []
    before, build = compare.content_of(snapshot.objects, revision), _build(snapshot)
    if before is None:
        return compare.unknown(fact, lambda config: nameserver.stateful_set(snapshot.server, config))
    return changes(build(before), build(target.content), lambda *_: False)


def objects(snapshot: NameServerSnapshot, course: Course) -> list[dict[str, object]]:
    """Everything that the NameServer is made of; its StatefulSet only where it is to be created, mended or renewed."""
    server, target, standing, form = snapshot.server, course.target.revision, course.standing, snapshot.release.format
    there = snapshot.objects.get(("StatefulSet", names.name_server_workload(server.metadata.name)))
    if there is None or there.owner_uid != server.metadata.uid:
        *rest, workload = nameserver.objects(server, target, form=form)
        return [*rest, noted(workload, target, form)]
    if standing is not None and course.template:
        *rest, workload = nameserver.objects(server, target, form=form)
        return [*rest, unsized(noted(workload, target, form))]
    if standing is None or standing.revision != target or standing.format != form or not standing.started:
        _config, *rest, _ = nameserver.objects(server)
        return rest
    *rest, workload = nameserver.objects(server, standing.started, standing.hold(snapshot.pods, there.replicas), form)
    made = _written.get(server.metadata.uid, (workload, target, form), lambda: unsized(noted(workload, target, form)))
    return [*rest, made]
