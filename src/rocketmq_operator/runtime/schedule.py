"""Which key runs when: the queue's rules, without I/O and without a clock.

A key is in one of four states: *absent*; *due* at a time; *running*; *running and due again* after that. Adding is idempotent
and the earliest time wins, so a thousand changes of one object are one run. A key that is running is never given out a second
time: what comes meanwhile runs afterwards.

Keys whose time has come are given out in the order of their times, equal ones in the order of their adding: nobody is
overtaken for ever.
"""

import heapq
import itertools
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Schedule(Generic[K]):
    """Times are those of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._due: dict[K, float] = {}
        self._again: dict[K, float] = {}
        self._running: set[K] = set()
        # Entries that no longer agree with _due are left in the heap and skipped when they come up.
        self._heap: list[tuple[float, int, K]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        """Keys that are due, now or later, those included that run again."""
        return len(self._due) + len(self._again)

    @property
    def running(self) -> frozenset[K]:
        """Keys given out and not done."""
        return frozenset(self._running)

    def add(self, key: K, when: float) -> None:
        """``key`` shall run at ``when``, or earlier if that is planned already."""
        if key in self._running:
            self._again[key] = min(when, self._again.get(key, when))
            return
        planned = self._due.get(key)
        if planned is None or when < planned:
            self._due[key] = when
            heapq.heappush(self._heap, (when, next(self._numbers), key))

    def take(self, now: float) -> K | None:
        """The next key whose time has come, from now on running; None if there is none."""
        when = self.next_time()
        if when is None or when > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._due[key]
        self._running.add(key)
        return key

    def done(self, key: K) -> None:
        """A running key has run."""
        self._running.remove(key)
        again = self._again.pop(key, None)
        if again is not None:
            self.add(key, again)

    def next_time(self) -> float | None:
        """When the next key is due; None if none is."""
        while self._heap:
            when, _, key = self._heap[0]
            if self._due.get(key) == when:
                return when
            heapq.heappop(self._heap)
        return None

    def clear(self) -> None:
        """Forget all that has not been given out."""
        self._due.clear()
        self._again.clear()
        self._heap.clear()
