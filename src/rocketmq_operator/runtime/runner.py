"""Workers that take keys from a queue and reconcile them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

from rocketmq_operator.kube.errors import NotLeader, Retry

from .clock import Clock, time_limit
from .queue import ShutDownError, WorkQueue

K = TypeVar("K", bound=Hashable)

Reconcile = Callable[[K], Awaitable[float | None]]
OnError = Callable[[K, Exception, int], None]
OnRun = Callable[[K, float, bool], None]

log = structlog.get_logger(__name__)


class Hung(Exception):  # noqa: N818 - says what it is
    """A reconcile did not end in time."""


class Runner(Generic[K]):
    """Runs ``reconcile`` for every key that is due, at most ``workers`` at once and never one key twice at once.

    ``reconcile`` returns the seconds after which it wants to look again, or None. An exception is a retry that comes later
    each time; ``on_error(key, error, failures)`` hears of it. A run that takes longer than ``run_seconds`` is cancelled, and
    given up if it does not obey: its worker goes on with other keys, its key waits until it really ends.
    ``on_run(key, seconds, ok)`` hears of every run's end.
    """

    def __init__(
        self,
        queue: WorkQueue[K],
        reconcile: Reconcile[K],
        *,
        clock: Clock,
        workers: int = 8,
        run_seconds: float = 120.0,
        grace_seconds: float = 5.0,
        on_error: OnError[K] | None = None,
        on_run: OnRun[K] | None = None,
    ) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._clock = clock
        self._workers = workers
        self._run_seconds = run_seconds
        self._grace_seconds = grace_seconds
        self._on_error = on_error
        self._on_run = on_run

    async def run(self) -> None:
        """Until cancelled, which cancels the runs at work, or until the queue is shut down, which lets them end."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._workers):
                group.create_task(self._work(), name=f"worker-{number}")

    async def _work(self) -> None:
        while True:
            try:
                key = await self._queue.get()
            except ShutDownError:
                return
            await self._one(key)

    async def _one(self, key: K) -> None:
        run = asyncio.create_task(self._settled(key), name=f"run-{key}")
        try:
            await self._ends(run, self._run_seconds + self._grace_seconds)
        except asyncio.CancelledError:
            run.cancel()
            await self._ends(run, self._grace_seconds)
            raise
        finally:
            if not run.done():
                log.error("a reconcile neither ends nor can be cancelled", key=str(key))
            elif not run.cancelled() and run.exception() is not None:
                log.error("a worker's bookkeeping failed", key=str(key), exc_info=run.exception())

    async def _ends(self, run: asyncio.Task[None], seconds: float) -> None:
        """Return when ``run`` has ended, or after ``seconds``."""
        over = asyncio.Event()
        run.add_done_callback(lambda _: over.set())
        timer = self._clock.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    async def _settled(self, key: K) -> None:
        """One run and what follows from it; whatever happens, the key is given back."""
        started = self._clock.now()
        ok = False
        try:
            async with time_limit(self._clock, self._run_seconds):
                again = await self._reconcile(key)
            ok = True
            self._queue.forget(key)
            if again is not None:
                self._queue.add_after(key, again)
        except Exception as error:
            hung = isinstance(error, TimeoutError) and self._clock.now() - started >= self._run_seconds
            self._failed(key, Hung(f"no end within {self._run_seconds:g} s") if hung else error)
        finally:
            self._queue.done(key)
            if self._on_run is not None:
                self._on_run(key, self._clock.now() - started, ok)

    def _failed(self, key: K, error: Exception) -> None:
        if isinstance(error, NotLeader):
            # Whoever leads now does it; if it is us again, everything is looked at anew.
            return
        wish = error.retry_after if isinstance(error, Retry) else None
        self._queue.retry(key, wish or 0.0)
        if self._on_error is not None:
            self._on_error(key, error, self._queue.failures(key))
