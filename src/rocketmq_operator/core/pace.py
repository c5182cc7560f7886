"""When to look again: soon while something moves, ever more rarely the longer nothing does."""

from collections.abc import Sequence
from datetime import datetime

from rocketmq_operator.api.common import Condition

MOVING = {("Ready", "False"), ("Scaling", "True")}


def next_look(conditions: Sequence[Condition], acted: bool, now: str) -> float:
    """Seconds until the next look: 1 for the first minute of whatever began last, then slowly up to 30."""
    began = [each.last_transition_time for each in conditions if (each.type, each.status) in MOVING]
    if acted or not began:
        return 1.0
    waited = (_time(now) - _time(max(began))).total_seconds()
    return min(30.0, max(1.0, (waited - 60) / 10))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
