"""The plan of a NameServer: its objects, its gates, its size, its status."""

from typing import Any

import msgspec

from rocketmq_operator.api import NameServerStatus
from rocketmq_operator.api.nameserver import NameServerMember
from rocketmq_operator.api.rollout import Restarts
from rocketmq_operator.api.schema import API_VERSION

from . import completeness, names, objects, order_memory, pace
from . import nameserver_conditions as say
from . import nameserver_scaling as scaling
from .conditions import degraded, events, settle
from .facts import NameServerSnapshot, PodFact, Problem
from .nameserver_scaling import Scaling
from .objects import Owner
from .plan import Action, Plan
from .rollout import revisions, servers
from .rollout.servers import Course
from .rollout_status import events as rollout_events

Json = dict[str, Any]

PATIENT_SECONDS = 5.0
"""Between looks while nothing but time is waited for: short, since a name server that is to stay may hang meanwhile."""


class Draft(msgspec.Struct):
    """A plan in the making: what each rule adds."""

    actions: list[Action] = []
    problems: list[Problem] = []
    scaling: Scaling = Scaling()


def plan(snapshot: NameServerSnapshot, now: str, now_ms: int) -> Plan[NameServerStatus]:
    """What to do about a NameServer, and what is true of it. ``now`` in RFC 3339, ``now_ms`` the same since 1970."""
    snapshot, target = servers.resolve(snapshot)
    draft = Draft()
    course = servers.chart(snapshot, target, now_ms)
    if snapshot.server.metadata.deletion_timestamp is None:
        remembered = _remembered(snapshot, draft)
        _objects(snapshot, course, draft, first=bool(remembered))
        draft.scaling = scaling.decide(snapshot, now_ms)
        draft.actions += draft.scaling.actions
        if snapshot.server.spec.paused:
            draft.actions.clear()
        # Also while paused: a gate is no change but the truth about a pod, and a name server that moved to another node
        # would stay hidden from clients for as long as somebody forgets to unpause.
        draft.actions += remembered + completeness.decide(snapshot)
    return _report(snapshot, course, draft, now)


def _owner(snapshot: NameServerSnapshot) -> Owner:
    meta = snapshot.server.metadata
    return Owner(API_VERSION, "NameServer", meta.name, meta.namespace, meta.uid)


def _remembered(snapshot: NameServerSnapshot, draft: Draft) -> list[Action]:
    """What keeps the order configuration as the complete name servers hold it."""
    wanted, problem = order_memory.memory(snapshot)
    actions, problems = objects.decide([wanted] if wanted else [], snapshot.objects, _owner(snapshot))
    draft.problems += [*problems, *([problem] if problem else [])]
    return actions


def _objects(snapshot: NameServerSnapshot, course: Course, draft: Draft, first: bool) -> None:
    """``first``: something else is to be written before a pod restarts."""
    meta, owner = snapshot.server.metadata, _owner(snapshot)
    made = servers.objects(snapshot, course)
    actions, problems = objects.decide(_selectable(snapshot, made), snapshot.objects, owner)
    draft.actions += actions
    draft.problems += problems
    draft.problems += course.problems
    rules, labels = snapshot.server.spec.rollout or Restarts(), names.name_server_labels(meta.name)
    written = revisions.actions(course.target, snapshot.objects, owner, labels, rules.history_limit)
    draft.actions += written or ([] if first else _rolling(snapshot, course))


def _rolling(snapshot: NameServerSnapshot, course: Course) -> list[Action]:
    """The step of a rollout, once its revision is written."""
    target, standing = course.target, course.standing
    if standing is None:
        return []
    found: list[Action] = [course.action] if course.action else []
    found += revisions.adopted(standing, target)
    found += standing.held_back(snapshot.pods, target.revision, snapshot.release)
    settled = standing.revision == target.revision and not standing.due
    if settled and snapshot.pods and all(pod.ready for pod in snapshot.pods):
        found += revisions.complete(target, snapshot.objects)
    return found + revisions.rollback(snapshot.server, target, snapshot.objects, course.halted)


def _selectable(snapshot: NameServerSnapshot, wanted: list[Json]) -> list[Json]:
    """Without the Services that exist while a pod lacks the label they select by: they would lose it."""
    if all(pod.listed or pod.deleting for pod in snapshot.pods):
        return wanted
    return [
        each
        for each in wanted
        if each["kind"] != "Service" or ("Service", each["metadata"]["name"]) not in snapshot.objects
    ]


def _report(snapshot: NameServerSnapshot, course: Course, draft: Draft, now: str) -> Plan[NameServerStatus]:
    server = snapshot.server
    members = [_member(pod) for pod in sorted(snapshot.pods, key=lambda pod: pod.member)]
    ready, wanted = sum(member.ready for member in members), scaling.wanted(snapshot)
    troubles = [*draft.problems, *(pod.problem for pod in snapshot.pods if pod.problem)]
    before = list(server.status.conditions) if server.status else []
    verdicts = [
        say.ready(snapshot, ready, wanted),
        say.progressing(snapshot, ready, wanted, draft.scaling),
        degraded(troubles),
        say.scaling(snapshot, draft.scaling),
        say.rollout(snapshot, course),
    ]
    conditions = settle(verdicts, before, server.metadata.generation, now)
    name, namespace = server.metadata.name, server.metadata.namespace
    status = NameServerStatus(
        observed_generation=server.metadata.generation,
        replicas=len(members),
        ready_replicas=ready,
        ready=f"{ready}/{wanted}",
        address=f"{names.name_server_workload(name)}.{namespace}.svc:{names.NAME_SERVER_PORT}",
        selector=f"{names.NAME_SERVER_LABEL}={name}",
        revision=course.target.revision,
        members=members,
        conditions=conditions,
    )
    settled = (
        ready == wanted and not course.due and not draft.scaling.reason and not completeness.unasked(snapshot.pods)
    )
    quiet = settled or (server.spec.paused and not completeness.unasked(snapshot.pods))
    requeue = None if quiet and not draft.actions else pace.next_look(conditions, bool(draft.actions), now)
    if requeue is not None and not draft.actions and not completeness.unasked(snapshot.pods):
        # Nobody runs who could be asked for news: the API server tells when that changes.
        requeue = max(requeue, pace.WAITING_SECONDS)
    if requeue is not None and draft.scaling.patient:
        requeue = max(requeue, PATIENT_SECONDS)
    told = (*rollout_events(before, conditions), *events(before, conditions))
    return Plan(tuple(draft.actions), status, told, requeue)


def _member(pod: PodFact) -> NameServerMember:
    return NameServerMember(
        pod=pod.name,
        address=f"{pod.ip}:{names.NAME_SERVER_PORT}" if pod.ip else "",
        ready=pod.ready,
        listed=pod.listed != "false",
        complete=pod.opened,
        revision=pod.revision,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )
