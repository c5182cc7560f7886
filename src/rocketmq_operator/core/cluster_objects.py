"""The objects of a BrokerCluster: what is wanted now, against what is there."""

from collections.abc import Container
from typing import Any

import msgspec

from . import intent_data, names, objects, registration, sizes
from .build import config, network
from .cluster_owner import owner_of
from .facts import ClusterSnapshot, PodFact, Problem
from .groups.decide import Groups, takes
from .groups.life import OVER, Phase
from .groups.view import GroupView
from .intents import as_it_stands, intent, lives
from .members import member_count
from .plan import Action, Apply
from .rollout import workloads
from .rollout.course import AWAY
from .rollout.template import going_now
from .volumes import anew

Json = dict[str, Any]


class Decided(msgspec.Struct, frozen=True):
    """Actions and problems."""

    actions: list[Action]
    problems: list[Problem]


def decide(snapshot: ClusterSnapshot, groups: Groups) -> Decided:
    """What to create and to mend, and what stands in the way."""
    problems: list[Problem] = []
    cluster = snapshot.cluster
    owner = owner_of(cluster)
    wanted = [network.broker_service(cluster.metadata.name), *_budgets(snapshot, groups)]
    wanted += [intent(snapshot, index, step.life) for index, step in sorted(groups.steps.items())]
    if not _held(snapshot):
        config_map, sets = _sets(snapshot, groups)
        allowed = _without_strangers(snapshot, groups, sets, problems)
        # A group that stays as it is goes on with the ConfigMap that it was started with.
        wanted += [config_map, *allowed] if allowed else []
    actions, taken = objects.decide(wanted, snapshot.objects, owner)
    return Decided(_one_by_one(snapshot, groups, actions), [*problems, *taken])


def _one_by_one(snapshot: ClusterSnapshot, groups: Groups, actions: list[Action]) -> list[Action]:
    """A group is closed, or begins to move, only while those that count as open are as they were seen: by a view that lags a second one
    would follow the one that has just begun (found by the simulator)."""
    phases = {index: (view.life.phase, groups.steps[index].life.phase) for index, view in groups.views.items()}
    begin = {index for index, (now, then) in phases.items() if then in AWAY and now not in AWAY}
    if not begin:
        return actions
    intents = {names.intent(snapshot.cluster.metadata.name, index) for index in begin}
    stay = (index for index, each in phases.items() if index < groups.wanted and AWAY.isdisjoint(each))
    seen = tuple(each for index in stay if (each := intent_data.seen(snapshot, index)))
    return [
        msgspec.structs.replace(each, seen=seen)
        if isinstance(each, Apply) and each.obj["metadata"]["name"] in intents
        else each
        for each in actions
    ]


def held(snapshot: ClusterSnapshot, groups: Groups) -> list[Action]:
    """What brokers need to be found and to find: their Service, and name servers in the intents that there are; and the template
    of a group whose master cannot start with what it has."""
    intents = (as_it_stands(snapshot, index) for index, view in groups.views.items() if view.exists)
    wanted = [network.broker_service(snapshot.cluster.metadata.name), *(each for each in intents if each)]
    if not _held(snapshot):
        config_map, sets = _sets(snapshot, groups, {index for index, step in groups.steps.items() if step.template})
        wanted += [config_map, *sets] if sets else []
    return objects.decide(wanted, snapshot.objects, owner_of(snapshot.cluster))[0]


def _sets(snapshot: ClusterSnapshot, groups: Groups, only: Container[int] | None = None) -> tuple[Json, list[Json]]:
    """The ConfigMap of the target, and the StatefulSets that use it, of all groups or of some."""
    config_map = config.config_map(snapshot.cluster, snapshot.config)
    name = config_map["metadata"]["name"]
    views = [view for view in groups.views.values() if _has_workload(snapshot, view)]
    made = (
        workloads.wanted(groups, view, name, _hard_spread(snapshot, view.index))
        for view in views
        if only is None or view.index in only
    )
    return config_map, [each for each in made if each]


def _budgets(snapshot: ClusterSnapshot, groups: Groups) -> list[Json]:
    # As long as a group that is removed has its workload, its pods are among those that the budgets count.
    staying = [view for view in groups.views.values() if view.exists or view.life.phase not in OVER]
    left = _left_over(groups)
    masters = sum(not pod.member for pod in left)
    return network.budgets(
        snapshot.cluster.metadata.name,
        len(staying) + masters,
        sum(_members(snapshot, view.index) - 1 for view in staying) + len(left) - masters,
        masters_move=snapshot.nodes is not None,
        slaves_stay=any(
            view.life.phase in AWAY or _master_away(view) or _restarts(snapshot, groups, view) for view in staying
        ),
    )


def _left_over(groups: Groups) -> list[PodFact]:
    """Pods whose StatefulSet was removed and that nobody stops yet: until the garbage collector has come to them, the budgets count them as
    healthy, and one of another group could be evicted in their place (found by the simulator)."""
    gone = (view for view in groups.views.values() if not view.exists and view.life.phase in OVER)
    return [pod for view in gone for pod in view.pods if not pod.deleting]


def _members(snapshot: ClusterSnapshot, group: int) -> int:
    """As many as there are to be; a slave that is to go counts until it is told to, or others could be evicted in its place."""
    return max(sizes.decide(snapshot, group).replicas, sizes.group_of(snapshot, group).replicas or 0)


def _master_away(view: GroupView) -> bool:
    """A group whose master is not back, from a move or a failure, has only its slaves."""
    return view.life.initialized and (view.master is None or not view.master.ready)


def _restarts(snapshot: ClusterSnapshot, groups: Groups, view: GroupView) -> bool:
    """Whether a member is told to restart, or was and its controller has not come to it yet: until then the budgets count it as healthy, and
    another of its group could be evicted beside it (found by the simulator)."""
    workload = snapshot.objects.get(("StatefulSet", view.workload))
    told = workload is not None and any(going_now(workload, pod) for pod in view.slaves)
    return view.life.initialized and (told or takes(groups.steps[view.index]))


def _has_workload(snapshot: ClusterSnapshot, view: GroupView) -> bool:
    """All groups but those on their last way, and those whose set is made anew."""
    return _told(snapshot, view) and not anew.gone(snapshot, view.index) and view.life.phase not in OVER


def _told(snapshot: ClusterSnapshot, view: GroupView) -> bool:
    """Whether a group's pods find in its intent the life that they are to begin. A group that joins must find that it starts closed; and with
    the intent of a life before, kept volumes of that life would not be emptied (found by the simulator: of the two writes only the
    StatefulSet came through)."""
    told = lives(snapshot).get(view.index)
    return view.life.phase is not Phase.JOINING if told is None else told.number == view.life.number


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


def _without_strangers(
    snapshot: ClusterSnapshot, groups: Groups, sets: list[Json], problems: list[Problem]
) -> list[Json]:
    """Leaves out groups not started yet whose name somebody else holds on the name servers: starting them would do harm."""
    allowed = []
    for each in sets:
        view = groups.views[int(each["metadata"]["labels"][names.GROUP_LABEL])]
        problem = registration.foreign(snapshot.cluster, view.index, view.pods, snapshot.registrations)
        if problem and not view.exists:
            problems.append(problem)
        else:
            allowed.append(each)
    return allowed
