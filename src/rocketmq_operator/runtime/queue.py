"""The work queue: keys in, keys out, one run for a key at a time."""

import asyncio
from collections import deque
from collections.abc import Hashable
from random import Random
from typing import Generic, TypeVar

from .backoff import Policy
from .clock import Clock, Timer
from .schedule import Schedule

K = TypeVar("K", bound=Hashable)

RETRY = Policy(initial=0.1, maximum=60.0)


class ShutDownError(Exception):
    """The queue gives out no more keys."""


class WorkQueue(Generic[K]):
    """Keys, never events: whoever takes a key looks at the world as it is then."""

    def __init__(self, *, clock: Clock, random: Random, retry: Policy = RETRY) -> None:
        self._clock = clock
        self._random = random
        self._retry = retry
        self._schedule: Schedule[K] = Schedule()
        self._failures: dict[K, int] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: Timer | None = None
        self._closed = False

    def __len__(self) -> int:
        """Keys that are due, now or later."""
        return len(self._schedule)

    def add(self, key: K) -> None:
        """Run ``key`` as soon as possible; if it runs now, once more after that."""
        self.add_after(key, 0.0)

    def add_after(self, key: K, seconds: float) -> None:
        """Run ``key`` in that many seconds, or earlier if that is planned already: the earliest wins."""
        if self._closed:
            return
        self._schedule.add(key, self._clock.now() + max(0.0, seconds))
        self._wake()

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Run ``key`` again after a time that grows with its failures in a row; returns that time in seconds."""
        self._failures[key] = self.failures(key) + 1
        seconds = max(at_least, self._retry.delay(self._failures[key], self._random))
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: K) -> None:
        """``key`` ran well: its failures no longer count."""
        self._failures.pop(key, None)

    def failures(self, key: K) -> int:
        """How often ``key`` failed in a row."""
        return self._failures.get(key, 0)

    async def get(self) -> K:
        """The next key whose time has come; it must be given back by ``done``. ShutDownError once shut down."""
        while True:
            if self._closed:
                raise ShutDownError
            key = self._schedule.take(self._clock.now())
            if key is not None:
                self._wake()
                return key
            await self._woken()

    def done(self, key: K) -> None:
        """``key`` has run; if it was added meanwhile, it is due again."""
        self._schedule.done(key)
        self._wake()

    def clear(self) -> None:
        """Forget what is due and every failure; running keys finish."""
        self._schedule.clear()
        self._failures.clear()

    def shut_down(self) -> None:
        """Give out nothing more and take nothing more; everybody who waits gets ShutDownError."""
        self._closed = True
        self._cancel_timer()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _woken(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wake()
        try:
            await waiter
        except asyncio.CancelledError:
            # The wake-up that was meant for this one goes to the next, or a key would lie about with workers asleep.
            self._wake()
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _wake(self) -> None:
        """Wake one waiter if a key is due, else see to it that one is woken when the next is."""
        self._cancel_timer()
        when = self._schedule.next_time()
        if when is None or self._closed:
            return
        delay = when - self._clock.now()
        if delay > 0:
            self._timer = self._clock.call_later(delay, self._wake)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
