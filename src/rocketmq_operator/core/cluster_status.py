"""The status of a BrokerCluster: a table of its brokers, and conditions that say in words what is and what to do."""

from collections.abc import Sequence
from datetime import datetime

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.brokercluster import BrokerGroup, BrokerMember, ReplicationMode
from rocketmq_operator.api.common import Condition, condition

from . import names, registration, sizes
from .conditions import Verdict, degraded, events, settle
from .facts import ClusterSnapshot, PodFact, Problem
from .intents import groups as groups_of
from .intents import initialized
from .members import broker_name, member_count
from .membership import full_copy
from .plan import Action, Plan

WAITING_SECONDS = 3.0
"""Until the next look while all is ready and something is still waited for, such as a slave that is being copied."""


def report(
    snapshot: ClusterSnapshot,
    actions: Sequence[Action],
    problems: Sequence[Problem],
    waiting: Sequence[str],
    pending: Sequence[str],
    held: Sequence[str],
    now: str,
    now_ms: int,
) -> Plan[BrokerClusterStatus]:
    """The plan with the status that follows from the snapshot and from what the rules found."""
    cluster = snapshot.cluster
    groups = [_group(snapshot, index, now_ms) for index in groups_of(snapshot)]
    troubles = [*problems, *(pod.problem for pod in snapshot.pods if pod.problem)]
    before = list(cluster.status.conditions) if cluster.status else []
    verdicts = [
        _ready(snapshot, groups, waiting),
        _progressing(snapshot, groups, waiting),
        degraded([*troubles, *_name_server_problems(snapshot)]),
        _name_servers(snapshot),
        _replicated(snapshot),
        *_pending(pending, held),
    ]
    conditions = settle(verdicts, before, cluster.metadata.generation, now)
    return Plan(
        actions=tuple(actions),
        status=_status(snapshot, groups, conditions),
        events=events(before, conditions),
        requeue=_requeue(snapshot, conditions, bool(actions), bool(waiting), now),
    )


def _status(snapshot: ClusterSnapshot, groups: list[BrokerGroup], conditions: list[Condition]) -> BrokerClusterStatus:
    spec, name = snapshot.cluster.spec, snapshot.cluster.metadata.name
    brokers = [member for group in groups for member in group.members]
    ready, wanted = sum(member.ready for member in brokers), spec.group_replica * member_count(spec)
    return BrokerClusterStatus(
        observed_generation=snapshot.cluster.metadata.generation,
        groups=sum(("StatefulSet", names.workload(name, group.index)) in snapshot.objects for group in groups),
        ready_groups=sum(group.ready for group in groups),
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


def _group(snapshot: ClusterSnapshot, index: int, now_ms: int) -> BrokerGroup:
    pods = registration.pods_of(snapshot.pods, index)
    members = [_member(snapshot, pod, now_ms) for pod in pods]
    complete = len(members) >= member_count(snapshot.cluster.spec) and all(member.ready for member in members)
    return BrokerGroup(
        name=broker_name(snapshot.cluster.spec, index),
        index=index,
        ready=complete and members[0].accepting,
        initialized=initialized(snapshot, index),
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
        full_copy=_is_copy(snapshot, pod),
        accepting=bool(fact and not pod.member and fact.permission & 2 and fact.accepts_from <= now_ms),
        registered_on=servers,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )


def _is_copy(snapshot: ClusterSnapshot, pod: PodFact) -> bool:
    group = sizes.group_of(snapshot, pod.group)
    master, fact = group.fact(0), group.fact(pod.member)
    return fact is not None and (pod.member == 0 or (master is not None and full_copy(master, fact)))


def _no_copy(snapshot: ClusterSnapshot, index: int) -> str:
    """Why an acknowledged message of a group may lie on its master alone; empty if it does not, or if nobody can tell."""
    group = sizes.group_of(snapshot, index)
    master = group.fact(0)
    known = {pod.name: fact for pod in group.slaves() if (fact := group.fact(pod.member))}
    if master is None:
        return ""
    if known and not any(full_copy(master, fact) for fact in known.values()):
        return f"{group.name}: {', '.join(known)} is being copied and does not hold all messages yet"
    if master.in_sync == 1 and group.user_copies is None:
        return f"{group.name} waits for no slave yet"
    return ""


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


def _progressing(snapshot: ClusterSnapshot, groups: Sequence[BrokerGroup], waiting: Sequence[str]) -> Verdict:
    if snapshot.cluster.spec.paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    if all(group.ready for group in groups):
        # Masters that wait to be opened are not ready, so this is about members that come or go.
        return Verdict("Progressing", bool(waiting), "MembersChanging" if waiting else "Settled", "; ".join(waiting))
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
    behind = [words for index in groups_of(snapshot) if (words := _no_copy(snapshot, index))]
    if behind:
        return Verdict("Replicated", False, "CatchingUp", "; ".join(behind))
    return Verdict("Replicated", True, "Synchronous", "a message is acknowledged (SEND_OK) when a slave holds it, too")


def _pending(pending: Sequence[str], held: Sequence[str]) -> list[Verdict]:
    """``pending``: workloads whose template differs, or that come or go. ``held``: what keeps members from coming or going."""
    words = list(held)
    if pending:
        words.append(
            f"the spec asks for something else than runs in {', '.join(pending)}; this version changes no running pod and adds "
            "or removes no group: set the spec back, or create a new cluster"
        )
    return [Verdict("ChangesPending", True, "RolloutNeeded", "; ".join(words))] if words else []


def _requeue(
    snapshot: ClusterSnapshot, conditions: list[Condition], acted: bool, waiting: bool, now: str
) -> float | None:
    """Soon while something moves, ever more rarely the longer nothing does; None when all is well (the resync looks)."""
    ready = condition(conditions, "Ready")
    if acted or ready is None:
        return 1.0
    if snapshot.cluster.spec.paused:
        return None
    if ready.status == "True":
        return WAITING_SECONDS if waiting else None
    unready = (_time(now) - _time(ready.last_transition_time)).total_seconds()
    return min(30.0, max(1.0, (unready - 60) / 10))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
