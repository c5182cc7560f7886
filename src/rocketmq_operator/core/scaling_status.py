"""What users see of groups that come, go and move: the condition ``Scaling``, live progress, and when to look again."""

from collections.abc import Sequence

from .conditions import Verdict
from .groups.decide import Groups
from .groups.life import Phase
from .groups.step import Step
from .groups.view import GroupView
from .plan import Event, Progress

WORDS = {Phase.SERVING: "Waiting", Phase.CLOSING_ORDER: "Closing", Phase.FENCED: "Draining", Phase.DRAINED: "Draining"}
"""Phases as a user knows them, where that differs from the phase's own name."""

ENDS = {Phase.SERVING: "serves", Phase.LEFT: "has left"}


def scaling(groups: Groups, members: Sequence[str]) -> Verdict:
    """True while groups or members are on their way; a sentence for each, and the reason names what the first of them does."""
    told = _told(groups)
    words = [f"{view.name} {step.doing}" for view, step in told] + list(members)
    if not words:
        return Verdict("Scaling", False, "Settled")
    return Verdict("Scaling", True, _word(*told[0]) if told else "MembersChanging", "; ".join(words))


def events(groups: Groups) -> tuple[Event, ...]:
    """A line for each step from one phase to the next."""
    steps = ((view, groups.steps[index]) for index, view in sorted(groups.views.items()))
    return tuple(
        Event(
            "Normal",
            f"Group{step.life.phase.value or 'Serving'}",
            f"{view.name} {step.doing or step.rolling or ENDS[step.life.phase]}",
        )
        for view, step in steps
        if step.life.phase is not view.life.phase
    )


def progress(groups: Groups) -> tuple[Progress, ...]:
    """The same for live figures, with exact numbers."""
    rolling = [(view, groups.steps[index]) for index, view in sorted(groups.views.items())]
    return tuple(
        [Progress(view.name, _word(view, step), step.doing, step.left, step.total) for view, step in _told(groups)]
        + [Progress(view.name, _reason(groups, view.index), step.rolling) for view, step in rolling if step.rolling]
    )


def _reason(groups: Groups, index: int) -> str:
    """Why a group is changed, as a phase of its own."""
    standing = groups.course.standings.get(index)
    return (standing.reason() if standing else "") or "RollingOut"


def sooner(groups: Groups, requeue: float | None) -> float | None:
    """The earliest time in seconds that any group's step asked for, or the one given."""
    times = [step.again for step in groups.steps.values() if step.again is not None]
    times += [requeue] if requeue is not None else []
    return min(times) if times else None


def _told(groups: Groups) -> list[tuple[GroupView, Step]]:
    return [(view, groups.steps[index]) for index, view in sorted(groups.views.items()) if groups.steps[index].doing]


def _word(view: GroupView, step: Step) -> str:
    phase = view.life.phase if view.life.phase is not Phase.SERVING else step.life.phase
    return WORDS.get(phase, phase.value)
