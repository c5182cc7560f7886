"""A clock moved by hand, beside real sockets: it sleeps no longer than others need to get on, and limits pass on command."""

import asyncio
from collections.abc import Callable

from rocketmq_operator.runtime.clock import SystemClock


class HandTimer:
    """A time limit that was set."""

    def __init__(self, seconds: float, callback: Callable[[], object]) -> None:
        self.seconds, self.callback, self.active = seconds, callback, True

    def cancel(self) -> None:
        self.active = False


class HandClock(SystemClock):
    """``slept`` holds every sleep asked for, in seconds."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._timers: list[HandTimer] = []
        self._asked = asyncio.Condition()

    async def sleep(self, seconds: float) -> None:
        async with self._asked:
            self.slept.append(seconds)
            self._asked.notify_all()
        await asyncio.sleep(0)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> HandTimer:
        timer = HandTimer(seconds, callback)
        self._timers.append(timer)
        return timer

    def expire(self, seconds: float) -> None:
        """The active limit of that many seconds passes."""
        timer = next(timer for timer in self._timers if timer.active and timer.seconds == seconds)
        timer.active = False
        timer.callback()

    async def has_slept(self, times: int) -> None:
        """Return once that many sleeps were asked for."""
        async with self._asked, asyncio.timeout(20):
            await self._asked.wait_for(lambda: len(self.slept) >= times)
