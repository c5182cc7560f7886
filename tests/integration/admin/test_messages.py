"""Messages go in, come out, and are counted."""

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.messages import PullStatus, SendStatus
from rocketmq_operator.admin.offsets import GroupOffset
from rocketmq_operator.remoting.bodies.consumption import MessageQueue, QueueRange

from .conftest import Installation

pytestmark = pytest.mark.integration


async def test_what_is_sent_is_pulled(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    await admin.create_topic(addr, "parcel", read_queues=2, write_queues=2)
    bodies = [f"body {i} ä".encode() * (i * 200 + 1) for i in range(10)]
    for number, body in enumerate(bodies):
        sent = await admin.send(addr, "parcel", 1, body, [f"key-{number}", "all"], properties={"colour": "blue"})
        assert (sent.status, sent.queue_id, sent.queue_offset) == (SendStatus.SEND_OK, 1, number)
    first = await admin.pull(addr, "parcel", 1, 0, 4)
    assert (first.status, first.minimum, first.maximum) == (PullStatus.FOUND, 0, 10)
    messages, offset = list(first.messages), first.next_offset
    while len(messages) < len(bodies):
        more = await admin.pull(addr, "parcel", 1, offset)
        assert more.status is PullStatus.FOUND
        messages, offset = messages + more.messages, more.next_offset
    assert [message.body for message in messages] == bodies
    assert messages[3].keys == ("key-3", "all")
    assert messages[3].properties["colour"] == "blue"
    assert [message.queue_offset for message in messages] == list(range(10))
    assert messages[0].store_host == addr
    assert (await admin.pull(addr, "parcel", 1, 10)).status is PullStatus.NO_NEW_MESSAGE
    beyond = await admin.pull(addr, "parcel", 1, 99)
    assert (beyond.status, beyond.next_offset) == (PullStatus.OFFSET_ILLEGAL, 10)


async def test_offsets_and_backlog(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    await admin.create_topic(addr, "counted", read_queues=2, write_queues=2)
    await admin.upsert_group(addr, "counting")
    for number in range(3):
        await admin.send(addr, "counted", 0, b"x", [str(number)])
    assert (await admin.min_offset(addr, "counted", 0), await admin.max_offset(addr, "counted", 0)) == (0, 3)
    stats = await admin.topic_stats(addr, "counted")
    assert stats[MessageQueue("broker-0", 0, "counted")].maximum == 3
    assert stats[MessageQueue("broker-0", 1, "counted")] == QueueRange(0, 0)
    assert await admin.consumer_offset(addr, "counting", "counted", 0) is None
    await admin.update_consumer_offset(addr, "counting", "counted", 0, 1)
    assert await admin.consumer_offset(addr, "counting", "counted", 0) == 1
    assert GroupOffset("counting", "counted", 0, 1) in await admin.consumer_offsets(addr)
    progress = (await admin.consume_stats(addr, "counting", "counted"))[MessageQueue("broker-0", 0, "counted")]
    assert (progress.broker_offset, progress.consumer_offset, progress.lag) == (3, 1, 2)
    backlog = await admin.backlog(addr)
    assert backlog.total >= 2
    assert backlog.groups["counting"][MessageQueue("broker-0", 0, "counted")].lag == 2


async def test_delayed_messages_are_seen_waiting(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    await admin.create_topic(addr, "later")
    await admin.send(addr, "later", 0, b"level", properties={"DELAY": "18"})
    waiting = (await admin.runtime(addr)).delay_levels
    assert all(level.current <= level.maximum for level in waiting.values())
    await admin.delay_offsets(addr)
    assert (await admin.timer_counts(addr)).total >= 0


async def test_nobody_is_connected(installation: Installation, admin: Admin) -> None:
    assert await admin.consumers(installation.master, "nobody") is None
    assert (await admin.producers(installation.master)).groups.get("nobody") is None
