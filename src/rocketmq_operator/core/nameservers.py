"""The plan of a NameServer: its objects, its gates, its size, its status."""

from typing import Any

import msgspec

from rocketmq_operator.api import NameServerStatus
from rocketmq_operator.api.nameserver import NameServerMember
from rocketmq_operator.api.schema import API_VERSION

from . import completeness, names, objects, pace
from . import nameserver_scaling as scaling
from .build import nameserver
from .conditions import Verdict, degraded, events, settle
from .drift import unsized
from .facts import NameServerSnapshot, PodFact, Problem
from .nameserver_scaling import Scaling
from .objects import Owner
from .plan import Action, Plan
from .rollout import held as rollout

Json = dict[str, Any]

PATIENT_SECONDS = 5.0
"""Between looks while nothing but time is waited for: short, since a name server that is to stay may hang meanwhile."""


class Draft(msgspec.Struct):
    """A plan in the making: what each rule adds."""

    actions: list[Action] = []
    problems: list[Problem] = []
    pending: list[str] = []
    scaling: Scaling = Scaling()


def plan(snapshot: NameServerSnapshot, now: str, now_ms: int) -> Plan[NameServerStatus]:
    """What to do about a NameServer, and what is true of it. ``now`` in RFC 3339, ``now_ms`` the same since 1970."""
    draft = Draft()
    if snapshot.server.metadata.deletion_timestamp is None:
        _objects(snapshot, draft)
        draft.scaling = scaling.decide(snapshot, now_ms)
        draft.actions += draft.scaling.actions
        if snapshot.server.spec.paused:
            draft.actions.clear()
        # Also while paused: a gate is no change but the truth about a pod, and a name server that moved to another node
        # would stay hidden from clients for as long as somebody forgets to unpause.
        draft.actions += completeness.decide(snapshot)
    return _report(snapshot, draft, now)


def _objects(snapshot: NameServerSnapshot, draft: Draft) -> None:
    meta = snapshot.server.metadata
    owner = Owner(API_VERSION, "NameServer", meta.name, meta.namespace, meta.uid)
    *rest, workload = nameserver.objects(snapshot.server)
    exists = ("StatefulSet", workload["metadata"]["name"]) in snapshot.objects
    # The size of a set that exists follows rules of its own; what is applied does not speak of it.
    allowed, draft.pending = rollout.split([unsized(workload) if exists else workload], snapshot.objects, owner)
    draft.actions, draft.problems = objects.decide([*_selectable(snapshot, rest), *allowed], snapshot.objects, owner)


def _selectable(snapshot: NameServerSnapshot, wanted: list[Json]) -> list[Json]:
    """Without the Services that exist while a pod lacks the label they select by: they would lose it."""
    if all(pod.listed or pod.deleting for pod in snapshot.pods):
        return wanted
    return [
        each
        for each in wanted
        if each["kind"] != "Service" or ("Service", each["metadata"]["name"]) not in snapshot.objects
    ]


def _report(snapshot: NameServerSnapshot, draft: Draft, now: str) -> Plan[NameServerStatus]:
    server = snapshot.server
    members = [_member(pod) for pod in sorted(snapshot.pods, key=lambda pod: pod.member)]
    ready, wanted = sum(member.ready for member in members), scaling.wanted(snapshot)
    troubles = [*draft.problems, *(pod.problem for pod in snapshot.pods if pod.problem)]
    before = list(server.status.conditions) if server.status else []
    verdicts = [
        _ready(snapshot, ready, wanted),
        _progressing(snapshot, ready, wanted, draft.scaling),
        degraded(troubles),
        _scaling(snapshot, draft.scaling),
        *_pending(draft.pending),
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
        members=members,
        conditions=conditions,
    )
    settled = ready == wanted and not draft.scaling.reason and not completeness.unasked(snapshot.pods)
    quiet = settled or (server.spec.paused and not completeness.unasked(snapshot.pods))
    requeue = None if quiet and not draft.actions else pace.next_look(conditions, bool(draft.actions), now)
    if requeue is not None and draft.scaling.patient:
        requeue = max(requeue, PATIENT_SECONDS)
    return Plan(tuple(draft.actions), status, events(before, conditions), requeue)


def _member(pod: PodFact) -> NameServerMember:
    return NameServerMember(
        pod=pod.name,
        address=f"{pod.ip}:{names.NAME_SERVER_PORT}" if pod.ip else "",
        ready=pod.ready,
        listed=pod.listed != "false",
        complete=pod.opened,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )


def _ready(snapshot: NameServerSnapshot, ready: int, wanted: int) -> Verdict:
    message = f"{ready} of {max(wanted, ready)} name servers are ready"
    waits = [
        f"{pod.name} {completeness.waiting(snapshot, pod)}" for pod in snapshot.pods if pod.runs and not pod.opened
    ]
    if ready >= wanted:
        return Verdict("Ready", True, "AllReady", message)
    return Verdict("Ready", False, "NotAllReady", "; ".join([message, *sorted(waits)]))


def _progressing(snapshot: NameServerSnapshot, ready: int, wanted: int, state: Scaling) -> Verdict:
    if snapshot.server.spec.paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    if state.reason:
        return Verdict("Progressing", True, state.reason, state.message)
    return Verdict("Progressing", ready != wanted, "Settled" if ready == wanted else "Starting")


def _scaling(snapshot: NameServerSnapshot, state: Scaling) -> Verdict:
    if not state.reason:
        return Verdict("Scaling", False, "AsWanted")
    if snapshot.server.spec.paused:
        return Verdict("Scaling", True, "Paused", f"{state.message}; spec.paused is true: nothing is changed")
    return Verdict("Scaling", True, state.reason, state.message)


def _pending(pending: list[str]) -> list[Verdict]:
    if not pending:
        return []
    message = (
        f"the spec asks for other pods than run in {', '.join(pending)}; this version changes the number of name servers, but no "
        "running one: set the spec back, or create a new NameServer"
    )
    return [Verdict("ChangesPending", True, "RolloutNeeded", message)]
