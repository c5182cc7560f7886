"""Name servers, one after the other: the next one only when every broker is registered on all the others again."""

import msgspec

from rocketmq_operator.api.rollout import Restarts

from .. import names
from ..build import nameserver
from ..build.pod import FORMAT
from ..completeness import some
from ..drift import holds, unsized
from ..facts import NameServerSnapshot, ObjectFact, PodFact, Problem
from ..nameserver_scaling import missing_brokers, size_of, wanted
from ..plan import Action, Remove, SetPartition
from . import hold, revisions, windows
from .content import read
from .diff import Change, Reason, changes, of_server
from .standing import HELD_PARTITION, Standing, broken, of_workload, retold, started
from .target import KIND, Target, choose, effective
from .workloads import noted


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
    problems = (*([halted] if halted else []), *windows.problems(rules.maintenance_windows))
    course = Course(target, standing, halted=halted, problems=problems)
    if not standing.due:
        return course
    stop = hold.paused(snapshot.server.metadata.annotations) or (f"it is halted: {halted.message}" if halted else "")
    if not stop and not _begun(snapshot, standing):
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
        waiting = _others(snapshot, pod)
        if waiting:
            return msgspec.structs.replace(course, doing=f"waits to restart {pod.name}: {waiting}")
    elif not standing.behind(pod) or standing.partition <= pod.member:
        # Its controller may wait for it for ever.
        replaced = f"replaces {pod.name}, which does not serve: {', '.join(why)}"
        return msgspec.structs.replace(course, doing=replaced, action=_remove(pod, why[0], replaced))
    message = f"restarts {pod.name}: {', '.join(why)}"
    if not standing.behind(pod):
        return msgspec.structs.replace(course, doing=message, action=_remove(pod, why[0], message))
    if standing.partition <= pod.member:
        return msgspec.structs.replace(course, doing=f"waits for the restart of {pod.name}")
    fact = standing.workload
    action = SetPartition(why[0], message, fact.name, fact.uid, fact.resource_version, pod.member)
    return msgspec.structs.replace(course, doing=message, action=action)


def _remove(pod: PodFact, reason: str, message: str) -> Remove:
    return Remove(reason, message, "Pod", pod.name, pod.uid)


def _others(snapshot: NameServerSnapshot, taken: PodFact) -> str:
    """What the other name servers lack before this one may go; the only one there is goes all the same."""
    if size_of(snapshot) != wanted(snapshot) or len(snapshot.pods) != wanted(snapshot):
        return "the number of name servers changes"
    if any(pod.deleting for pod in snapshot.pods):
        return f"{some([pod.name for pod in snapshot.pods if pod.deleting])} is being stopped"
    rest = [pod for pod in snapshot.pods if pod.name != taken.name]
    unready = [pod.name for pod in rest if not (pod.runs and pod.opened and pod.ready and pod.listed == "true")]
    if unready:
        return f"{some(unready)} is not complete"
    if any(snapshot.registrations.get(pod.name) is None for pod in rest):
        return "not every other one answers"
    lacking = missing_brokers(snapshot, [pod.name for pod in rest])
    return f"not registered: {some(lacking)}" if lacking else ""


def _begun(snapshot: NameServerSnapshot, standing: Standing) -> bool:
    behind = any(standing.behind(pod) for pod in standing.outdated)
    return (behind and standing.partition < HELD_PARTITION) or 0 < len(standing.outdated) < len(snapshot.pods)


def _halted(
    snapshot: NameServerSnapshot, standing: Standing, target: Target, rules: Restarts, now_ms: int
) -> Problem | None:
    done = revisions.is_complete(target, snapshot.objects)
    # The first spec of all is no rollout: its pods are still being created.
    first = len(revisions.history(snapshot.objects, snapshot.server.metadata.uid)) <= 1
    if standing.template_due or (first and not standing.outdated) or (done and not standing.outdated):
        return None
    for pod in snapshot.pods:
        why = hold.failed(pod, standing, rules.step_timeout_seconds, now_ms)
        if why:
            return hold.halt(pod, why, snapshot.last_words.get(pod.name, ""))
    return None


def standing_of(snapshot: NameServerSnapshot, target: Target, now_ms: int) -> Standing | None:
    """How the name servers stand to the target; None before there is a workload of ours."""
    meta = snapshot.server.metadata
    fact = snapshot.objects.get(("StatefulSet", names.name_server_workload(meta.name)))
    if fact is None or fact.owner_uid != meta.uid:
        return None
    revision = fact.notes.get(names.REVISION_LABEL, "")
    behind = {pod.revision for pod in snapshot.pods} - {started(fact)}
    reasons = {name: _reasons(snapshot, name, target) for name in behind}
    found = _changes(snapshot, fact, revision, target)
    return of_workload(fact, revision, found, snapshot.pods, meta.annotations.get(names.RESTART, ""), now_ms, reasons)


def renewed(snapshot: NameServerSnapshot, standing: Standing, target: Target, now_ms: int) -> Standing:
    """How the workload will stand once its template is the target's."""
    if not standing.template_due:
        return standing
    fact, asked = (
        retold(standing.workload, target.revision),
        snapshot.server.metadata.annotations.get(names.RESTART, ""),
    )
    reasons = {name: _reasons(snapshot, name, target) for name in {pod.revision for pod in snapshot.pods}}
    return of_workload(fact, target.revision, [], snapshot.pods, asked, now_ms, reasons)


def _changes(snapshot: NameServerSnapshot, fact: ObjectFact, revision: str, target: Target) -> list[Change]:
    if revision == target.revision:
        return []
    before = snapshot.objects.get((KIND, revision))
    content = read(before) if before else None
    if content is not None:
        server = snapshot.server
        return changes(of_server(server, content), of_server(server, target.content), lambda *_: False)
    template = fact.content().get("spec", {}).get("template", {}).get("spec", {})
    volumes = template.get("volumes", [])
    config = next((each["configMap"]["name"] for each in volumes if each.get("name") == "config"), "")
    made = nameserver.stateful_set(snapshot.server, config)["spec"]["template"]["spec"]
    if holds(made["containers"], template.get("containers")):
        return []
    return [Change(Reason.OPERATOR, "pods whose revision is not known")]


def _reasons(snapshot: NameServerSnapshot, revision: str, target: Target) -> tuple[str, ...]:
    fact = snapshot.objects.get((KIND, revision))
    before = read(fact) if fact else None
    if before is None:
        return (Reason.OPERATOR.value,)
    server = snapshot.server
    told = changes(of_server(server, before), of_server(server, target.content), lambda *_: False)
    return tuple(dict.fromkeys(change.reason.value for change in told)) or (Reason.POD.value,)


def objects(snapshot: NameServerSnapshot, course: Course) -> list[dict[str, object]]:
    """Everything that the NameServer is made of; its StatefulSet only where it is to be created, mended or renewed."""
    server, target, standing = snapshot.server, course.target.revision, course.standing
    there = snapshot.objects.get(("StatefulSet", names.name_server_workload(server.metadata.name)))
    if there is None or there.owner_uid != server.metadata.uid:
        *rest, workload = nameserver.objects(server, target)
        return [*rest, noted(workload, target)]
    if standing is not None and course.template:
        *rest, workload = nameserver.objects(server, target)
        return [*rest, unsized(noted(workload, target))]
    if standing is None or standing.revision != target or standing.format != FORMAT or not standing.started:
        _config, *rest, _ = nameserver.objects(server)
        return rest
    *rest, workload = nameserver.objects(server, standing.started, standing.hold(snapshot.pods, there.replicas))
    return [*rest, unsized(noted(workload, target))]
