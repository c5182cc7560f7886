"""The plan of a BrokerCluster, put together from the rules beside it: objects, gates, groups, openings, deletion, status."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterStatus

from . import beside, cluster_objects, deleting, following, gates, names, opening, rolling, sizes
from .build import config
from .cluster_owner import owner_of
from .cluster_status import report
from .facts import ClusterSnapshot, Problem
from .groups.closing import CLOSE, KEEP_HOURS
from .groups.decide import Groups, decide, takes
from .groups.life import Phase
from .groups.view import GroupView
from .intents import intent
from .objects import owned
from .plan import Action, Configure, Plan, PutOrders, SetGate, WipeWritePermission
from .rollout.course import AWAY, IN_TURN
from .rollout.target import resolve
from .volumes import decide as volumes

Json = dict[str, Any]


class Draft(msgspec.Struct):
    """A plan in the making: what each rule adds."""

    actions: list[Action] = []
    problems: list[Problem] = []
    waiting: list[str] = []
    held: list[str] = []
    members: list[str] = []


def plan(snapshot: ClusterSnapshot, now: str, now_ms: int) -> Plan[BrokerClusterStatus]:
    """What to do about a cluster, and what is true of it. ``now`` in RFC 3339, ``now_ms`` the same since 1970."""
    snapshot, target = resolve(snapshot)
    draft = Draft(problems=list(snapshot.problems))
    groups = decide(snapshot, target, now_ms)
    deleted = snapshot.cluster.metadata.deletion_timestamp is not None
    if not deleted:
        _objects(snapshot, groups, draft)
    elif {names.MESSAGES_FINALIZER, "foregroundDeletion"} & {*snapshot.cluster.metadata.finalizers} == {
        names.MESSAGES_FINALIZER
    }:
        _held(snapshot, groups, draft)
    _brokers(snapshot, draft)
    _openings(snapshot, groups, draft)
    if not deleted:
        _steps(groups, draft)
        _members(snapshot, groups, draft, now_ms)
        _volumes(snapshot, groups, draft, now_ms)
    if snapshot.cluster.spec.paused:
        # A gate is no change but the truth about a pod; and a deletion that nothing holds back is not held back by a pause.
        draft.actions = [action for action in draft.actions if isinstance(action, SetGate)]
    # What was begun is ended, too.
    draft.actions += volumes.restore(snapshot, groups)
    _deletion(snapshot, groups, draft, now_ms)
    return report(
        snapshot,
        groups,
        beside.asked(snapshot, draft.actions),
        draft.problems,
        draft.waiting,
        draft.members,
        draft.held,
        now,
        now_ms,
    )


def _objects(snapshot: ClusterSnapshot, groups: Groups, draft: Draft) -> None:
    found = cluster_objects.decide(snapshot, groups)
    draft.actions += found.actions
    draft.problems += found.problems
    draft.problems += groups.course.problems
    draft.actions += rolling.actions(snapshot, groups)


def _held(snapshot: ClusterSnapshot, groups: Groups, draft: Draft) -> None:
    """Held back until everything is read, for which consumers must find the brokers, also those that start again; and one that
    cannot start gets what the spec says by now."""
    if any(step.template for step in groups.steps.values()):
        draft.actions += rolling.remembered(snapshot, groups)
    draft.actions += cluster_objects.held(snapshot, groups)
    draft.actions += [action for step in groups.steps.values() for action in step.actions]


def _members(snapshot: ClusterSnapshot, groups: Groups, draft: Draft, now_ms: int) -> None:
    """How many members each group has, and what its master must know of it; a group that leaves or moves stays as it is.

    One that is closed for a rollout does not: its turn goes on only when its members are settled. Slaves that were left behind
    are made anew there, too, and where a master moves: both wait for slaves that hold everything.
    """
    stable = {Phase.SERVING, Phase.JOINING, Phase.OPENING}
    there = {index: view.life.phase for index, view in groups.views.items() if view.exists}
    for index in (index for index, phase in there.items() if phase in stable | IN_TURN):
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
    copying = stable | AWAY
    calm = [index for index, phase in there.items() if phase in copying and not takes(groups.steps[index])]
    draft.actions += sizes.restarts(snapshot, calm, now_ms)


def _volumes(snapshot: ClusterSnapshot, groups: Groups, draft: Draft, now_ms: int) -> None:
    """How volumes grow, and what is done when one is lost; last, because it must not take whom another rule takes."""
    found = volumes.decide(snapshot, groups, draft.actions, now_ms)
    draft.actions += found.actions
    draft.problems += found.problems
    draft.waiting += found.waiting


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
        # The fence alone lets consumers send back, which makes a log that lost its end as long as its slave's, with other messages.
        values = {**CLOSE, **opening.FENCE}
        return Configure("MasterFenced", f"closed the master of {view.name} for sends", *where, values)
    opened = msgspec.structs.replace(view.life, initialized=True)
    first = None if view.life.initialized else owned(intent(snapshot, view.index, opened), owner_of(view.cluster))
    values = dict(opening.OPEN)
    if view.fact is not None and view.fact.file_reserved >= KEEP_HOURS:
        values["fileReservedTime"] = config.user_properties(view.cluster.spec, snapshot.config)["fileReservedTime"]
    return Configure("MasterOpened", f"opened the master of {view.name} for sends", *where, values, first)


def _steps(groups: Groups, draft: Draft) -> None:
    actions = [*groups.actions, *(each for _, step in sorted(groups.steps.items()) for each in step.actions)]
    # What name servers are told rests on intents as they were seen, so it comes before these are written, maybe by this very plan.
    told = [each for each in actions if isinstance(each, WipeWritePermission | PutOrders)]
    others = [each for each in actions if not isinstance(each, WipeWritePermission | PutOrders)]
    draft.actions = [*told, *draft.actions, *others]
    for index, step in sorted(groups.steps.items()):
        if step.problem:
            draft.problems.append(step.problem)
        if step.doing and index < groups.wanted:
            draft.waiting.append(f"{groups.views[index].name} {step.doing}")


def _deletion(snapshot: ClusterSnapshot, groups: Groups, draft: Draft, now_ms: int) -> None:
    decision = deleting.decide(snapshot, groups, now_ms)
    draft.actions += decision.actions
    if decision.problem:
        draft.problems.append(decision.problem)
    if decision.waiting:
        draft.waiting.append(decision.waiting)
