"""The plan of a NameServer: its objects and its status."""

from rocketmq_operator.api import NameServerStatus
from rocketmq_operator.api.nameserver import NameServerMember
from rocketmq_operator.api.schema import API_VERSION

from . import names, objects, rollout
from .build import nameserver
from .conditions import Verdict, degraded, events, settle
from .facts import NameServerSnapshot, PodFact, Problem
from .objects import Owner
from .plan import Action, Plan


def plan(snapshot: NameServerSnapshot, now: str) -> Plan[NameServerStatus]:
    """What to do about a NameServer, and what is true of it; ``now`` in RFC 3339."""
    server = snapshot.server
    actions: list[Action] = []
    problems: list[Problem] = []
    pending: list[str] = []
    if server.metadata.deletion_timestamp is None:
        actions, problems, pending = _objects(snapshot)
    return _report(snapshot, [] if server.spec.paused else actions, problems, pending, now)


def _objects(snapshot: NameServerSnapshot) -> tuple[list[Action], list[Problem], list[str]]:
    meta = snapshot.server.metadata
    owner = Owner(API_VERSION, "NameServer", meta.name, meta.namespace, meta.uid)
    *rest, workload = nameserver.objects(snapshot.server)
    allowed, pending = rollout.split([workload], snapshot.objects, owner)
    actions, problems = objects.decide([*rest, *allowed], snapshot.objects, owner)
    return actions, problems, pending


def _report(
    snapshot: NameServerSnapshot, actions: list[Action], problems: list[Problem], pending: list[str], now: str
) -> Plan[NameServerStatus]:
    server = snapshot.server
    members = [_member(pod) for pod in sorted(snapshot.pods, key=lambda pod: pod.member)]
    ready, wanted = sum(member.ready for member in members), server.spec.replicas
    troubles = [*problems, *(pod.problem for pod in snapshot.pods if pod.problem)]
    before = list(server.status.conditions) if server.status else []
    conditions = settle(
        [
            _ready(ready, wanted),
            _progressing(server.spec.paused, ready, wanted),
            degraded(troubles),
            *_pending(pending),
        ],
        before,
        server.metadata.generation,
        now,
    )
    name = server.metadata.name
    status = NameServerStatus(
        observed_generation=server.metadata.generation,
        replicas=len(members),
        ready_replicas=ready,
        ready=f"{ready}/{wanted}",
        address=f"{names.name_server_workload(name)}.{server.metadata.namespace}.svc:{names.NAME_SERVER_PORT}",
        selector=f"{names.NAME_SERVER_LABEL}={name}",
        members=members,
        conditions=conditions,
    )
    return Plan(tuple(actions), status, events(before, conditions), None if ready == wanted else 2.0)


def _member(pod: PodFact) -> NameServerMember:
    return NameServerMember(
        pod=pod.name,
        address=f"{pod.ip}:{names.NAME_SERVER_PORT}" if pod.ip else "",
        ready=pod.ready,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )


def _ready(ready: int, wanted: int) -> Verdict:
    message = f"{ready} of {wanted} name servers are ready"
    return Verdict("Ready", ready >= wanted, "AllReady" if ready >= wanted else "NotAllReady", message)


def _progressing(paused: bool, ready: int, wanted: int) -> Verdict:
    if paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    return Verdict("Progressing", ready != wanted, "Settled" if ready == wanted else "Starting")


def _pending(pending: list[str]) -> list[Verdict]:
    if not pending:
        return []
    message = (
        f"the spec asks for something else than runs in {', '.join(pending)}; this version changes no running name servers: "
        "set the spec back, or create a new NameServer"
    )
    return [Verdict("ChangesPending", True, "RolloutNeeded", message)]
