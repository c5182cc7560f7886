"""Effects on transactions. A broker that asks for the end of a transaction writes the half message anew, so that each
time shows as one more message in the topic of half messages; one that it gives up goes to another topic."""

import asyncio

from .stage import Stage, eventually, shown

HALF, GIVEN_UP = "RMQ_SYS_TRANS_HALF_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC"
_IN_TIME = "100"


async def _half_message(at: Stage, topic: str) -> None:
    await at.topic(topic)
    sent = await at.send(topic, sys_flag=4, TRAN_MSG="true", PGROUP="producers", UNIQ_KEY=topic)
    assert sent.code == 0


async def _end(at: Stage, topic: str) -> int:
    return await at.admin.max_offset(at.master, topic, 0)


async def _checks(at: Stage, seconds: float) -> int:
    """How many half messages are written anew in so many seconds."""
    before = await _end(at, HALF)
    await asyncio.sleep(seconds)
    return await _end(at, HALF) - before


async def _checked(at: Stage, times: int) -> bool:
    """Whether half messages are written anew so many times, sooner or later."""
    before = await _end(at, HALF)

    async def done() -> bool:
        return await _end(at, HALF) >= before + times

    return await eventually(done)


async def transaction_time_out(at: Stage) -> None:
    """A half message is left in peace for an hour, is asked for after 0.1 s, is left in peace."""
    await _half_message(at, "patient")
    await asyncio.sleep(1)
    assert await _checks(at, 2) == 0
    async with at.changed("transactionTimeOut", _IN_TIME):
        shown(await _checked(at, 1), "the transaction's end is asked for")
    await asyncio.sleep(1)
    assert await _checks(at, 2) == 0


async def transaction_check_interval(at: Stage) -> None:
    """A half message is asked for each half second, each 10 s."""
    await _half_message(at, "repeated")
    async with at.changed("transactionTimeOut", _IN_TIME), at.changed("transactionCheckMax", "1000"):
        often = await _checks(at, 5)
        assert often > 3
        async with at.changed("transactionCheckInterval", "10000"):
            await asyncio.sleep(1)
            shown(await _checks(at, 5) < often / 2, "the transaction's end is asked for less often")


async def transaction_check_max(at: Stage) -> None:
    """A half message is asked for more than once, is given up."""
    await _half_message(at, "hopeless")
    async with at.changed("transactionTimeOut", _IN_TIME), at.changed("transactionCheckMax", "1000"):
        before = await _end(at, GIVEN_UP)
        assert await _checked(at, 8)
        assert await _end(at, GIVEN_UP) == before

        async def given_up() -> bool:
            return await _end(at, GIVEN_UP) > before

        async with at.changed("transactionCheckMax", "1"):
            shown(await eventually(given_up), "the transaction is given up")
