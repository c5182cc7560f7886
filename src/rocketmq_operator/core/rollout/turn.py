"""One group's way through a rollout: slaves from the highest down, then the master, one member at a time.

A slave restarts while its group is open if what is left still acknowledges messages; else the group is closed first, as it
always is for its master. Order topics are taken out of the routes before that (code 205), because a closed broker refuses
their sends at once and selectors do not try elsewhere (ROCKETMQ.md §8). With one open group only, closing would lengthen the
outage and spare no client a failed send, so it is skipped.
"""

import msgspec

from ..facts import BrokerFact, PodFact, Problem
from ..groups.closing import CLOSE, Circle, configure, rules
from ..groups.life import Phase
from ..groups.moving import changing, unequal
from ..groups.step import Step
from ..groups.view import GroupView
from ..membership import full_copy
from ..opening import FENCE
from ..plan import Action, Remove, SetPartition, WipeWritePermission
from ..registration import answering
from .course import Course
from .standing import BROKEN_MS, Standing, broken, going_now

LOOK_SECONDS = 2.0
SETTLE_SECONDS = 11.0
"""A slave takes topics and offsets from its master each 10 s; what was written last must have reached it."""
YIELDED = "yielded"
OVER = frozenset({Phase.REMOVING, Phase.LEFT})


def step(view: GroupView, circle: Circle, course: Course) -> Step | None:
    """The next step of a group; None if a rollout has nothing to do with it."""
    standing = course.standings.get(view.index)
    if view.life.phase is Phase.SERVING:
        return _serving(view, circle, course, standing) if standing and standing.due else None
    if standing is None or not standing.due:
        return _back(view, circle) if view.life.phase is Phase.YIELDING else _done(view, circle)
    if view.life.phase is Phase.YIELDING:
        return _yielding(view, circle, course)
    return _restarting(view, circle, course, standing)


def fresh(view: GroupView, circle: Circle, course: Course) -> Step | None:
    """A group that was never open is brought up to date before anything else; None if it is."""
    standing = course.standings.get(view.index)
    if standing is None or not standing.due or course.gate(view.index):
        return None
    return msgspec.structs.replace(
        _serving(view, circle, course, standing), doing="joins: its pods are brought up to date"
    )


def mended(view: GroupView, circle: Circle, course: Course, step: Step) -> Step:
    """A group that opens or leaves runs what it runs; but one whose master cannot start would neither open nor ever be read."""
    standing, master = course.standings.get(view.index) or course.going.get(view.index), view.master
    if standing is None or not standing.due or course.stop or step.actions or view.life.phase in OVER:
        return step
    if view.fact is not None or not _given_up(master, circle.now_ms):
        return step
    if any(broken(pod, circle.now_ms) and pod.name not in standing.why for pod in view.pods):
        # What it would get is what already fails.
        return step
    if standing.template_due:
        return msgspec.structs.replace(step, template=True)
    return msgspec.structs.replace(step, actions=_replace(view, standing, standing.outdated[0], circle.now_ms).actions)


def _serving(view: GroupView, circle: Circle, course: Course, standing: Standing) -> Step:
    """Open: the template is written, slaves that can be spared restart, and then the group closes."""
    gate = course.gate(view.index)
    if gate:
        return Step(view.life, rolling=gate, again=LOOK_SECONDS)
    if standing.template_due:
        return _template(view, circle, standing)
    pod = standing.outdated[0]
    if not view.life.initialized and view.accepting(circle.now_ms):
        # Its opening was seen before it was read back.
        return Step(view.life, rolling="is just opened", again=1.0)
    if not view.life.initialized or _useless(view, pod, circle.now_ms):
        return _replace(view, standing, pod, circle.now_ms)
    waiting = _others(view, standing, pod) or changing(view)
    if waiting:
        return Step(view.life, rolling=f"waits to restart {pod.name}: {waiting}", again=LOOK_SECONDS)
    if stays_open(view, pod):
        return _restart(view, standing, pod)
    return _close(view, circle, pod)


