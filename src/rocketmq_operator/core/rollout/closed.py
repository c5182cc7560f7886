"""A group that is closed for a rollout, or about to be: the rest of its slaves, then its master, and back to work."""

import msgspec

from ..facts import PodFact
from ..groups.closing import (
    CLOSE,
    Circle,
    address_left,
    clients_left,
    configure,
    elsewhere,
    hidden,
    others_serve,
    told,
    untold,
)
from ..groups.life import Phase
from ..groups.moving import changing, unequal
from ..groups.step import Step
from ..groups.view import GroupView
from ..opening import FENCE
from .course import Course
from .members import LOOK_SECONDS, has_others, is_copy, others, partial, replace, restart, stays_put, stranded, useless
from .standing import Standing, broken
from .template import imminent

SETTLE_SECONDS = 11.0
"""A slave takes topics and offsets from its master each 10 s; what was written last must have reached it."""
YIELDED = "yielded"


def yielding(view: GroupView, circle: Circle, course: Course) -> Step:
    """Name servers are told again at each look: one forgets it when it restarts, or when a topic changes."""
    if _gives_way(view, circle, course):
        return back(view, circle)
    wiped = hidden(view)
    if not view.registered_everywhere:
        waits = untold(view.life, circle.now_ms)
        return Step(waits, wiped, rolling="order topics leave it; a name server does not list it yet", again=1.0)
    life = told(view.life, circle.now_ms)
    left = clients_left(view, life, circle)
    if left > 0:
        return Step(life, wiped, rolling="order topics leave it; clients learn it", again=min(left, LOOK_SECONDS))
    closing = msgspec.structs.replace(view.life.to(Phase.RESTARTING, circle.now_ms), reading=YIELDED)
    return Step(closing, wiped, rolling="is being closed", again=0.5)


def restarting(view: GroupView, circle: Circle, course: Course, standing: Standing) -> Step:
    """Closed or closing: the rest of the slaves, then the master."""
    if _gives_way(view, circle, course):
        return _in_time(view, circle)
    if course.stop:
        return Step(view.life, rolling=course.stop, again=LOOK_SECONDS)
    if standing.template_due:
        return template(view, circle, standing)
    pod = standing.outdated[0]
    if stays_put(view, pod) or (not pod.member and partial(view)):
        # A slave that lacks the beginning is no full copy before its master has deleted that, which takes days.
        return _in_time(view, circle)
    return _closed(view, circle, standing, pod)


def _closed(view: GroupView, circle: Circle, standing: Standing, pod: PodFact) -> Step:
    """Closed, and clients gone, before a member restarts."""
    fact = view.fact
    if useless(view, pod, circle.now_ms):
        return replace(view, standing, pod, circle.now_ms)
    lost = stranded(view, standing, pod, circle.now_ms)
    if lost:
        return lost
    waiting = others(view, standing, pod) or changing(view)
    if fact is None:
        return Step(view.life, rolling=f"waits to restart {pod.name}: its master does not answer", again=LOOK_SECONDS)
    if fact.permission != 4 and has_others(view) and not elsewhere(view, circle):
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
    return restart(view, standing, pod) if pod.member else _master(view, circle, standing, pod)


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
    return restart(view, standing, pod)


def _clients(view: GroupView, circle: Circle) -> float:
    """Seconds until clients have left: they look up routes each 30 s, unless they have left already or have nowhere to go."""
    if view.life.reading == YIELDED or not elsewhere(view, circle):
        return 0.0
    return clients_left(view, view.life, circle)


def _gives_way(view: GroupView, circle: Circle, course: Course) -> bool:
    """Whether a closed group opens again before its turn is over: it could serve, and is held, or is the only one left; or its master
    started again, and the rule for every master finds out what it lost."""
    if view.started_closed(circle.now_ms):
        return True
    if view.fact is None or any(pod.deleting or not pod.ready for pod in view.pods):
        return False
    return bool(course.stop) or (has_others(view) and not others_serve(view, circle.knowing, circle.now_ms))


def back(view: GroupView, circle: Circle) -> Step:
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
    return _serves(view, circle)


def done(view: GroupView, circle: Circle) -> Step:
    """No member is behind: open again, once there are slaves to acknowledge what is sent."""
    fact = view.fact
    if view.life.phase is Phase.RESTARTING and fact is not None and fact.role == "SYNC_MASTER" and fact.in_sync != 1:
        # One that is broken is no reason to stay closed: nothing that is done here would mend it.
        coming = (pod for pod in view.slaves if not is_copy(view, pod, fact) and not broken(pod, circle.now_ms))
        waiting = next((pod.name for pod in coming), "")
        if waiting:
            return Step(view.life, rolling=f"waits for {waiting} before it opens", again=1.0)
    return _in_time(view, circle)


def _in_time(view: GroupView, circle: Circle) -> Step:
    """Open again, once clients look for it where it is."""
    left = address_left(view, circle)
    if left > 0:
        return Step(view.life, rolling="waits until clients know its new address", again=min(left, 10.0))
    return open_again(view, circle)


def open_again(view: GroupView, circle: Circle) -> Step:
    """Back to work; the rule for every master opens it. One that gave way and was not closed yet is in no route; one whose process
    ended registers anew."""
    if view.life.reading == YIELDED and not view.down:
        return back(view, circle)
    return _serves(view, circle)


def _serves(view: GroupView, circle: Circle) -> Step:
    return Step(view.life.to(Phase.SERVING, circle.now_ms), rolling="is opened again", again=0.5)


def template(view: GroupView, circle: Circle, standing: Standing) -> Step:
    """Written only where no pod is just starting, or about to go: an edit during a rollout is taken in between two members."""
    going = imminent(standing.workload, view.pods)
    if going is not None and view.life.initialized:
        # It cannot be called back for certain, and would be forgotten.
        return Step(view.life, rolling=f"takes the change in when {going.name} has restarted", again=LOOK_SECONDS)
    ended = any(broken(pod, circle.now_ms) for pod in view.pods)
    for pod in view.pods if view.life.initialized else ():
        if pod.deleting or (not pod.ready and not broken(pod, circle.now_ms)):
            return Step(view.life, rolling=f"takes the change in when {pod.name} is ready", again=LOOK_SECONDS)
    if view.life.initialized and changing(view) and not ended:
        return Step(view.life, rolling="takes the change in when its members are settled", again=LOOK_SECONDS)
    return Step(view.life, rolling="gets its new template", again=0.5, template=True)
