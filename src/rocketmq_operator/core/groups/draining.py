"""A fenced group: what is still to be read in it, what a person must decide, and when it may go."""

import msgspec

from rocketmq_operator.api.scaling import OnTimeout

from ..facts import BrokerFact, Problem
from ..opening import FENCE
from ..plan import Remove
from ..rollout.members import lost
from . import drain
from .closing import CLOSE, LOOK_SECONDS, Circle, configure, kept, lives_here_alone, rules
from .life import FORCED, Life, Phase
from .step import Step
from .view import GroupView, data_of

SETTLE_MS = 5_000
"""Between two equal readings. What was stored just before the fence is sorted into queues within milliseconds."""

UNHEARD_MS = 120_000
"""How long a removal by force waits for a master that runs and does not answer: force is the way out where nothing else is."""


def step(view: GroupView, circle: Circle) -> Step:
    """Fenced: nothing comes in any more. Gone only after two equal readings that find nothing, from one and the same process."""
    life, fact = view.life, view.fact
    if life.phase is Phase.REMOVING:
        # Decided, and perhaps done, also where the user has thought better of force since: who looks again may see a workload that is
        # gone, and a master that does not answer for that.
        forced = life.reading == FORCED
        return _by_force(view, circle) if forced else remove(view, f"removed {view.name}: every message in it was read")
    if fact is None:
        return _blocked(view, circle, "its master does not answer", None)
    if not view.fenced():
        return _fence(view, _back(life))
    reading = _reading(view, circle, fact)
    if reading is None:
        return _blocked(view, circle, "not every master answers", None)
    if not reading.drained:
        return _blocked(view, circle, words(reading), reading)
    return _drained(view, circle, (fact.boot, reading.mark))


def _by_force(view: GroupView, circle: Circle) -> Step:
    """The user gave up what is stored in it, not what it would still take: a master that lives is fenced before it goes, also one that
    was not heard for a moment when this was decided (found by the simulator)."""
    if view.fact is not None and not view.fenced():
        return _fence(view, view.life)
    if view.fact is None and _may_answer(view, circle.now_ms):
        doing = "waits for an answer of its master, to fence it before it is removed by force"
        return Step(view.life, doing=doing, again=LOOK_SECONDS)
    return remove(view, f"removed {view.name} by force: spec.scaleDown.force named it")


def _may_answer(view: GroupView, now_ms: int) -> bool:
    """Whether a master that does not answer may still take messages, and hear us soon; for what only we do not reach, a time."""
    return not view.down and not lost(view, now_ms) and now_ms - view.life.since < UNHEARD_MS


def _fence(view: GroupView, life: Life) -> Step:
    message = f"fenced {view.name}: it takes no message any more"
    action = configure(view, "GroupFenced", message, kept(view, {**CLOSE, **FENCE}))
    return Step(life, (action,), "is being fenced", again=1.0)


def _reading(view: GroupView, circle: Circle, fact: BrokerFact) -> drain.Reading | None:
    # One that leaves and does not answer may be the only one that knows of a reader (found by the simulator).
    knowing = data_of([*circle.knowing, *circle.going()])
    if knowing is None or view.data is None:
        return None
    return drain.read(
        view.data,
        drain.readers([*knowing, *circle.leaving_data()]),
        fact.dispatch_behind,
        frozenset(rules(view).discard_topics),
    )


def _drained(view: GroupView, circle: Circle, seen: tuple[int, str]) -> Step:
    """Nothing is left; ``seen`` is the master's boot time and the state of its queues."""
    life, now = view.life, circle.now_ms
    if (life.boot, life.reading) != seen:
        noted = msgspec.structs.replace(life.to(Phase.DRAINED, now), boot=seen[0], reading=seen[1])
        return Step(noted, doing="is read to the end", left=0, total=life.total, again=SETTLE_MS / 1000)
    wait = life.since + SETTLE_MS - now
    if wait > 0:
        return Step(life, doing="is read to the end", left=0, total=life.total, again=wait / 1000)
    alone = lives_here_alone(view, circle)
    if alone:
        # One that left while its master was down was not asked before.
        return Step(life, doing=alone, left=0, total=life.total, again=1.0)
    needed = _needed(view, circle)
    if needed:
        return Step(life, doing=needed, left=0, total=life.total, again=LOOK_SECONDS)
    removing = msgspec.structs.replace(life, phase=Phase.REMOVING, since=now)
    return Step(removing, doing="is removed", again=0.5)