def _template(view: GroupView, circle: Circle, standing: Standing) -> Step:
    """Written only where no pod is just starting: an edit during a rollout is taken in between two members."""
    ended = any(broken(pod, circle.now_ms) for pod in view.pods)
    for pod in view.pods if view.life.initialized else ():
        if pod.deleting or (not pod.ready and not broken(pod, circle.now_ms)):
            return Step(view.life, rolling=f"takes the change in when {pod.name} is ready", again=LOOK_SECONDS)
    if view.life.initialized and changing(view) and not ended:
        return Step(view.life, rolling="takes the change in when its members are settled", again=LOOK_SECONDS)
    return Step(view.life, rolling="gets its new template", again=0.5, template=True)


def _close(view: GroupView, circle: Circle, pod: PodFact) -> Step:
    """Towards a closed group, through Yielding where there are order topics."""
    if stays_put(view, pod):
        return Step(view.life, rolling="stays as it is", problem=in_pod(view), again=30.0)
    if not has_others(view):
        return Step(view.life.to(Phase.RESTARTING, circle.now_ms), rolling="is being closed", again=0.5)
    if not _elsewhere(view, circle):
        return Step(view.life, rolling="waits until another group is open", again=LOOK_SECONDS)
    if view.data is None:
        return Step(view.life, rolling="waits for an answer of its master", again=LOOK_SECONDS)
    if any(topic.order for topic in view.data.topics.values()):
        return Step(view.life.to(Phase.YIELDING, circle.now_ms), rolling="order topics leave it", again=0.5)
    return Step(view.life.to(Phase.RESTARTING, circle.now_ms), rolling="is being closed", again=0.5)


def _yielding(view: GroupView, circle: Circle, course: Course) -> Step:
    """Name servers are told again at each look: one forgets it when it restarts, or when a topic changes."""
    if _gives_way(view, circle, course):
        return _back(view, circle)
    wiped = tuple(
        WipeWritePermission("", f"took {view.name} out of the routes for writing", server, view.name)
        for server in answering(view.snapshot.registrations)
    )
    left = (view.life.since - circle.now_ms) / 1000 + rules(view).close_seconds
    if left > 0:
        return Step(view.life, wiped, rolling="order topics leave it; clients learn it", again=min(left, 10.0))
    closing = msgspec.structs.replace(view.life.to(Phase.RESTARTING, circle.now_ms), reading=YIELDED)
    return Step(closing, wiped, rolling="is being closed", again=0.5)


def _restarting(view: GroupView, circle: Circle, course: Course, standing: Standing) -> Step:
    """Closed or closing: the rest of the slaves, then the master."""
    if _gives_way(view, circle, course):
        return _open_again(view, circle)
    if course.stop:
        return Step(view.life, rolling=course.stop, again=LOOK_SECONDS)
    if standing.template_due:
        return _template(view, circle, standing)
    pod = standing.outdated[0]
    if stays_put(view, pod):
        return _open_again(view, circle)
    return _closed(view, circle, standing, pod)


def _closed(view: GroupView, circle: Circle, standing: Standing, pod: PodFact) -> Step:
    """Closed, and clients gone, before a member restarts."""
    fact = view.fact
    if _useless(view, pod, circle.now_ms):
        return _replace(view, standing, pod, circle.now_ms)
    waiting = _others(view, standing, pod) or changing(view)
    if fact is None:
        return Step(view.life, rolling=f"waits to restart {pod.name}: its master does not answer", again=LOOK_SECONDS)
    if fact.permission != 4 and has_others(view) and not _elsewhere(view, circle):
        return Step(view.life, rolling="waits until another group is open", again=LOOK_SECONDS)
    if fact.permission != 4:
        message = f"closed {view.name} for writing, before {pod.name} restarts"
        later = msgspec.structs.replace(view.life, since=circle.now_ms)
        return Step(later, (configure(view, "GroupClosed", message, CLOSE),), rolling="is being closed", again=1.0)
    left = _clients(view, circle)
    if left > 0:
        return Step(view.life, rolling="is closed for writing; clients learn it", again=min(left, 10.0))
    if waiting:
        return Step(view.life, rolling=f"waits to restart {pod.name}: {waiting}", again=1.0)
    return _restart(view, standing, pod) if pod.member else _master(view, circle, standing, pod)


