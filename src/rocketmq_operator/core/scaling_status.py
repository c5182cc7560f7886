"""What users see of groups that come, go and move: the condition ``Scaling``, and when to look again."""

from .conditions import Verdict
from .groups.decide import Groups
from .groups.life import LEAVING_PHASES, Phase


def scaling(groups: Groups) -> Verdict:
    """True while any group is on its way; the message has a sentence for each, the reason names what the first of them does."""
    told = [(view, groups.steps[index]) for index, view in sorted(groups.views.items()) if groups.steps[index].doing]
    if not told:
        return Verdict("Scaling", False, "Settled")
    view, step = told[0]
    phase = view.life.phase if view.life.phase is not Phase.SERVING else step.life.phase
    reason = (
        "Draining"
        if phase in {Phase.FENCED, Phase.DRAINED}
        else "Closing"
        if phase in LEAVING_PHASES - {Phase.REMOVING}
        else phase.value
    )
    message = "; ".join(f"{view.name} {step.doing}" for view, step in told)
    return Verdict("Scaling", True, reason or "Waiting", message)


def sooner(groups: Groups, requeue: float | None) -> float | None:
    """The earliest time in seconds that any group's step asked for, or the one given."""
    times = [step.again for step in groups.steps.values() if step.again is not None]
    times += [requeue] if requeue is not None else []
    return min(times) if times else None
