"""Which events are written when: aggregation and rate, without I/O and without a clock.

The same event of the same object within a window is one Event whose ``series`` counts (``events.k8s.io/v1``, KEP-383): it is
created at once, counted at the second time, and then written no more than once a refresh. One object has a budget of new
events that fills slowly; what exceeds it is dropped and counted, for events are a courtesy, never a duty.
"""

from collections import OrderedDict
from random import Random

import msgspec

from rocketmq_operator.kube.types import Json

from .times import micro_time

NOTE_BYTES = 1024
WORD_BYTES = 128


class Limits(msgspec.Struct, frozen=True):
    """Times in seconds."""

    window: float = 360.0
    """An event not repeated for so long is over; the next is a new one."""
    refresh: float = 300.0
    """How often a running series is written at most."""
    burst: int = 100
    """New events of one object at once: a cluster that scales in several ways has some dozens of steps to tell ..."""
    fill: float = 10.0
    """... and one more each so many seconds."""
    kept: int = 4096
    """Events and objects remembered."""


class Happening(msgspec.Struct, frozen=True):
    """What makes two events the same. ``regarding`` is an object reference: apiVersion, kind, namespace, name, uid."""

    regarding: tuple[tuple[str, str], ...]
    type: str
    reason: str
    action: str
    note: str

    def reference(self) -> dict[str, str]:
        """``regarding`` as it is written."""
        return dict(self.regarding)


class Entry(msgspec.Struct):
    """An event: how often it happened, how much of that is written."""

    what: Happening
    name: str
    first: float
    """Wall clock, seconds since 1970; so is ``last``."""
    last: float
    seen: float
    """Monotonic, as ``due``."""
    count: int = 1
    written: int = 0
    due: float = 0.0

    @property
    def namespace(self) -> str:
        """Where its Event lives; those of cluster-scoped objects live in ``default``."""
        return self.what.reference().get("namespace") or "default"


class Series:
    """All events of the recent past."""

    def __init__(self, controller: str, instance: str, *, random: Random, limits: Limits | None = None) -> None:
        self._controller = controller
        self._instance = instance
        self._random = random
        self._limits = limits or Limits()
        self._entries: OrderedDict[Happening, Entry] = OrderedDict()
        self._full_at: OrderedDict[tuple[tuple[str, str], ...], float] = OrderedDict()
        self.dropped = 0

    def happened(self, what: Happening, now: float, wall: float) -> bool:
        """Note an event; False if it was dropped."""
        entry = self._entries.get(what)
        if entry is not None and now - entry.seen < self._limits.window:
            self._repeated(entry, now, wall)
            return True
        if not self._within_budget(what.regarding, now):
            self.dropped += 1
            return False
        name = f"{what.reference().get('name', 'unknown')[:200]}.{self._random.getrandbits(64):016x}"
        self._entries[what] = Entry(what, name, first=wall, last=wall, seen=now, due=now)
        self._entries.move_to_end(what)
        while len(self._entries) > self._limits.kept:
            self._entries.popitem(last=False)
        return True

    def next_due(self) -> Entry | None:
        """The event to be written first; its ``due`` says when."""
        open_entries = (entry for entry in self._entries.values() if entry.written < entry.count)
        return min(open_entries, key=lambda entry: entry.due, default=None)

    def unwritten(self) -> list[Entry]:
        """Events of which nothing is written yet."""
        return [entry for entry in self._entries.values() if entry.written == 0]

    def wrote(self, entry: Entry, count: int, now: float) -> None:
        """The event was written with that count."""
        entry.written = count
        entry.due = now + self._limits.refresh

    def lost(self, entry: Entry) -> None:
        """The Event written before is no longer there (they live for an hour): it is written as a new one."""
        entry.written = 0

    def give_up(self, entry: Entry) -> None:
        """The event cannot be written."""
        self.dropped += 1
        self._entries.pop(entry.what, None)

    def body(self, entry: Entry) -> Json:
        """The Event to be created."""
        what = entry.what
        event: Json = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": entry.name, "namespace": entry.namespace},
            "eventTime": micro_time(entry.first),
            "reportingController": self._controller,
            "reportingInstance": self._instance[:WORD_BYTES],
            "action": what.action,
            "reason": what.reason,
            "regarding": what.reference(),
            "note": what.note,
            "type": what.type,
        }
        return event | (counted(entry) if entry.count > 1 else {})

    def _repeated(self, entry: Entry, now: float, wall: float) -> None:
        entry.count += 1
        entry.seen, entry.last = now, wall
        if entry.written == 1:
            # That it is a series is news.
            entry.due = now
        self._entries.move_to_end(entry.what)

    def _within_budget(self, regarding: tuple[tuple[str, str], ...], now: float) -> bool:
        limits = self._limits
        full_at = max(self._full_at.get(regarding, now), now) + limits.fill
        if full_at - now > limits.burst * limits.fill:
            return False
        self._full_at[regarding] = full_at
        self._full_at.move_to_end(regarding)
        while len(self._full_at) > limits.kept:
            self._full_at.popitem(last=False)
        return True


def counted(entry: Entry) -> Json:
    """The part of an Event that counts."""
    return {"series": {"count": entry.count, "lastObservedTime": micro_time(entry.last)}}


def shortened(text: str, most: int) -> str:
    """``text`` in at most so many bytes of UTF-8."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[: most - 3].decode(errors="ignore") + "…"
