"""The status of a BrokerCluster: a table of its brokers, and conditions that say in words what is and what to do."""

from collections.abc import Sequence
from datetime import datetime

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.brokercluster import BrokerGroup, BrokerMember, ReplicationMode
from rocketmq_operator.api.common import Condition, condition

from . import names, registration, scaling_status
from .conditions import Verdict, degraded, events, settle
from .facts import ClusterSnapshot, PodFact, Problem
from .groups.decide import Groups
from .groups.life import Phase
from .groups.view import GroupView
from .members import broker_name, member_count
from .plan import Action, Plan


def report(
    snapshot: ClusterSnapshot,
    decided: Groups,
    actions: Sequence[Action],
    problems: Sequence[Problem],
    waiting: Sequence[str],
    pending: Sequence[str],
    now: str,
    now_ms: int,
) -> Plan[BrokerClusterStatus]:
    """The plan with the status that follows from the snapshot and from what the rules found."""
    cluster = snapshot.cluster
    groups = [
        _group(snapshot, view, now_ms) for _, view in sorted(decided.views.items()) if view.life.phase is not Phase.LEFT
    ]
    wanted = [group for group in groups if group.index < cluster.spec.group_replica]
    troubles = [*problems, *(pod.problem for pod in snapshot.pods if pod.problem)]
    before = list(cluster.status.conditions) if cluster.status else []
    verdicts = [
        _ready(snapshot, wanted, waiting),
        _progressing(snapshot, wanted),
        degraded([*troubles, *_name_server_problems(snapshot)]),
        _name_servers(snapshot),
        _replicated(snapshot),
        scaling_status.scaling(decided),
        *_pending(pending),
    ]
    conditions = settle(verdicts, before, cluster.metadata.generation, now)
    return Plan(
        actions=tuple(actions),
        status=_status(snapshot, groups, conditions),
        events=events(before, conditions),
        requeue=scaling_status.sooner(decided, _requeue(snapshot, conditions, bool(actions), now)),
        progress=scaling_status.progress(decided),
    )


def _status(snapshot: ClusterSnapshot, groups: list[BrokerGroup], conditions: list[Condition]) -> BrokerClusterStatus:
    spec, name = snapshot.cluster.spec, snapshot.cluster.metadata.name
    asked = [group for group in groups if group.index < spec.group_replica]
    brokers = [member for group in asked for member in group.members]
    ready, wanted = sum(member.ready for member in brokers), spec.group_replica * member_count(spec)
    return BrokerClusterStatus(
        observed_generation=snapshot.cluster.metadata.generation,
        groups=sum(("StatefulSet", names.workload(name, group.index)) in snapshot.objects for group in groups),
        ready_groups=sum(group.ready for group in asked),
        brokers=wanted,
        ready_brokers=ready,
        brokers_ready=f"{ready}/{wanted}",
        version=",".join(sorted({member.version for member in brokers if member.version})),
        cluster_name=spec.cluster_name,
        name_servers=sorted(set(snapshot.name_servers.queried)),
        selector=f"{names.CLUSTER_LABEL}={name},{names.POD_INDEX_LABEL}=0",
        broker_groups=groups,
        conditions=conditions,
    )


def _group(snapshot: ClusterSnapshot, view: GroupView, now_ms: int) -> BrokerGroup:
    members = [_member(snapshot, pod, now_ms) for pod in view.pods]
    complete = len(members) == member_count(snapshot.cluster.spec) and all(member.ready for member in members)
    return BrokerGroup(
        name=view.name,
        index=view.index,
        ready=complete and members[0].accepting,
        initialized=view.life.initialized,
        phase=view.life.phase.value,
        life=view.life.number,
        members=members,
    )


def _member(snapshot: ClusterSnapshot, pod: PodFact, now_ms: int) -> BrokerMember:
    fact = snapshot.brokers.get(pod.name)
    servers = registration.registered_on(snapshot.cluster, pod, snapshot.registrations)
    entry = snapshot.registrations.get(servers[0]) if servers else None
    group = broker_name(snapshot.cluster.spec, pod.group)
    return BrokerMember(
        pod=pod.name,
        broker_id=fact.broker_id if fact else pod.member,
        role=fact.role if fact else "",
        address=entry[group].addresses[pod.member] if entry else "",
        version=fact.version if fact else "",
        ready=pod.ready,
        accepting=bool(fact and not pod.member and fact.permission & 2 and fact.accepts_from <= now_ms),
        registered_on=servers,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )


