"""Effects on reading."""

import time

from rocketmq_operator.remoting.codes import ResponseCode
from rocketmq_operator.remoting.message import decode_messages

from .stage import Stage, shown

HELD = 6.5
"""Seconds: more than the 5 between two looks of a broker at the requests that it holds."""


async def _count(at: Stage, topic: str) -> int:
    response = await at.pull(topic)
    assert response.code == ResponseCode.SUCCESS
    return len(decode_messages(response.body))


async def max_transfer_count_on_message_in_memory(at: Stage) -> None:
    """An answer holds 32 messages, 5, 32."""
    topic = await at.topic("counted", messages=40)
    assert await _count(at, topic) == 32
    async with at.changed("maxTransferCountOnMessageInMemory", "5"):
        shown(await _count(at, topic) == 5, "fewer messages in an answer")
    assert await _count(at, topic) == 32


async def max_transfer_bytes_on_message_in_memory(at: Stage) -> None:
    """An answer holds 32 messages of more than 100 bytes, less than ten, 32."""
    topic = await at.topic("weighed", messages=40)
    assert await _count(at, topic) == 32
    async with at.changed("maxTransferBytesOnMessageInMemory", "1000"):
        shown(0 < await _count(at, topic) < 10, "fewer bytes in an answer")
    assert await _count(at, topic) == 32


async def access_message_in_memory_max_ratio(at: Stage) -> None:
    """With no memory for them all messages count as read from disk: 8 to an answer instead of 32."""
    topic = await at.topic("remembered", messages=40)
    assert await _count(at, topic) == 32
    async with at.changed("accessMessageInMemoryMaxRatio", "0"):
        shown(await _count(at, topic) == 8, "an answer as from disk")
    assert await _count(at, topic) == 32


async def max_transfer_count_on_message_in_disk(at: Stage) -> None:
    """An answer as from disk holds 8 messages, 3, 8."""
    topic = await at.topic("counted-on-disk", messages=40)
    async with at.changed("accessMessageInMemoryMaxRatio", "0"):
        assert await _count(at, topic) == 8
        async with at.changed("maxTransferCountOnMessageInDisk", "3"):
            shown(await _count(at, topic) == 3, "fewer messages in an answer")
        assert await _count(at, topic) == 8


async def max_transfer_bytes_on_message_in_disk(at: Stage) -> None:
    """An answer as from disk holds 8 messages of more than 100 bytes, less than 5, 8."""
    topic = await at.topic("weighed-on-disk", messages=40)
    async with at.changed("accessMessageInMemoryMaxRatio", "0"):
        assert await _count(at, topic) == 8
        async with at.changed("maxTransferBytesOnMessageInDisk", "500"):
            shown(0 < await _count(at, topic) < 5, "fewer bytes in an answer")
        assert await _count(at, topic) == 8


async def _held(at: Stage, topic: str, seconds: float) -> float | None:
    """How long the broker held an answer of nothing, None if longer than `seconds`."""
    before = time.monotonic()
    try:
        response = await at.pull(topic, hold=30, seconds=seconds)
    except TimeoutError:
        return None
    assert response.code == ResponseCode.PULL_NOT_FOUND
    return time.monotonic() - before


async def long_polling_enable(at: Stage) -> None:
    """A reader that waits 30 s for a message: it is held, it is answered within seconds."""
    topic = await at.topic("polled")
    assert await _held(at, topic, HELD) is None
    async with at.changed("longPollingEnable", "false"):
        shown(await _held(at, topic, 20) is not None, "the answer comes soon")


async def short_polling_time_mills(at: Stage) -> None:
    """Without long polling a reader is answered after 1 to 2 s, after more than 5."""
    topic = await at.topic("polled-shortly")
    async with at.changed("longPollingEnable", "false"):
        await _held(at, topic, 20)
        first = await _held(at, topic, 20)
        assert first is not None and first < 4.5
        async with at.changed("shortPollingTimeMills", "5000"):
            later = await _held(at, topic, 20)
            shown(later is not None and later > 4.9, f"the answer came after {later} s")


async def auto_create_subscription_group(at: Stage) -> None:
    """A group that is not there may read, may not, may."""
    topic, stamp = await at.topic("grouped", messages=1), time.time_ns()
    assert (await at.pull(topic, consumerGroup=f"first-{stamp}")).code == ResponseCode.SUCCESS
    async with at.changed("autoCreateSubscriptionGroup", "false"):
        refused = await at.pull(topic, consumerGroup=f"second-{stamp}")
        shown(refused.code == ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, "an unknown group is refused")
    assert (await at.pull(topic, consumerGroup=f"third-{stamp}")).code == ResponseCode.SUCCESS


async def reject_pull_consumer_enable(at: Stage) -> None:
    """A reader that did not register may read, may not, may."""
    topic, group = await at.topic("rejected", messages=1), "strangers"
    assert (await at.pull(topic, consumerGroup=group)).code == ResponseCode.SUCCESS
    async with at.changed("rejectPullConsumerEnable", "true"):
        refused = await at.pull(topic, consumerGroup=group)
        shown(refused.code == ResponseCode.SUBSCRIPTION_NOT_EXIST, "the reader is refused")
    assert (await at.pull(topic, consumerGroup=group)).code == ResponseCode.SUCCESS


async def enable_property_filter(at: Stage) -> None:
    """A reader that asks by SQL is refused, gets what fits, is refused."""
    topic = await at.topic("filtered")
    for colour in ("red", "blue"):
        await at.send(topic, colour.encode(), colour=colour)
    await at.holds(topic, 2)

    async def blue() -> list[bytes] | None:
        response = await at.pull(topic, expressionType="SQL92", subscription="colour = 'blue'")
        return [m.body for m in decode_messages(response.body)] if response.code == ResponseCode.SUCCESS else None

    assert await blue() is None
    async with at.changed("enablePropertyFilter", "true"):
        shown(await blue() == [b"blue"], "messages are filtered")
    assert await blue() is None
