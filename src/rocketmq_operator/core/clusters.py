"""The plan of a BrokerCluster, put together from the rules beside it: objects, gates, groups, openings, deletion, status."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, BrokerClusterStatus
from rocketmq_operator.api.schema import API_VERSION

from . import deleting, following, gates, names, objects, opening, registration, rollout, sizes
from .build import config, network, workload
from .cluster_status import report
from .drift import unsized
from .facts import ClusterSnapshot, Problem
from .groups.closing import KEEP_HOURS
from .groups.decide import Groups, decide
from .groups.life import Phase
from .groups.view import GroupView
from .intents import intent
from .members import member_count
from .objects import Owner, owned
from .plan import Action, Configure, Plan, SetGate

Json = dict[str, Any]


class Draft(msgspec.Struct):
    """A plan in the making: what each rule adds."""

    actions: list[Action] = []
    problems: list[Problem] = []
    waiting: list[str] = []
    pending: list[str] = []
    held: list[str] = []
    members: list[str] = []


def plan(snapshot: ClusterSnapshot, now: str, now_ms: int) -> Plan[BrokerClusterStatus]:
    """What to do about a cluster, and what is true of it. ``now`` in RFC 3339, ``now_ms`` the same since 1970."""
    draft = Draft(problems=list(snapshot.problems))
    groups = decide(snapshot, now_ms)
    deleted = snapshot.cluster.metadata.deletion_timestamp is not None
    if not deleted:
        _objects(snapshot, groups, draft)
    _brokers(snapshot, draft)
    _openings(snapshot, groups, draft)
    if not deleted:
        _steps(groups, draft)
        _members(snapshot, groups, draft, now_ms)
    if snapshot.cluster.spec.paused:
        # A gate is no change but the truth about a pod; and a deletion that nothing holds back is not held back by a pause.
        draft.actions = [action for action in draft.actions if isinstance(action, SetGate)]
    _deletion(snapshot, groups, draft)
    return report(
        snapshot,
        groups,
        draft.actions,
        draft.problems,
        draft.waiting,
        draft.members,
        draft.pending,
        draft.held,
        now,
        now_ms,
    )


def owner_of(cluster: BrokerCluster) -> Owner:
    """The owner reference of everything that belongs to a cluster."""
    meta = cluster.metadata
    return Owner(API_VERSION, "BrokerCluster", meta.name, meta.namespace, meta.uid)


def _objects(snapshot: ClusterSnapshot, groups: Groups, draft: Draft) -> None:
    cluster = snapshot.cluster
    owner = owner_of(cluster)
    wanted = [network.broker_service(cluster.metadata.name), *_budgets(snapshot, groups)]
    wanted += [intent(snapshot, index, step.life) for index, step in sorted(groups.steps.items())]
    if not _held(snapshot):
        config_map = config.config_map(cluster, snapshot.config)
        name = config_map["metadata"]["name"]
        sets = [_stateful_set(view, name) for view in groups.views.values() if _has_workload(snapshot, view)]
        there, pending = rollout.split(sets, snapshot.objects, owner)
        draft.pending += pending
        allowed = _without_strangers(snapshot, groups, there, draft)
        # A group whose change is held back goes on with the ConfigMap that it was started with.
        wanted += [config_map, *allowed] if allowed else []
    actions, problems = objects.decide(wanted, snapshot.objects, owner)
    draft.actions += actions
    draft.problems += problems


def _budgets(snapshot: ClusterSnapshot, groups: Groups) -> list[Json]:
    staying = [view for view in groups.views.values() if view.life.phase not in {Phase.REMOVING, Phase.LEFT}]
    return network.budgets(
        snapshot.cluster.metadata.name,
        len(staying),
        sum(sizes.decide(snapshot, view.index).replicas - 1 for view in staying),
        masters_move=snapshot.nodes is not None,
        slaves_stay=any(view.life.phase is Phase.MOVING or _master_away(view) for view in staying),
    )


def _master_away(view: GroupView) -> bool:
    """A group whose master is not back, from a move or a failure, has only its slaves."""
    return view.life.initialized and (view.master is None or not view.master.ready)


def _has_workload(snapshot: ClusterSnapshot, view: GroupView) -> bool:
    """All groups but those on their last way; a group that joins must find its intent, which says that it starts closed."""
    name = names.intent(snapshot.cluster.metadata.name, view.index)
    told = view.life.phase is not Phase.JOINING or ("ConfigMap", name) in snapshot.objects
    return told and view.life.phase not in {Phase.REMOVING, Phase.LEFT}


def _stateful_set(view: GroupView, config_name: str) -> Json:
    """A group's StatefulSet; the size of one that exists follows rules of its own, and what is applied does not speak of it."""
    members = sizes.decide(view.snapshot, view.index).replicas
    made = workload.stateful_set(
        view.cluster, view.index, config_name, _hard_spread(view.snapshot, view.index), members
    )
    return unsized(made) if view.exists else made