def _master(view: GroupView, circle: Circle, standing: Standing, pod: PodFact) -> Step:
    """Fenced, so that nothing is acknowledged any more; equal to its slaves; then it may go."""
    if not view.fenced():
        fence = configure(
            view, "MasterFenced", f"fenced the master of {view.name} before it restarts", {**CLOSE, **FENCE}
        )
        return Step(view.life, (fence,), rolling="is fenced", again=0.5)
    left = (view.life.since - circle.now_ms) / 1000 + SETTLE_SECONDS
    if left > 0 and view.slaves:
        return Step(view.life, rolling="its slave takes over topics and offsets", again=min(left, 2.0))
    waiting = unequal(view)
    if waiting:
        return Step(view.life, rolling=f"is fenced; {waiting}", again=1.0)
    return _restart(view, standing, pod)


def _restart(view: GroupView, standing: Standing, pod: PodFact) -> Step:
    """A new template is let through to this member; a restart on request takes the pod."""
    why = ", ".join(standing.why[pod.name])
    message = f"restarts {pod.name}: {why}"
    action: Action
    if not standing.behind(pod):
        action = Remove(standing.why[pod.name][0], message, "Pod", pod.name, pod.uid)
    elif standing.partition > pod.member:
        fact = standing.workload
        action = SetPartition(
            standing.why[pod.name][0], message, fact.name, fact.uid, fact.resource_version, pod.member
        )
    else:
        return Step(view.life, rolling=f"waits for the restart of {pod.name}", again=LOOK_SECONDS)
    return Step(view.life, (action,), rolling=message, again=1.0)


def _replace(view: GroupView, standing: Standing, pod: PodFact, now_ms: int) -> Step:
    """A pod that does not serve: nothing is lost by its restart, and its controller may wait for it for ever.

    One that is just starting is waited for all the same: what it starts with may be what keeps pods from serving.
    """
    if pod.deleting:
        return Step(view.life, rolling=f"waits until {pod.name} has ended", again=LOOK_SECONDS)
    gone = _let_through(view, standing, pod)
    if gone:
        return Step(view.life, rolling=f"waits to replace {pod.name}: {gone}", again=LOOK_SECONDS)
    if view.life.initialized and len(view.pods) < standing.workload.replicas:
        return Step(view.life, rolling=f"waits to replace {pod.name}: a member is missing", again=LOOK_SECONDS)
    for other in view.pods if view.life.initialized else ():
        if other.name != pod.name and not other.ready and not broken(other, now_ms):
            return Step(view.life, rolling=f"waits to replace {pod.name}: {other.name} starts", again=LOOK_SECONDS)
    if standing.behind(pod) and standing.partition > pod.member:
        return _restart(view, standing, pod)
    message = f"replaces {pod.name}, which does not serve: {', '.join(standing.why[pod.name])}"
    action = Remove(standing.why[pod.name][0], message, "Pod", pod.name, pod.uid)
    return Step(view.life, (action,), rolling=message, again=1.0)


def _useless(view: GroupView, pod: PodFact, now_ms: int) -> bool:
    """Whether a pod may be replaced without further ado: it does not serve, or its master does not; and its volume stays.

    One that answers serves, ready or not: a name server that does not list it takes it from nobody who knows it.
    """
    if view.cluster.spec.empty_dir and (not pod.member or view.fact is None):
        return False
    silent = view.snapshot.brokers.get(pod.name) is None
    return (silent and broken(pod, now_ms)) or (view.fact is None and _given_up(view.master, now_ms))


def _given_up(master: PodFact | None, now_ms: int) -> bool:
    """Whether a master had time to come back and did not; until then its slaves are all that can be read."""
    if master is None or not broken(master, now_ms) or now_ms - master.created <= BROKEN_MS:
        return False
    return master.problem is not None or not master.restarts


def _let_through(view: GroupView, standing: Standing, taken: PodFact) -> str:
    """Whether another member was given to its controller already, which may take it at any moment; views of pods lag."""
    going = [each.name for each in view.pods if each.name != taken.name and going_now(standing.workload, each)]
    return f"{going[0]} is about to restart" if going else ""


def _others(view: GroupView, standing: Standing, taken: PodFact) -> str:
    """Who else of the group is not there: one member at a time is away because of us."""
    going = _let_through(view, standing, taken)
    if going:
        return going
    for pod in view.pods:
        if pod.deleting or (pod.name != taken.name and not pod.ready):
            return f"{pod.name} is not ready"
        fact = view.snapshot.brokers.get(pod.name)
        if fact is None:
            return f"{pod.name} does not answer"
        if pod.name != taken.name and pod.member and view.fact and not full_copy(view.fact, fact):
            return f"{pod.name} does not hold everything yet"
        if pod.name != taken.name and not view.on_every_name_server(pod):
            return f"{pod.name} is not registered on every name server"
    return ""


