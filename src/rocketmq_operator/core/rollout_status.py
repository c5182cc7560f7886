"""What users see of a rollout: the condition ``RollingOut``, how many brokers are at the target, events of its ends."""

from collections.abc import Sequence

from rocketmq_operator.api.common import Condition, condition

from .conditions import Verdict
from .facts import ClusterSnapshot
from .groups.decide import Groups
from .plan import Event
from .rollout import hold
from .rollout.course import Course
from .rollout.standing import Standing

TYPE = "RollingOut"
SETTLING = "Settling"


def settling(before: Sequence[Condition], unwell: Sequence[str]) -> bool:
    """Whether a rollout that has restarted everybody is not over, because not all of them are back at work."""
    old = condition(list(before), TYPE)
    return bool(unwell) and old is not None and old.status == "True"


def updated(course: Course, snapshot: ClusterSnapshot) -> int:
    """How many pods run what they should."""
    behind = {name for standing in course.standings.values() for name in standing.why}
    due = {index for index, standing in course.standings.items() if standing.template_due}
    return sum(
        pod.name not in behind and pod.group not in due for pod in snapshot.pods if pod.group in course.standings
    )


def rolling(groups: Groups, snapshot: ClusterSnapshot) -> Verdict:
    """True while pods are still to restart, or are not back; the reason is that of the restarts, or what holds them."""
    course = groups.course
    undone = f"the spec asks for {course.target.asked}, {course.target.revision} runs instead"
    if course.halted:
        return Verdict(TYPE, True, "Halted", course.halted.message)
    if not course.due:
        status = snapshot.cluster.status
        unwell = sorted(f"{groups.views[index].name}: {words}" for index, words in course.ills.items())
        if settling(status.conditions if status else (), unwell):
            return Verdict(TYPE, True, SETTLING, f"every broker was restarted; {'; '.join(unwell)}")
        return Verdict(TYPE, False, "Undone", undone) if course.target.undone else Verdict(TYPE, False, "UpToDate")
    words = [
        f"{groups.views[index].name} {step.rolling}" for index, step in sorted(groups.steps.items()) if step.rolling
    ]
    count = sum(pod.group in course.standings for pod in snapshot.pods)
    reason = next(standing.reason() for standing in course.standings.values() if standing.due)
    if hold.paused(snapshot.cluster.metadata.annotations):
        reason = "Paused"
    message = f"{updated(course, snapshot)} of {count} brokers are at {course.target.revision} ({_why(course)})"
    return Verdict(TYPE, True, reason, "; ".join([message, *words, *([undone] if course.target.undone else [])]))


def _why(course: Course) -> str:
    """Each difference once."""
    told = [change.words() for standing in course.standings.values() for change in standing.changes or ()]
    typed = [each for standing in course.standings.values() for each in _typed(standing)]
    return ", ".join(dict.fromkeys(told or typed))


def _typed(standing: Standing) -> list[str]:
    return [each for reasons in standing.why.values() for each in reasons]


def events(before: Sequence[Condition], after: Sequence[Condition]) -> tuple[Event, ...]:
    """That a rollout begins, is held, or is over."""
    old, new = condition(list(before), TYPE), condition(list(after), TYPE)
    if new is None or (old and (old.status, old.reason) == (new.status, new.reason)):
        return ()
    if new.status == "True":
        kind = "Warning" if new.reason == "Halted" else "Normal"
        return (Event(kind, "RolloutHalted" if new.reason == "Halted" else "RollingOut", new.message),)
    if old is not None and old.status == "True":
        return (Event("Normal", "RolledOut", "every broker runs what it should"),)
    return ()
