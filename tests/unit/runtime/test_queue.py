"""The work queue in virtual time."""

import asyncio
from random import Random

import pytest

from rocketmq_operator.runtime import Policy, ShutDownError, WorkQueue
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

RETRY = Policy(initial=1.0, maximum=8.0, jitter=0.0)


def queue() -> WorkQueue[str]:
    return WorkQueue(clock=VirtualClock(), random=Random(1), retry=RETRY)


async def taken_at(work: WorkQueue[str]) -> tuple[str, float]:
    key = await work.get()
    return key, asyncio.get_running_loop().time()


def test_a_key_added_often_runs_once() -> None:
    async def scenario() -> None:
        work = queue()
        for _ in range(1000):
            work.add("a")
        assert len(work) == 1
        assert await work.get() == "a"
        work.done("a")
        assert len(work) == 0

    run_virtual(scenario())


def test_keys_come_in_the_order_of_their_adding() -> None:
    async def scenario() -> None:
        work = queue()
        for key in ("b", "a", "c", "a"):
            work.add(key)
        assert [await work.get() for _ in range(3)] == ["b", "a", "c"]

    run_virtual(scenario())


def test_a_key_added_while_it_runs_runs_again_but_never_twice_at_once() -> None:
    async def scenario() -> None:
        work = queue()
        work.add("a")
        assert await work.get() == "a"
        work.add("a")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await work.get()
        work.done("a")
        assert await work.get() == "a"

    run_virtual(scenario())


def test_of_several_delays_the_earliest_wins() -> None:
    async def scenario() -> None:
        work = queue()
        work.add_after("a", 50)
        work.add_after("a", 20)
        work.add_after("a", 90)
        assert await taken_at(work) == ("a", 20)
        work.add_after("a", 70)
        work.add_after("a", 5)
        work.done("a")
        assert await taken_at(work) == ("a", 25)

    run_virtual(scenario())


def test_a_sleeping_worker_is_woken_by_an_earlier_key() -> None:
    async def scenario() -> None:
        work = queue()
        work.add_after("late", 100)
        waiting = asyncio.create_task(taken_at(work))
        await asyncio.sleep(1)
        work.add("now")
        assert await waiting == ("now", 1)
        assert await taken_at(work) == ("late", 100)

    run_virtual(scenario())


def test_retries_come_later_each_time_until_one_works() -> None:
    async def scenario() -> None:
        work = queue()
        assert [work.retry("a") for _ in range(6)] == [1, 2, 4, 8, 8, 8]
        assert work.retry("b", at_least=30) == 30
        work.forget("a")
        assert work.retry("a") == 1

    run_virtual(scenario())


def test_a_failing_key_costs_a_thousand_failures_without_overflow() -> None:
    async def scenario() -> None:
        work = queue()
        assert {work.retry("a") for _ in range(5000)} == {1, 2, 4, 8}

    run_virtual(scenario())


def test_a_wake_up_of_a_cancelled_worker_goes_to_the_next() -> None:
    async def scenario() -> None:
        work = queue()
        first = asyncio.create_task(work.get())
        second = asyncio.create_task(work.get())
        await asyncio.sleep(0)
        work.add("a")
        first.cancel()
        assert await second == "a"
        assert first.cancelled()

    run_virtual(scenario())


def test_shut_down_ends_everybody_who_waits_and_takes_nothing_more() -> None:
    async def scenario() -> None:
        work = queue()
        waiting = [asyncio.create_task(work.get()) for _ in range(3)]
        await asyncio.sleep(0)
        work.shut_down()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, ShutDownError) for each in results)
        work.add("a")
        with pytest.raises(ShutDownError):
            await work.get()

    run_virtual(scenario())
