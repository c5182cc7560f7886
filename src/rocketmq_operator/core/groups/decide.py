"""All groups of a cluster at one moment: which there are, where each stands, and the one step that each takes."""

from collections.abc import Collection, Mapping

import msgspec

from .. import intent_data, intents, names, opening
from ..build import storage
from ..facts import ClusterSnapshot
from ..members import existing
from ..plan import Action, Configure, PutOrders, Remove, SetPartition, WipeWritePermission
from ..rollout import survey, turn
from ..rollout.course import AWAY, IN_TURN, Course, chart
from ..rollout.target import Target, resolve
from . import filling, joining, leaving, moving
from .closing import CLOSE, Circle
from .data import Demand
from .life import LEAVING_PHASES, Life, Phase
from .step import Step
from .view import GroupView, Views


class Groups(msgspec.Struct, frozen=True):
    """What was decided: a view and a step for each group that is looked after, actions on groups that stay, and opening
    verdicts by group. Groups below ``wanted`` are those that the spec asks for."""

    views: dict[int, GroupView]
    steps: dict[int, Step]
    openings: dict[int, opening.Decision]
    wanted: int
    course: Course
    actions: tuple[Action, ...] = ()


def decide(snapshot: ClusterSnapshot, target: Target, now_ms: int) -> Groups:
    """One step of every group. ``target`` is the revision that is to run; the snapshot's spec is that revision's."""
    views = views_of(snapshot, now_ms)
    course = chart(snapshot, views, target, now_ms)
    wanted = set(range(snapshot.cluster.spec.group_replica))
    circle = _circle(views, wanted, now_ms)
    openings = {index: opening.decide(_opened(view, now_ms)) for index, view in views.items() if _opens(view, wanted)}
    steps: dict[int, Step] = {}
    deleted = snapshot.cluster.metadata.deletion_timestamp is not None
    for index, view in sorted(views.items()):
        if deleted:
            # Nothing comes, goes or moves any more; but a master that cannot start would never be read.
            steps[index] = turn.mended(view, circle, course, Step(view.life))
        elif index in wanted:
            steps[index] = _wanted(view, circle, openings, steps, course)
        else:
            steps[index] = turn.mended(view, circle, course, leaving.step(view, circle))
    steps = {index: _as_seen(views[index], step) for index, step in steps.items()}
    # Nobody is opened while a member of it is taken.
    openings = {index: each for index, each in openings.items() if not takes(steps[index])}
    filled = filling.decide(circle, steps)
    return Groups(views, filled.steps, openings, len(wanted), course, filled.actions)


def takes(step: Step) -> bool:
    """Whether a step takes a member of its group away."""
    return any(isinstance(each, Remove | SetPartition) for each in step.actions)


def _as_seen(view: GroupView, step: Step) -> Step:
    """A member is taken, and name servers are told of the group, only while its intent is as it was seen: a look may take seconds, and so may
    each request of a plan, and another operator that runs for a moment may have opened the group meanwhile (found by the simulator)."""
    seen = intent_data.seen(view.snapshot, view.index)
    actions = (
        msgspec.structs.replace(each, intent=seen)
        if isinstance(each, Remove | SetPartition | WipeWritePermission | PutOrders)
        else each
        for each in step.actions
    )
    return msgspec.structs.replace(step, actions=tuple(actions))


def demand(snapshot: ClusterSnapshot, now_ms: int) -> Demand:
    """What must be looked at before ``decide`` can go on: nothing while no group comes, goes, is being given something or is to be closed."""
    snapshot, target = resolve(snapshot)
    views = views_of(snapshot, now_ms)
    wanted = set(range(snapshot.cluster.spec.group_replica))
    coming = [view for view in views.values() if view.life.phase in (Phase.JOINING, Phase.OPENING)]
    going = [view for index, view in views.items() if index not in wanted and view.life.phase is not Phase.LEFT]
    deleting = snapshot.cluster.metadata.deletion_timestamp is not None
    if not (coming or going or deleting or filling.begun(views)):
        return Demand(_closing(snapshot, views, target, now_ms))
    masters = frozenset(view.master.name for view in views.values() if view.master)
    slaves = frozenset(pod.name for view in coming for pod in view.slaves)
    full = views.values() if deleting else (*going, *coming)
    return Demand(masters | slaves, frozenset(view.master.name for view in full if view.master), bool(coming or going))


def doubts(snapshot: ClusterSnapshot, now_ms: int) -> Mapping[str, str]:
    """The slaves whose end of the log must be compared with their master's before ``decide`` can go on (master's pod by slave's): only
    those of a master that is about to open."""
    if all(fact.accepts_from <= now_ms and fact.permission & 2 for fact in snapshot.brokers.values()):
        return {}
    snapshot, _ = resolve(snapshot)
    wanted = range(snapshot.cluster.spec.group_replica)
    views = [view for view in views_of(snapshot, now_ms).values() if _opens(view, wanted) and view.master]
    asked = ((view.master, opening.decide(_opened(view, now_ms)).asks) for view in views)
    return {slave: master.name for master, slaves in asked if master for slave in slaves}


def _closing(snapshot: ClusterSnapshot, views: Views, target: Target, now_ms: int) -> frozenset[str]:
    """Masters of groups that a rollout may close next: whether they have order topics decides how."""
    if not any(each.outdated for each in survey.standings(snapshot, views, target, now_ms).values()):
        return frozenset()
    course = chart(snapshot, views, target, now_ms)
    found = (views[index] for index, each in course.standings.items() if each.outdated and not course.gate(index))
    return frozenset(view.master.name for view in found if view.master and view.life.phase is Phase.SERVING)