def _ready(snapshot: ClusterSnapshot, groups: Sequence[BrokerGroup], waiting: Sequence[str]) -> Verdict:
    wanted = snapshot.cluster.spec.group_replica * member_count(snapshot.cluster.spec)
    ready = sum(member.ready for group in groups for member in group.members)
    if all(group.ready for group in groups):
        return Verdict(
            "Ready", True, "AllBrokersReady", f"all {wanted} brokers are registered, masters accept messages"
        )
    if ready == wanted:
        return Verdict("Ready", False, "MastersClosed", "; ".join(waiting) or "not every master accepts messages")
    missing = f"{ready} of {wanted} brokers are ready"
    return Verdict("Ready", False, "BrokersNotReady", "; ".join([missing, *waiting]))


def _progressing(snapshot: ClusterSnapshot, groups: Sequence[BrokerGroup]) -> Verdict:
    if snapshot.cluster.spec.paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    if all(group.ready for group in groups):
        return Verdict("Progressing", False, "Settled")
    if all(group.initialized for group in groups):
        return Verdict("Progressing", True, "Recovering", "brokers are coming back")
    return Verdict("Progressing", True, "Creating", "brokers are being started")


def _name_server_problems(snapshot: ClusterSnapshot) -> list[Problem]:
    servers = snapshot.name_servers
    if servers.problem:
        return [Problem(servers.reason or "NameServersUnknown", servers.problem)]
    silent = registration.silent(snapshot.registrations)
    if not silent or registration.answering(snapshot.registrations):
        return []
    return [
        Problem(
            "NameServersUnreachable",
            f"no name server answers: {', '.join(silent)}; check that they run and can be reached",
        )
    ]


def _name_servers(snapshot: ClusterSnapshot) -> Verdict:
    problems = _name_server_problems(snapshot)
    silent = registration.silent(snapshot.registrations)
    if problems:
        return Verdict("NameServersReachable", False, problems[0].reason, problems[0].message)
    if silent:
        return Verdict(
            "NameServersReachable", False, "SomeNameServersSilent", f"these do not answer: {', '.join(silent)}"
        )
    if not snapshot.registrations:
        return Verdict("NameServersReachable", None, "NotAsked", "no name server was asked yet")
    return Verdict("NameServersReachable", True, "AllAnswer")


def _replicated(snapshot: ClusterSnapshot) -> Verdict:
    spec = snapshot.cluster.spec
    if member_count(spec) == 1:
        message = (
            "a group has one member: an acknowledged message lies on one broker only, whatever replicationMode says"
        )
        return Verdict("Replicated", False, "SingleMember", message)
    if spec.replication_mode is ReplicationMode.ASYNC:
        return Verdict("Replicated", False, "Asynchronous", "a message is acknowledged before a slave holds it")
    return Verdict("Replicated", True, "Synchronous", "a message is acknowledged (SEND_OK) when a slave holds it, too")


def _pending(pending: Sequence[str]) -> list[Verdict]:
    if not pending:
        return []
    message = (
        f"the spec asks for something else than runs in {', '.join(pending)}; this version changes no running group: "
        "set the spec back, or create a new cluster"
    )
    return [Verdict("ChangesPending", True, "RolloutNeeded", message)]


def _requeue(snapshot: ClusterSnapshot, conditions: list[Condition], acted: bool, now: str) -> float | None:
    """Soon while something moves, ever more rarely the longer nothing does; None when all is well (the resync looks)."""
    ready = condition(conditions, "Ready")
    if acted or ready is None:
        return 1.0
    if ready.status == "True" or snapshot.cluster.spec.paused:
        return None
    unready = (_time(now) - _time(ready.last_transition_time)).total_seconds()
    return min(30.0, max(1.0, (unready - 60) / 10))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
