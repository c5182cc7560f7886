"""The status of a BrokerCluster: a table of its brokers, and conditions that say in words what is and what to do."""

from collections.abc import Sequence

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.brokercluster_status import BrokerGroup, BrokerMember
from rocketmq_operator.api.common import Condition, condition

from . import cluster_conditions as say
from . import names, pace, registration, rollout_status, scaling_status, sizes
from .build import storage
from .conditions import degraded, events, settle
from .facts import ClusterSnapshot, PodFact, Problem
from .groups.decide import Groups
from .groups.life import Phase
from .groups.view import GroupView
from .members import broker_name, member_count
from .membership import full_copy
from .plan import Action, Plan
from .rollout.course import Course
from .rollout.told import running
from .volumes import anew, refused
from .volumes.view import groups as volumes_of


def report(
    snapshot: ClusterSnapshot,
    decided: Groups,
    actions: Sequence[Action],
    problems: Sequence[Problem],
    waiting: Sequence[str],
    members: Sequence[str],
    held: Sequence[str],
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
        say.ready(snapshot, wanted, waiting),
        say.progressing(snapshot, wanted, waiting),
        degraded([*troubles, *say.name_server_problems(snapshot)]),
        say.name_servers(snapshot),
        say.replicated(snapshot, [group.index for group in wanted]),
        scaling_status.scaling(decided, members),
        rollout_status.rolling(decided, snapshot),
        *say.held_back(held),
    ]
    conditions = settle(verdicts, before, cluster.metadata.generation, now)
    # What is no event is said again at every look, or wakes us by itself when it is read back.
    acted = any(action.reason for action in actions)
    deleted = cluster.metadata.deletion_timestamp is not None
    unsettled = bool(waiting) or decided.course.due or deleted
    return Plan(
        actions=tuple(actions),
        status=_status(snapshot, groups, conditions, decided.course),
        events=(
            *(() if deleted or cluster.spec.paused else scaling_status.events(decided)),
            *rollout_status.events(before, conditions),
            *events(before, conditions),
        ),
        requeue=scaling_status.sooner(decided, _requeue(snapshot, conditions, acted, unsettled, now)),
        progress=scaling_status.progress(decided),
        upgrading=decided.course.upgrading,
    )


def _status(
    snapshot: ClusterSnapshot, groups: list[BrokerGroup], conditions: list[Condition], course: Course
) -> BrokerClusterStatus:
    spec, name = snapshot.cluster.spec, snapshot.cluster.metadata.name
    asked = [group for group in groups if group.index < spec.group_replica]
    with_volumes = volumes_of(snapshot)
    brokers = [member for group in asked for member in group.members[: member_count(spec)]]
    ready, wanted = sum(member.ready for member in brokers), spec.group_replica * member_count(spec)
    return BrokerClusterStatus(
        observed_generation=snapshot.cluster.metadata.generation,
        groups=sum(
            ("StatefulSet", names.workload(name, group.index)) in snapshot.objects or anew.gone(snapshot, group.index)
            for group in groups
        ),
        ready_groups=sum(group.ready for group in asked),
        brokers=wanted,
        ready_brokers=ready,
        brokers_ready=f"{ready}/{wanted}",
        version=",".join(sorted({member.version for member in brokers if member.version})),
        cluster_name=spec.cluster_name,
        name_servers=sorted(set(snapshot.name_servers.queried)),
        selector=f"{names.CLUSTER_LABEL}={name},{names.POD_INDEX_LABEL}=0",
        store_size=refused.in_force(with_volumes, storage.store_name(spec))[0],
        log_size="" if spec.volume_claim_template else refused.in_force(with_volumes, storage.LOGS)[0],
        revision=course.target.revision,
        updated_brokers=rollout_status.updated(course, snapshot),
        broker_groups=groups,
        conditions=conditions,
    )


def _group(snapshot: ClusterSnapshot, view: GroupView, now_ms: int) -> BrokerGroup:
    workload = snapshot.objects.get(("StatefulSet", view.workload))
    members = [_member(snapshot, pod, running(workload, pod.revision), now_ms) for pod in view.pods]
    # Members that are about to go do not count: a group is whole when those that stay are.
    count = member_count(snapshot.cluster.spec)
    asked = [member for pod, member in zip(view.pods, members, strict=True) if pod.member < count]
    complete = len(asked) == count and all(member.ready for member in asked)
    return BrokerGroup(
        name=view.name,
        index=view.index,
        ready=complete and members[0].accepting,
        initialized=view.life.initialized,
        phase=view.life.phase.value,
        life=view.life.number,
        members=members,
    )


def _member(snapshot: ClusterSnapshot, pod: PodFact, revision: str, now_ms: int) -> BrokerMember:
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
        revision=revision,
        problem=pod.problem.message[:1024] if pod.problem else "",
    )


def _is_copy(snapshot: ClusterSnapshot, pod: PodFact) -> bool:
    group = sizes.group_of(snapshot, pod.group)
    master, fact = group.fact(0), group.fact(pod.member)
    return fact is not None and (pod.member == 0 or (master is not None and full_copy(master, fact)))


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
        return pace.WAITING_SECONDS if waiting else None
    return pace.after(ready.last_transition_time, now)
