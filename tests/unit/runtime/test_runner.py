"""Workers in virtual time: what one key does, no other feels."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from rocketmq_operator.kube.errors import NotLeader, Retry
from rocketmq_operator.runtime import Hung, Policy, Runner, WorkQueue
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

Reconcile = Callable[[str], Awaitable[float | None]]


class Bench:
    """A runner, and when which key ran and failed."""

    def __init__(self, reconcile: Reconcile, workers: int = 2) -> None:
        self.clock = VirtualClock()
        self.queue: WorkQueue[str] = WorkQueue(
            clock=self.clock, random=Random(1), retry=Policy(initial=1.0, maximum=60.0, jitter=0.0)
        )
        self.started: list[tuple[float, str]] = []
        self.errors: list[tuple[str, str, int]] = []
        self.runs: list[tuple[str, float, bool]] = []
        self.busy: set[str] = set()
        self.most = 0
        self._reconcile = reconcile
        self.runner = Runner(
            self.queue,
            self._one,
            clock=self.clock,
            workers=workers,
            run_seconds=100,
            grace_seconds=5,
            on_error=lambda key, error, failures: self.errors.append((key, type(error).__name__, failures)),
            on_run=lambda key, seconds, ok: self.runs.append((key, seconds, ok)),
        )

    async def _one(self, key: str) -> float | None:
        assert key not in self.busy, "one key twice at once"
        self.busy.add(key)
        self.most = max(self.most, len(self.busy))
        self.started.append((self.clock.now(), key))
        try:
            return await self._reconcile(key)
        finally:
            self.busy.discard(key)

    async def for_seconds(self, seconds: float) -> None:
        task = asyncio.create_task(self.runner.run())
        await self.clock.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def starts(self, key: str) -> list[float]:
        return [when for when, each in self.started if each == key]


def bench(reconcile: Reconcile, *keys: str, seconds: float, workers: int = 2) -> Bench:
    async def scenario() -> Bench:
        made = Bench(reconcile, workers)
        for key in keys:
            made.queue.add(key)
        await made.for_seconds(seconds)
        return made

    return run_virtual(scenario())


async def _quick(key: str) -> float | None:
    await asyncio.sleep(1)
    return None


def test_no_more_runs_at_once_than_workers() -> None:
    found = bench(_quick, *"abcdefgh", seconds=60, workers=3)
    assert len(found.runs) == 8
    assert found.most == 3


def test_what_a_run_returns_is_when_it_runs_again() -> None:
    async def again(key: str) -> float | None:
        return 10

    assert bench(again, "a", seconds=35).starts("a") == [0, 10, 20, 30]


def test_a_failure_is_retried_later_each_time_and_told() -> None:
    async def fails(key: str) -> float | None:
        raise ValueError(key)

    found = bench(fails, "a", seconds=16)
    assert found.starts("a") == [0, 1, 3, 7, 15]
    assert found.errors[:2] == [("a", "ValueError", 1), ("a", "ValueError", 2)]


def test_a_server_that_names_a_time_gets_it() -> None:
    async def overloaded(key: str) -> float | None:
        raise Retry("overloaded", status=429, retry_after=40)

    assert bench(overloaded, "a", seconds=90).starts("a") == [0, 40, 80]


def test_a_slow_key_delays_no_other() -> None:
    async def reconcile(key: str) -> float | None:
        await asyncio.sleep(90 if key == "slow" else 0)
        return None if key == "slow" else 1.0

    found = bench(reconcile, "slow", "quick", seconds=50)
    assert found.starts("quick")[:50] == list(range(50))


def test_a_run_without_end_is_cancelled_and_its_worker_goes_on() -> None:
    async def hangs(key: str) -> float | None:
        if key == "hangs":
            await asyncio.Event().wait()
        return None

    found = bench(hangs, "hangs", "a", seconds=150, workers=1)
    assert found.starts("a") == [100]
    assert found.errors == [("hangs", Hung.__name__, 1)]
    assert found.starts("hangs") == [0, 101]


def test_a_run_that_cannot_even_be_cancelled_frees_its_worker_but_not_its_key() -> None:
    async def stubborn(key: str) -> float | None:
        if key == "stubborn":
            for _ in range(20):
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    continue
        return None

    async def scenario() -> Bench:
        found = Bench(stubborn, workers=1)
        found.queue.add("stubborn")
        found.queue.add("a")
        running = asyncio.create_task(found.for_seconds(180))
        await asyncio.sleep(120)
        found.queue.add("stubborn")
        await running
        return found

    found = run_virtual(scenario())
    assert found.starts("a") == [105]
    assert found.starts("stubborn") == [0], "it still runs: a second one beside it would be two at once"


def test_who_no_longer_leads_does_not_retry() -> None:
    async def reconcile(key: str) -> float | None:
        raise NotLeader("late")

    found = bench(reconcile, "a", seconds=100)
    assert found.starts("a") == [0]
    assert found.errors == []


def test_a_handler_of_errors_that_fails_ends_no_worker() -> None:
    async def scenario() -> list[str]:
        clock = VirtualClock()
        queue: WorkQueue[str] = WorkQueue(clock=clock, random=Random(1))
        seen: list[str] = []

        async def reconcile(key: str) -> float | None:
            seen.append(key)
            raise ValueError

        def broken(key: str, error: Exception, failures: int) -> None:
            raise RuntimeError("the handler's own fault")

        runner = Runner(queue, reconcile, clock=clock, workers=1, on_error=broken)
        queue.add("a")
        queue.add("b")
        task = asyncio.create_task(runner.run())
        await clock.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen

    assert run_virtual(scenario()) == ["a", "b"]


def test_shutting_down_lets_runs_end() -> None:
    async def scenario() -> Bench:
        found = Bench(_quick)
        found.queue.add("a")
        task = asyncio.create_task(found.runner.run())
        await asyncio.sleep(0.5)
        found.queue.shut_down()
        await task
        return found

    assert run_virtual(scenario()).runs == [("a", 1.0, True)]


def test_cancelling_cancels_the_runs_and_waits_for_their_cleaning_up() -> None:
    cleaned: list[float] = []

    async def reconcile(key: str) -> float | None:
        try:
            await asyncio.sleep(50)
        finally:
            await asyncio.sleep(2)
            cleaned.append(asyncio.get_running_loop().time())
        return None

    bench(reconcile, "a", seconds=10)
    assert cleaned == [12]
