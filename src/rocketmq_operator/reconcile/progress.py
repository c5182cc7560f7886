"""How far groups that come and go have come, as the last looks found it: for live figures and metrics, never for a decision."""

from collections import deque

import msgspec

from rocketmq_operator.core.plan import Progress

from .world import Key

REMEMBERED = 20
"""Readings kept of a group: with a look each 3 s, a minute's worth."""


class GroupProgress(msgspec.Struct, frozen=True, rename="camel"):
    """A group on its way. ``left`` and ``total`` count messages, now and when the fence fell; ``rate`` is how many a second were
    read lately, ``seconds_left`` what is left at that rate; None where that is not known."""

    group: str
    phase: str
    doing: str
    left: int | None = None
    total: int = 0
    rate: float | None = None
    seconds_left: float | None = None


class Board:
    """The latest progress of every cluster, with as much past as a rate needs."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Key, str], deque[tuple[float, Progress]]] = {}

    def note(self, key: Key, progress: tuple[Progress, ...], now: float) -> None:
        """What a plan found; groups that it does not name are no longer on their way."""
        named = {each.group for each in progress}
        for known in [each for each in self._seen if each[0] == key and each[1] not in named]:
            del self._seen[known]
        for each in progress:
            self._seen.setdefault((key, each.group), deque(maxlen=REMEMBERED)).append((now, each))

    def forget(self, key: Key) -> None:
        """The cluster is gone."""
        self.note(key, (), 0.0)

    def of(self, key: Key) -> list[GroupProgress]:
        """A cluster's groups on their way."""
        return [_told(seen) for (owner, _), seen in sorted(self._seen.items()) if owner == key]

    def all(self) -> list[tuple[Key, GroupProgress]]:
        """Everything, for metrics."""
        return [(key, _told(seen)) for (key, _), seen in sorted(self._seen.items())]


def _told(seen: deque[tuple[float, Progress]]) -> GroupProgress:
    at, last = seen[-1]
    rate = None
    readings = [(when, each.left) for when, each in seen if each.left is not None and each.phase == last.phase]
    if last.left is not None and len(readings) > 1 and at > readings[0][0]:
        rate = max(0.0, (readings[0][1] - last.left) / (at - readings[0][0]))
    seconds = last.left / rate if rate and last.left is not None else None
    return GroupProgress(last.group, last.phase, last.doing, last.left, last.total, rate, seconds)