def stays_open(view: GroupView, pod: PodFact) -> bool:
    """Whether a member restarts while its group takes messages; without another group nobody would gain by closing it."""
    return bool(pod.member) and (spared(view, pod) or not has_others(view))


def stays_put(view: GroupView, pod: PodFact) -> bool:
    """Whether a member is never restarted, since its messages would go with its pod."""
    return view.cluster.spec.empty_dir and not pod.member


def spared(view: GroupView, pod: PodFact) -> bool:
    """Whether the group acknowledges messages without this slave as it does with it."""
    master = view.fact
    if master is None or master.role != "SYNC_MASTER":
        return master is not None
    rest = [fact for each in view.slaves if each.name != pod.name and (fact := _copy(view, each, master))]
    needed = max(master.in_sync, 2) if master.version.startswith("4.") else master.in_sync
    return len(rest) + 1 >= needed


def _copy(view: GroupView, pod: PodFact, master: BrokerFact) -> BrokerFact | None:
    fact = view.snapshot.brokers.get(pod.name)
    return fact if fact and pod.ready and full_copy(master, fact) else None


def _elsewhere(view: GroupView, circle: Circle) -> bool:
    """Whether another group takes messages meanwhile."""
    return any(each.index != view.index for each in circle.staying)


def _clients(view: GroupView, circle: Circle) -> float:
    """Seconds until clients have left: they look up routes each 30 s, unless they have left already or have nowhere to go."""
    if view.life.reading == YIELDED or not _elsewhere(view, circle):
        return 0.0
    return (view.life.since - circle.now_ms) / 1000 + rules(view).close_seconds


def _gives_way(view: GroupView, circle: Circle, course: Course) -> bool:
    """Whether a closed group opens again before its turn is over: it could serve, and is held, or is the only one left."""
    if view.fact is None or any(pod.deleting or not pod.ready for pod in view.pods):
        return False
    return bool(course.stop) or (has_others(view) and not any(_open(other, circle.now_ms) for other in circle.knowing))


def _open(view: GroupView, now_ms: int) -> bool:
    """Whether a group serves as far as anybody knows: one lost answer, or a name server that restarts, says nothing."""
    if view.life.phase is not Phase.SERVING or view.master is None or not view.master.ready:
        return False
    return view.fact is None or view.accepting(now_ms)


def _back(view: GroupView, circle: Circle) -> Step:
    """Out of Yielding: name servers give back what code 205 took only when the broker's permission changes, so it is closed,
    and then opened by the rule for every master."""
    fact = view.fact
    if fact is None:
        return Step(view.life, rolling="goes back to work when its master answers", again=1.0)
    if fact.permission != 4:
        message = f"closed {view.name} for a moment, to bring its routes back"
        return Step(
            view.life, (configure(view, "GroupClosed", message, CLOSE),), rolling="goes back to work", again=0.5
        )
    return _open_again(view, circle)


def has_others(view: GroupView) -> bool:
    """Whether the spec asks for another group that could take over."""
    return view.cluster.spec.group_replica > 1


def _done(view: GroupView, circle: Circle) -> Step:
    """No member is behind: open again, once there are slaves to acknowledge what is sent."""
    fact = view.fact
    if view.life.phase is Phase.RESTARTING and fact is not None and fact.role == "SYNC_MASTER" and fact.in_sync != 1:
        # One that is broken is no reason to stay closed: nothing that is done here would mend it.
        coming = (pod for pod in view.slaves if not _copy(view, pod, fact) and not broken(pod, circle.now_ms))
        waiting = next((pod.name for pod in coming), "")
        if waiting:
            return Step(view.life, rolling=f"waits for {waiting} before it opens", again=1.0)
    return _open_again(view, circle)


def _open_again(view: GroupView, circle: Circle) -> Step:
    """Back to work; the rule for every master opens it."""
    return Step(view.life.to(Phase.SERVING, circle.now_ms), rolling="is opened again", again=0.5)


def in_pod(view: GroupView) -> Problem:
    """Why a master that stays put does so."""
    return Problem(
        "MessagesInPod",
        f"the master of {view.name} is not restarted: its messages lie in its pod (spec.emptyDir) and would go with it; set the "
        "spec back, or create a new cluster",
    )
