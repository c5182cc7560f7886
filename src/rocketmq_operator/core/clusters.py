"""The plan of a BrokerCluster, put together from the rules beside it: objects, gates, openings, status."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, BrokerClusterStatus
from rocketmq_operator.api.schema import API_VERSION

from . import following, gates, names, objects, opening, registration, rollout, sizes
from .build import config, network, workload
from .cluster_status import report
from .drift import unsized
from .facts import ClusterSnapshot, PodFact, Problem
from .intents import existing, groups, initialized, intent, startable
from .members import member_count
from .membership import Decision
from .objects import Owner, owned
from .plan import Action, Configure, Plan

Json = dict[str, Any]


class Draft(msgspec.Struct):
    """A plan in the making: what each rule adds."""

    actions: list[Action] = []
    problems: list[Problem] = []
    waiting: list[str] = []
    pending: list[str] = []
    held: list[str] = []

    def add(self, prefix: str, group: int, decision: Decision) -> None:
        """What a group's members have to say."""
        name = f"{prefix}-{group}"
        self.waiting += [f"{name}: {decision.waiting}"] if decision.waiting else []
        self.held += [f"{name}: {decision.pending}"] if decision.pending else []
        self.problems += [decision.problem] if decision.problem else []


def plan(snapshot: ClusterSnapshot, now: str, now_ms: int) -> Plan[BrokerClusterStatus]:
    """What to do about a cluster, and what is true of it. ``now`` in RFC 3339, ``now_ms`` the same since 1970."""
    draft = Draft(problems=list(snapshot.problems))
    if snapshot.cluster.metadata.deletion_timestamp is None:
        _objects(snapshot, draft)
        _members(snapshot, draft, now_ms)
        _brokers(snapshot, draft)
        _openings(snapshot, draft, now_ms)
    if snapshot.cluster.spec.paused:
        draft.actions.clear()
    return report(snapshot, draft.actions, draft.problems, draft.waiting, draft.pending, draft.held, now, now_ms)


def owner_of(cluster: BrokerCluster) -> Owner:
    """The owner reference of everything that belongs to a cluster."""
    meta = cluster.metadata
    return Owner(API_VERSION, "BrokerCluster", meta.name, meta.namespace, meta.uid)


def _objects(snapshot: ClusterSnapshot, draft: Draft) -> None:
    cluster = snapshot.cluster
    spec, name = cluster.spec, cluster.metadata.name
    owner = owner_of(cluster)
    wanted = [network.broker_service(name), *network.budgets(name, member_count(spec) > 1)]
    wanted += [intent(snapshot, group, initialized(snapshot, group)) for group in groups(snapshot)]
    draft.pending += _held_groups(snapshot)
    if not _held(snapshot):
        config_map = config.config_map(cluster, snapshot.config)
        sets = [_stateful_set(snapshot, group, config_map["metadata"]["name"]) for group in startable(snapshot)]
        there, pending = rollout.split(sets, snapshot.objects, owner)
        draft.pending += pending
        allowed = _without_strangers(snapshot, there, draft)
        # A group whose change is held back goes on with the ConfigMap that it was started with.
        wanted += [config_map, *allowed] if allowed else []
    actions, problems = objects.decide(wanted, snapshot.objects, owner)
    draft.actions += actions
    draft.problems += problems


def _stateful_set(snapshot: ClusterSnapshot, group: int, config_name: str) -> Json:
    """A group's StatefulSet; the size of one that exists follows rules of its own, and what is applied does not speak of it."""
    members = sizes.decide(snapshot, group).replicas
    made = workload.stateful_set(snapshot.cluster, group, config_name, _hard_spread(snapshot, group), members)
    return unsized(made) if ("StatefulSet", made["metadata"]["name"]) in snapshot.objects else made


def _members(snapshot: ClusterSnapshot, draft: Draft, now_ms: int) -> None:
    """How many members each group has, and what its master must know of it."""
    running = [
        group
        for group in startable(snapshot)
        if ("StatefulSet", names.workload(snapshot.cluster.metadata.name, group)) in snapshot.objects
    ]
    for group in running:
        decision = sizes.decide(snapshot, group)
        said = owned(intent(snapshot, group, initialized(snapshot, group)), owner_of(snapshot.cluster))
        draft.actions += sizes.actions(snapshot, group, decision, said)
        draft.add(snapshot.cluster.spec.broker_name_prefix, group, decision)
    draft.actions += sizes.restarts(snapshot, running, now_ms)


def _held_groups(snapshot: ClusterSnapshot) -> list[str]:
    """Groups to add or to remove: neither is safe without moving metadata and messages."""
    wanted = set(range(snapshot.cluster.spec.group_replica))
    changed = (wanted - set(startable(snapshot))) | (set(existing(snapshot)) - wanted)
    return [names.workload(snapshot.cluster.metadata.name, group) for group in sorted(changed)]


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


def _without_strangers(snapshot: ClusterSnapshot, sets: list[Json], draft: Draft) -> list[Json]:
    """Leaves out groups not started yet whose name somebody else holds on the name servers: starting them would do harm."""
    allowed = []
    for each in sets:
        group = int(each["metadata"]["labels"][names.GROUP_LABEL])
        exists = ("StatefulSet", each["metadata"]["name"]) in snapshot.objects
        problem = registration.foreign(snapshot.cluster, group, _pods(snapshot, group), snapshot.registrations)
        if problem and not exists:
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


def _openings(snapshot: ClusterSnapshot, draft: Draft, now_ms: int) -> None:
    for index in groups(snapshot):
        pods = tuple(_pods(snapshot, index))
        if not pods:
            continue
        opened = initialized(snapshot, index)
        group = opening.Group(
            snapshot.cluster, index, pods, dict(snapshot.brokers), snapshot.registrations, opened, now_ms
        )
        decision = opening.decide(group)
        if decision.problem:
            draft.problems.append(decision.problem)
        if decision.waiting:
            draft.waiting.append(f"{snapshot.cluster.spec.broker_name_prefix}-{index}: {decision.waiting}")
        action = _configure(snapshot, pods[0], index, decision, opened)
        if action:
            draft.actions.append(action)


def _configure(
    snapshot: ClusterSnapshot, master: PodFact, group: int, decision: opening.Decision, opened: bool
) -> Configure | None:
    name = f"{snapshot.cluster.spec.broker_name_prefix}-{group}"
    address = f"{master.ip}:{names.BROKER_PORT}"
    if decision.verdict is opening.Verdict.FENCE:
        return Configure("MasterFenced", f"closed the master of {name} for sends", address, master.name, opening.FENCE)
    if decision.verdict is opening.Verdict.OPEN:
        first = None if opened else owned(intent(snapshot, group, True), owner_of(snapshot.cluster))
        return Configure(
            "MasterOpened", f"opened the master of {name} for sends", address, master.name, opening.OPEN, first
        )
    return None


def _pods(snapshot: ClusterSnapshot, group: int) -> list[PodFact]:
    return registration.pods_of(snapshot.pods, group)