def _members(snapshot: ClusterSnapshot, groups: Groups, draft: Draft, now_ms: int) -> None:
    """How many members each group has, and what its master must know of it; a group that leaves or moves stays as it is."""
    stable = {Phase.SERVING, Phase.JOINING, Phase.OPENING}
    running = [index for index, view in groups.views.items() if view.exists and view.life.phase in stable]
    for index in running:
        decision = sizes.decide(snapshot, index)
        draft.actions += sizes.actions(snapshot, index, decision)
        name = groups.views[index].name
        if decision.problem:
            draft.problems.append(decision.problem)
        if decision.waiting:
            draft.waiting.append(f"{name}: {decision.waiting}")
            draft.members.append(f"{name}: {decision.waiting}")
        if decision.pending:
            draft.held.append(f"{name}: {decision.pending}")
    draft.actions += sizes.restarts(snapshot, running, now_ms)


def _hard_spread(snapshot: ClusterSnapshot, group: int) -> bool:
    """Whether a group's members must not share a node: decided once, when there are nodes enough at its creation."""
    fact = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, group)))
    if fact:
        return b"requiredDuringScheduling" in bytes(fact.spec)
    return snapshot.nodes is not None and snapshot.nodes >= max(2, member_count(snapshot.cluster.spec))


def _held(snapshot: ClusterSnapshot) -> bool:
    """Whether workloads cannot be described yet: an input that the spec names is missing."""
    servers = snapshot.name_servers
    return bool(snapshot.problems) or not (servers.dns or servers.addresses)


def _without_strangers(snapshot: ClusterSnapshot, groups: Groups, sets: list[Json], draft: Draft) -> list[Json]:
    """Leaves out groups not started yet whose name somebody else holds on the name servers: starting them would do harm."""
    allowed = []
    for each in sets:
        view = groups.views[int(each["metadata"]["labels"][names.GROUP_LABEL])]
        problem = registration.foreign(snapshot.cluster, view.index, view.pods, snapshot.registrations)
        if problem and not view.exists:
            draft.problems.append(problem)
        else:
            allowed.append(each)
    return allowed


def _brokers(snapshot: ClusterSnapshot, draft: Draft) -> None:
    """What follows for each broker by itself: its readiness gate, its list of name servers."""
    for pod in snapshot.pods:
        fact = snapshot.brokers.get(pod.name)
        changes = (
            gates.decide(snapshot.cluster, pod, fact, snapshot.registrations),
            following.decide(pod, fact, snapshot.name_servers),
        )
        draft.actions += [change for change in changes if change]


def _openings(snapshot: ClusterSnapshot, groups: Groups, draft: Draft) -> None:
    for index, decision in groups.openings.items():
        view = groups.views[index]
        if decision.problem:
            draft.problems.append(decision.problem)
        if decision.waiting:
            draft.waiting.append(f"{view.name}: {decision.waiting}")
        action = _configure(snapshot, view, decision)
        if action:
            draft.actions.append(action)


def _configure(snapshot: ClusterSnapshot, view: GroupView, decision: opening.Decision) -> Configure | None:
    if view.master is None or decision.verdict is opening.Verdict.LEAVE:
        return None
    where = (view.address, view.master.name)
    if decision.verdict is opening.Verdict.FENCE:
        return Configure("MasterFenced", f"closed the master of {view.name} for sends", *where, opening.FENCE)
    opened = msgspec.structs.replace(view.life, initialized=True)
    first = None if view.life.initialized else owned(intent(snapshot, view.index, opened), owner_of(view.cluster))
    values = dict(opening.OPEN)
    if view.fact is not None and view.fact.file_reserved >= KEEP_HOURS:
        values["fileReservedTime"] = config.user_properties(view.cluster.spec, snapshot.config)["fileReservedTime"]
    return Configure("MasterOpened", f"opened the master of {view.name} for sends", *where, values, first)


def _steps(groups: Groups, draft: Draft) -> None:
    draft.actions += groups.actions
    for index, step in sorted(groups.steps.items()):
        draft.actions += step.actions
        if step.problem:
            draft.problems.append(step.problem)
        if step.doing and index < groups.wanted:
            draft.waiting.append(f"{groups.views[index].name} {step.doing}")


def _deletion(snapshot: ClusterSnapshot, groups: Groups, draft: Draft) -> None:
    action, problem = deleting.decide(snapshot, groups)
    if action:
        draft.actions.append(action)
    if problem:
        draft.problems.append(problem)
