"""Virtual time: an event loop on which waiting takes no time, for tests and simulations.

Time stands still while anything can run, and jumps to the next timer when nothing can. So a scenario of hours takes
milliseconds, and the same scenario always runs the same way.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .clock import Timer

T = TypeVar("T")


class StuckError(RuntimeError):
    """Nothing can run and nothing is due: the scenario would wait for ever."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting for input, passes the time; no virtual world has input."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise StuckError("nothing can run and nothing is due")
        if not events and timeout:
            self.time += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is virtual and begins at 0."""

    def __init__(self) -> None:
        self._passing = _Selector()
        super().__init__(self._passing)

    def time(self) -> float:
        return self._passing.time


class VirtualClock:
    """The running loop's time as a ``Clock``; its time of day begins at ``epoch``."""

    def __init__(self, epoch: float = 1_800_000_000.0) -> None:
        self._epoch = epoch

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return self._epoch + self.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` in virtual time; StuckError if ``main`` waits for what cannot come."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
