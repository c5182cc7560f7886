"""When to look again: soon while something moves, ever more rarely the longer nothing does."""

from collections.abc import Sequence
from datetime import datetime

from rocketmq_operator.api.common import Condition

WAITING_SECONDS = 3.0
"""Until the next look while all is ready and something is still waited for: a slave that is being copied, a deletion that is held."""

MOVING = {("Ready", "False"), ("Scaling", "True")}


def next_look(conditions: Sequence[Condition], acted: bool, now: str) -> float:
    """Seconds until the next look, after whatever began last."""
    began = [each.last_transition_time for each in conditions if (each.type, each.status) in MOVING]
    if acted:
        return 1.0
    return after(max(began), now) if began else WAITING_SECONDS


def after(began: str, now: str) -> float:
    """Seconds until the next look at something that began at a time: 1 at first, 3 after half a minute, then slowly up to 30.

    What the API server tells wakes by itself; this is for what only brokers and name servers know.
    """
    waited = (_time(now) - _time(began)).total_seconds()
    return min(30.0, max(1.0, min(3.0, waited / 8), (waited - 60) / 10))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
