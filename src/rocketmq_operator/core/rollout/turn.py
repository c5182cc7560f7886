"""One group's way through a rollout: slaves from the highest down, then the master, one member at a time.

A slave restarts while its group is open if what is left still acknowledges messages; else the group is closed first, as it
always is for its master. Order topics are taken out of the routes before that (code 205), because a closed broker refuses
their sends at once and selectors do not try elsewhere (ROCKETMQ.md §8). With one open group only, closing would lengthen the
outage and spare no client a failed send, so it is skipped.
"""

from collections.abc import Set

import msgspec

from ..facts import PodFact
from ..groups.closing import Circle, elsewhere
from ..groups.life import OVER, Phase
from ..groups.moving import changing
from ..groups.step import Step
from ..groups.view import GroupView
from .closed import back, done, restarting, template, yielding
from .course import IN_TURN, Course
from .members import (
    LOOK_SECONDS,
    has_others,
    in_pod,
    lost,
    others,
    replace,
    restart,
    stays_open,
    stays_put,
    stranded,
    useless,
)
from .standing import Standing


def step(view: GroupView, circle: Circle, course: Course) -> Step | None:
    """The next step of a group; None if a rollout has nothing to do with it."""
    standing = course.standings.get(view.index)
    if view.life.phase is Phase.SERVING:
        return _serving(view, circle, course, standing) if standing and standing.due else None
    if standing is None or not standing.due:
        return back(view, circle) if view.life.phase is Phase.YIELDING else done(view, circle)
    if view.life.phase is Phase.YIELDING:
        return yielding(view, circle, course)
    return restarting(view, circle, course, standing)


def in_order(view: GroupView, step: Step | None, closed: Set[int], course: Course) -> Step | None:
    """A step, unless it closes one group too many (``closed`` are): several whose pods are not ready may go at once, as those that
    do not serve need, and some of them may answer all the same and have to be closed."""
    closes = step is not None and view.life.phase not in IN_TURN and step.life.phase in IN_TURN
    if not closes or len(closed - {view.index}) < course.most:
        return step
    return Step(view.life, rolling="waits until fewer groups are closed", again=LOOK_SECONDS)


def fresh(view: GroupView, circle: Circle, course: Course) -> Step | None:
    """A group that was never open is brought up to date before anything else; None if it is."""
    standing = course.standings.get(view.index)
    if standing is None or not standing.due or course.gate(view.index):
        return None
    return msgspec.structs.replace(
        _serving(view, circle, course, standing), doing="joins: its pods are brought up to date"
    )


def mended(view: GroupView, circle: Circle, course: Course, step: Step) -> Step:
    """A group that opens or leaves runs what it runs; but one whose master cannot start would neither open nor ever be read, and
    one that opens waits to hear from each of its slaves."""
    standing, now = course.standings.get(view.index) or course.going.get(view.index), circle.now_ms
    if standing is None or not standing.due or course.stop or step.actions or view.life.phase in OVER:
        return step
    gone = lost(view, now)
    if not gone and not (view.life.phase is Phase.OPENING and any(useless(view, pod, now) for pod in view.slaves)):
        return step
    if standing.template_due:
        return msgspec.structs.replace(step, template=gone or template(view, circle, standing).template)
    if any(pod.problem and not pod.deleting and pod.name not in standing.why for pod in view.pods):
        # What it would get is what already fails; one that only is not ready may be a slave that waits for it.
        return step
    pod = standing.outdated[0]
    if gone or (pod.member and useless(view, pod, now)):
        return msgspec.structs.replace(step, actions=replace(view, standing, pod, now).actions)
    held = stranded(view, standing, pod, now)
    return msgspec.structs.replace(step, actions=held.actions) if held else step


def _serving(view: GroupView, circle: Circle, course: Course, standing: Standing) -> Step:
    """Open: the template is written, slaves that can be spared restart, and then the group closes."""
    gate = course.gate(view.index)
    if gate:
        # What it waits for is looked at by others, or wakes us; the pace of the cluster is enough.
        return Step(view.life, rolling=gate)
    if standing.template_due:
        return template(view, circle, standing)
    pod = standing.outdated[0]
    if not view.life.initialized and view.accepting(circle.now_ms):
        # Its opening was seen before it was read back.
        return Step(view.life, rolling="is just opened", again=1.0)
    if not view.life.initialized or useless(view, pod, circle.now_ms):
        return replace(view, standing, pod, circle.now_ms)
    held = stranded(view, standing, pod, circle.now_ms)
    if held:
        return held
    waiting = others(view, standing, pod) or changing(view)
    if not waiting and stays_open(view, pod):
        return restart(view, standing, pod)
    waiting = waiting or view.uncompared(circle.now_ms)
    if waiting:
        return Step(view.life, rolling=f"waits to restart {pod.name}: {waiting}", again=LOOK_SECONDS)
    return _close(view, circle, pod)


def _close(view: GroupView, circle: Circle, pod: PodFact) -> Step:
    """Towards a closed group, through Yielding where there are order topics."""
    if stays_put(view, pod):
        return Step(view.life, rolling="stays as it is", problem=in_pod(view), again=30.0)
    if not has_others(view):
        return Step(view.life.to(Phase.RESTARTING, circle.now_ms), rolling="is being closed", again=0.5)
    if not elsewhere(view, circle):
        return Step(view.life, rolling="waits until another group is open", again=LOOK_SECONDS)
    if view.data is None:
        return Step(view.life, rolling="waits for an answer of its master", again=LOOK_SECONDS)
    if any(topic.order for topic in view.data.topics.values()):
        return Step(view.life.to(Phase.YIELDING, circle.now_ms), rolling="order topics leave it", again=0.5)
    return Step(view.life.to(Phase.RESTARTING, circle.now_ms), rolling="is being closed", again=0.5)
