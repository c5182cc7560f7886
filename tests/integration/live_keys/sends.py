"""Effects on sending."""

import time

from rocketmq_operator.remoting.codes import ResponseCode

from .stage import Stage, eventually, shown


async def max_message_size(at: Stage) -> None:
    """A message of 200 kB is stored, refused, stored."""
    topic, body = await at.topic("sizes"), b"x" * 200_000
    assert (await at.send(topic, body)).code == ResponseCode.SUCCESS
    async with at.changed("maxMessageSize", "65536"):
        shown((await at.send(topic, body)).code == ResponseCode.MESSAGE_ILLEGAL, "a large message is refused")
    assert (await at.send(topic, body)).code == ResponseCode.SUCCESS
    async with at.changed("maxMessageSize", str(8 << 20)):
        shown((await at.send(topic, b"x" * (5 << 20))).code == ResponseCode.SUCCESS, "a larger message is stored")


async def broker_permission(at: Stage) -> None:
    """Name servers say so at once. The broker itself refuses readers without 4; without 2 it refuses messages of an order
    topic only (4.9 does not know by code 17 that a topic is one)."""
    topic = await at.topic("permitted", order=True, messages=1)

    async def routed(perm: int) -> bool:
        return (await at.admin.route(at.given.ns.address, topic)).queues[0].perm == perm

    assert await eventually(lambda: routed(6))
    assert (await at.pull(topic)).code == ResponseCode.SUCCESS
    async with at.changed("brokerPermission", "4"):
        shown(await eventually(lambda: routed(4)), "the route is read-only")
        if at.version >= "5":
            shown((await at.send(topic)).code == ResponseCode.NO_PERMISSION, "an ordered message is refused")
    async with at.changed("brokerPermission", "2", sends=False):
        shown(await eventually(lambda: routed(2)), "the route is write-only")
        shown((await at.pull(topic)).code == ResponseCode.NO_PERMISSION, "a reader is refused")
        assert (await at.send(topic)).code == ResponseCode.SUCCESS
    shown(await eventually(lambda: routed(6)), "the route is whole again")
    assert (await at.send(topic)).code == (await at.pull(topic)).code == ResponseCode.SUCCESS


async def start_accept_send_request_time_stamp(at: Stage) -> None:
    """Every message is refused until then."""
    topic = await at.topic("fenced")
    assert (await at.send(topic)).code == ResponseCode.SUCCESS
    async with at.changed("startAcceptSendRequestTimeStamp", "4102444800000", sends=False):
        shown((await at.send(topic)).code == ResponseCode.SYSTEM_ERROR, "a message is refused")
    shown((await at.send(topic)).code == ResponseCode.SUCCESS, "a message is stored again")


async def auto_create_topic_enable(at: Stage) -> None:
    """Off: a message for a topic that is not there is refused. On again does nothing until the next start."""
    key, stamp = "autoCreateTopicEnable", int(time.time())
    assert (await at.send(f"auto-1-{stamp}", default_topic="TBW102")).code == ResponseCode.SUCCESS
    async with at.changed(key, "false"):
        refused = await at.send(f"auto-2-{stamp}", default_topic="TBW102")
        shown(refused.code == ResponseCode.TOPIC_NOT_EXIST, "no topic is made")
    again = await at.send(f"auto-3-{stamp}", default_topic="TBW102")
    assert again.code == ResponseCode.TOPIC_NOT_EXIST, "it can be put on live after all: let the table allow it"


async def reject_transaction_message(at: Stage) -> None:
    """A half message is stored, refused, stored."""
    topic = await at.topic("transactions")

    async def half() -> int:
        return (await at.send(topic, sys_flag=4, TRAN_MSG="true", PGROUP="producers", UNIQ_KEY="half")).code

    assert await half() == ResponseCode.SUCCESS
    async with at.changed("rejectTransactionMessage", "true"):
        shown(await half() == ResponseCode.NO_PERMISSION, "a half message is refused")
    assert await half() == ResponseCode.SUCCESS


async def trace_on(at: Stage) -> None:
    """What every response tells clients: whether to trace."""
    topic = await at.topic("traced")
    assert (await at.send(topic)).fields["TRACE_ON"] == "true"
    async with at.changed("traceOn", "false"):
        shown((await at.send(topic)).fields["TRACE_ON"] == "false", "clients are told not to trace")
    assert (await at.send(topic)).fields["TRACE_ON"] == "true"


async def region_id(at: Stage) -> None:
    """What every response tells clients: the region that their traces name."""
    topic = await at.topic("regions")
    assert (await at.send(topic)).fields["MSG_REGION"] == "DefaultRegion"
    async with at.changed("regionId", "elsewhere"):
        shown((await at.send(topic)).fields["MSG_REGION"] == "elsewhere", "clients are told the region")


async def timer_max_delay_sec(at: Stage) -> None:
    """A message that is to come in 60 s is taken, refused, taken."""
    topic = await at.topic("timers")
    assert (await at.send(topic, TIMER_DELAY_SEC="60")).code == ResponseCode.SUCCESS
    async with at.changed("timerMaxDelaySec", "30"):
        shown((await at.send(topic, TIMER_DELAY_SEC="60")).code == ResponseCode.MESSAGE_ILLEGAL, "it is refused")
        assert (await at.send(topic, TIMER_DELAY_SEC="20")).code == ResponseCode.SUCCESS
    assert (await at.send(topic, TIMER_DELAY_SEC="60")).code == ResponseCode.SUCCESS


async def message_index_enable(at: Stage) -> None:
    """A message can be found by its key, cannot, can. Messages are indexed in their order, so the last one's proves that
    the middle one's never comes."""
    topic = await at.topic("indexed")

    async def found(key: str) -> bool:
        fields = {"topic": topic, "key": key, "maxNum": 8, "beginTimestamp": 0, "endTimestamp": 2**62}
        return (await at.request(at.master, 12, fields)).code == ResponseCode.SUCCESS

    await at.send(topic, KEYS="first")
    assert await eventually(lambda: found("first"))
    async with at.changed("messageIndexEnable", "false"):
        await at.send(topic, KEYS="middle")
        await at.holds(topic, 2)
    await at.send(topic, KEYS="last")
    assert await eventually(lambda: found("last"))
    shown(not await found("middle"), "a key is not indexed")