def views_of(snapshot: ClusterSnapshot, now_ms: int) -> dict[int, GroupView]:
    """Groups that the spec asks for, that run, or that are on their way out. A new one of a cluster that holds messages joins."""
    known = intents.lives(snapshot)
    grown = any(life.initialized for life in known.values())
    found: dict[int, GroupView] = {}
    for index in sorted({*range(snapshot.cluster.spec.group_replica), *existing(snapshot), *known}):
        life = known.get(index)
        wanted = index < snapshot.cluster.spec.group_replica
        begins = Phase.JOINING if grown else Phase.SERVING
        if life is None:
            life = Life(begins, now_ms) if wanted and index not in existing(snapshot) else Life()
        elif life.phase is Phase.LEFT and not _lingers(snapshot, index):
            if not wanted:
                continue
            life = life.again(begins, now_ms)
        found[index] = GroupView(snapshot, index, life)
    return found


def _lingers(snapshot: ClusterSnapshot, index: int) -> bool:
    """Whether something of a group runs: a request to create its StatefulSet may arrive after the group has left."""
    return index in existing(snapshot) or any(pod.group == index for pod in snapshot.pods)


def _circle(views: Views, wanted: set[int], now_ms: int) -> Circle:
    staying = tuple(
        view
        for index, view in sorted(views.items())
        if index in wanted
        and view.life.phase is Phase.SERVING
        and view.life.initialized
        and view.accepting(now_ms)
        and view.registered_everywhere
    )
    going = tuple(view for index, view in sorted(views.items()) if index not in wanted)
    spec = next(iter(views.values())).cluster.spec if views else None
    own = frozenset(view.name for view in views.values()) | ({spec.cluster_name} if spec else frozenset())
    knowing = tuple(view for index, view in sorted(views.items()) if index in wanted and view.life.initialized)
    return Circle(going, staying, knowing, own, now_ms)


def _opens(view: GroupView, wanted: Collection[int]) -> bool:
    # One that goes and was never open stays closed: it goes for having been closed all the time.
    if view.index not in wanted and not view.life.initialized:
        return False
    # What belongs to a deleted cluster may be collected already, by a view in which the cluster is still there: without its intent nobody
    # knows whether a group was closed.
    if view.cluster.metadata.deletion_timestamp is not None and intent_data.data_of(view.snapshot, view.index) is None:
        return False
    return bool(view.pods) and view.life.phase in (Phase.SERVING, Phase.OPENING)


def _opened(view: GroupView, now_ms: int) -> opening.Group:
    snapshot = view.snapshot
    return opening.Group(
        view.cluster,
        view.index,
        view.pods,
        dict(snapshot.brokers),
        snapshot.registrations,
        view.life.initialized,
        now_ms,
        _absent(view),
        snapshot.tails,
    )


def _absent(view: GroupView) -> tuple[str, ...]:
    """Slaves without a pod, evicted or replaced a moment ago, whose volumes are there or may be."""
    cluster, claims, there = view.cluster, view.snapshot.claims, {pod.member for pod in view.pods}
    if cluster.spec.empty_dir:
        return ()
    missing = (each for each in range(1, view.replicas) if each not in there)
    pods = (names.broker_pod(cluster.metadata.name, view.index, each) for each in missing)
    return tuple(pod for pod in pods if claims is None or storage.store_claim(cluster.spec, pod) in claims)


def _wanted(
    view: GroupView, circle: Circle, openings: dict[int, opening.Decision], before: dict[int, Step], course: Course
) -> Step:
    """A group that the spec asks for."""
    life = view.life
    if life.phase in LEAVING_PHASES:
        return _called_back(view, circle)
    match life.phase:
        case Phase.JOINING:
            return turn.fresh(view, circle, course) or joining.step(view, circle)
        case Phase.OPENING:
            decision = openings.get(view.index)
            opens = joining.opening(view, circle, decision) if decision else Step(life, doing="opens", again=1.0)
            return turn.mended(view, circle, course, opens)
        case Phase.MOVING:
            return moving.step(view, circle)
        case Phase.LEFT:
            return leaving.step(view, circle)
        case Phase.YIELDING | Phase.RESTARTING:
            return turn.step(view, circle, course) or Step(life)
    others_move = any(step.life.phase in AWAY for step in before.values()) or any(
        other.life.phase in AWAY for other in circle.knowing if other.index != view.index
    )
    begun = moving.begin(view, circle, others_move) if life.initialized else None
    if begun:
        return begun
    closed = {index for index, step in before.items() if step.life.phase in IN_TURN}
    closed |= {other.index for other in circle.knowing if other.life.phase in IN_TURN}
    return turn.in_order(view, turn.step(view, circle, course), closed, course) or Step(life)


def _called_back(view: GroupView, circle: Circle) -> Step:
    """Wanted again in the middle: back to work, unless its workload is gone already or may be, for views lag; then it ends, and
    joins anew."""
    if view.life.phase is Phase.REMOVING and (view.life.initialized or not view.exists):
        return leaving.step(view, circle)
    if not view.life.initialized:
        return Step(view.life.to(Phase.JOINING, circle.now_ms), doing="joins", again=0.5)
    fact = view.fact
    hidden = view.life.phase is Phase.CLOSING_ORDER or (view.life.phase is Phase.CLOSING and not view.down)
    if hidden and view.master and (fact is None or fact.permission != 4):
        # Only a change of brokerPermission makes name servers give order topics back what code 205 took; so it is closed, then opened.
        message = f"closed {view.name} for a moment, to bring its order topics back"
        return Step(
            view.life,
            (Configure("GroupClosed", message, view.address, view.master.name, CLOSE),),
            "is taken back",
            again=0.5,
        )
    return Step(view.life.to(Phase.OPENING, circle.now_ms), doing="is taken back", again=0.5)
