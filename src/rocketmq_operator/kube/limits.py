"""How much one client may ask of an API server at once and per second."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Sleep = Callable[[float], Awaitable[None]]


class Limits:
    """A token bucket (``rate`` calls a second, ``burst`` at once) and a bound on calls in flight."""

    def __init__(
        self,
        *,
        rate: float = 50.0,
        burst: int = 100,
        in_flight: int = 32,
        now: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._sleep = sleep
        self._slots = asyncio.Semaphore(in_flight)
        # When the bucket would be full again; the virtual-scheduling form of a token bucket needs no refill.
        self._full_at = now()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Held during one call; waits for its turn first."""
        async with self._slots:
            wait = self._reserve()
            if wait > 0:
                await self._sleep(wait)
            yield

    def _reserve(self) -> float:
        """Take one token, perhaps a future one; seconds until it is there."""
        now = self._now()
        self._full_at = max(self._full_at, now) + 1 / self._rate
        return self._full_at - now - self._burst / self._rate