def _needed(view: GroupView, circle: Circle) -> str:
    """What else leaves and is still to be read by somebody of whom only this group knows: with it that would be forgotten."""
    others = [each for each in circle.going() if each.index != view.index]
    known = drain.readers(data_of([*circle.knowing, *others]) or ())
    for other in others:
        reading = _reading(other, circle, other.fact) if other.fact else None
        if reading is None:
            return "waits for an answer of every master"
        alone = sorted({group for group, topic in reading.waiting if group not in known.get(topic, ())})
        if alone:
            return f"waits until {other.name} is read by {', '.join(alone[:5])}, of which only it knows"
    return ""


def _back(life: Life) -> Life:
    """Not fenced as it should be (a restart): whatever was read before means nothing."""
    return msgspec.structs.replace(life, phase=Phase.FENCED, boot=0, reading="")


def _blocked(view: GroupView, circle: Circle, why: str, reading: drain.Reading | None) -> Step:
    """Something is left; what a person must decide is said at once, what only takes time after the spec's time-out."""
    spec, life = rules(view), view.life
    entered = life if life.phase is Phase.FENCED else _back(msgspec.structs.replace(life, since=circle.now_ms))
    left = reading.total if reading else None
    if left is not None and left > entered.total:
        entered = msgspec.structs.replace(entered, total=left)
    late = spec.timeout_seconds is not None and circle.now_ms - entered.since >= spec.timeout_seconds * 1000
    if late and _may_force(view):
        forced = msgspec.structs.replace(life, phase=Phase.REMOVING, since=circle.now_ms, boot=0, reading=FORCED)
        return Step(forced, doing=f"is removed by force although {why}", left=left, total=entered.total, again=0.5)
    problem = _unread(view, reading) or (_late(view, why) if late else None)
    return Step(
        entered, (), f"drains: {_percent(left, entered.total)}{why}", problem, left, entered.total, LOOK_SECONDS
    )


def _may_force(view: GroupView) -> bool:
    """Whether the user named this group as one that may go with what is in it."""
    return rules(view).on_timeout is OnTimeout.FORCE and view.name in rules(view).force


def remove(view: GroupView, message: str) -> Step:
    found = view.snapshot.objects.get(("StatefulSet", view.workload))
    actions = (Remove("GroupRemoved", message, "StatefulSet", view.workload, found.uid),) if found else ()
    return Step(view.life, actions, "is removed", left=0, total=view.life.total, again=2.0)


def _percent(left: int | None, total: int) -> str:
    """How much is left, in steps of 5 %: a status that changed with every message would be a write for ever."""
    if not left or not total:
        return ""
    return f"{-(-left * 20 // total) * 5} % of {total} messages are left; "


def words(reading: drain.Reading) -> str:
    """What is left, without numbers that change with every message."""
    groups = sorted({group for group, _ in reading.waiting})
    more = f" and {len(groups) - 5} more" if len(groups) > 5 else ""
    parts = [f"consumer groups still read ({', '.join(groups[:5])}{more})"] if groups else []
    parts += ["there are messages that nobody reads"] if reading.unread else []
    parts += reading.inner
    parts += [f"{name}=true hides what is left" for name in reading.hides]
    return ", ".join(parts)


def _unread(view: GroupView, reading: drain.Reading | None) -> Problem | None:
    if reading is None:
        return None
    if reading.hides:
        return Problem(
            "DrainUnknowable",
            f"{view.name} cannot be seen to be empty, because {', '.join(reading.hides)} is on; switch it off in spec.properties, "
            f"or force the removal (spec.scaleDown)",
        )
    if not reading.unread:
        return None
    listed = ", ".join(f"{topic} ({count})" for topic, count in sorted(reading.unread.items())[:10])
    return Problem(
        "UnreadMessages",
        f"{view.name} leaves but holds messages that no consumer group reads: {listed}. Three ways: let a consumer group read them; "
        f"give them up by naming the topics in spec.scaleDown.discardTopics; or set groupReplica to {view.index + 1} to keep the group",
    )


def _late(view: GroupView, why: str) -> Problem:
    seconds = rules(view).timeout_seconds
    return Problem(
        "ScaleDownBlocked",
        f"{view.name} could not be drained within {seconds} s (spec.scaleDown.timeoutSeconds): {why}. It stays closed and nothing is lost; "
        f"let its consumers run, set groupReplica to {view.index + 1} to keep it, or name it in spec.scaleDown.force with onTimeout Force",
    )
