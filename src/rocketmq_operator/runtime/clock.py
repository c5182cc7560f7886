"""Time as a parameter: nothing in the runtime reads a clock or sleeps but through this."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol


class Timer(Protocol):
    """A call in the future that can be taken back."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Monotonic time, the time of day, and waiting; all in seconds."""

    def now(self) -> float:
        """Monotonic; its zero means nothing."""
        ...

    def wall(self) -> float:
        """Since 1970; may jump."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)


@asynccontextmanager
async def time_limit(clock: Clock, seconds: float) -> AsyncIterator[None]:
    """``asyncio.timeout`` on a clock of ours: TimeoutError once ``seconds`` have passed by it."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        timer = clock.call_later(seconds, lambda: limit.reschedule(loop.time()))
        try:
            yield
        finally:
            timer.cancel()
