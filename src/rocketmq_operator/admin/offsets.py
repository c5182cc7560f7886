"""What is stored and consumed, asked of masters."""

import msgspec

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.admin.errors import Malformed
from rocketmq_operator.remoting.bodies.consumption import (
    Backlog,
    BacklogReply,
    ConsumerConnections,
    ConsumeStatsReply,
    DelayOffsets,
    MessageQueue,
    OffsetTable,
    ProducerTable,
    QueueProgress,
    QueueRange,
    TimerCounts,
    TopicStatsReply,
    backlog,
    by_queue,
)
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode
from rocketmq_operator.remoting.errors import BodyError


class GroupOffset(msgspec.Struct, frozen=True, order=True):
    """A group's committed offset in one queue."""

    group: str
    topic: str
    queue_id: int
    offset: int


class OffsetOperations(Caller):
    """Offsets of queues and groups, backlogs, delayed messages, connections."""

    async def topic_stats(self, addr: str, topic: str) -> dict[MessageQueue, QueueRange]:
        """Which offsets each queue of a topic holds (202)."""
        code = RequestCode.GET_TOPIC_STATS_INFO
        reply = await self.ask(addr, code, TopicStatsReply, {"topic": topic})
        try:
            return by_queue(reply.offsets)
        except BodyError as error:
            raise Malformed(addr, code.name, str(error)) from None

    async def max_offset(self, addr: str, topic: str, queue_id: int) -> int:
        """The offset that a queue's next message gets (30)."""
        return await self._queue_offset(addr, RequestCode.GET_MAX_OFFSET, topic, queue_id)

    async def min_offset(self, addr: str, topic: str, queue_id: int) -> int:
        """The offset of a queue's first message that is still there (31)."""
        return await self._queue_offset(addr, RequestCode.GET_MIN_OFFSET, topic, queue_id)

    async def _queue_offset(self, addr: str, code: RequestCode, topic: str, queue_id: int) -> int:
        response = await self.call(addr, code, {"topic": topic, "queueId": queue_id})
        return self.number(addr, code, response, "offset")

    async def consumer_offset(self, addr: str, group: str, topic: str, queue_id: int) -> int | None:
        """A group's committed offset in a queue (14), None where it has committed none.

        4.9 answers 0 instead of None while the queue still holds its first message.
        """
        code, accept = RequestCode.QUERY_CONSUMER_OFFSET, (ResponseCode.SUCCESS, ResponseCode.QUERY_NOT_FOUND)
        fields = {"consumerGroup": group, "topic": topic, "queueId": queue_id, "setZeroIfNotFound": False}
        response = await self.call(addr, code, fields, accept=accept)
        return self.number(addr, code, response, "offset") if response.code == ResponseCode.SUCCESS else None

    async def update_consumer_offset(self, addr: str, group: str, topic: str, queue_id: int, offset: int) -> None:
        """Commit an offset for a group (15), as a consumer would."""
        fields = {"consumerGroup": group, "topic": topic, "queueId": queue_id, "commitOffset": offset}
        await self.call(addr, RequestCode.UPDATE_CONSUMER_OFFSET, fields)

    async def consumer_offsets(self, addr: str) -> list[GroupOffset]:
        """All committed offsets of a broker (43)."""
        table = await self.ask(addr, RequestCode.GET_ALL_CONSUMER_OFFSET, OffsetTable)
        return [
            GroupOffset(group, topic, queue_id, offset)
            for key, queues in table.offsets.items()
            for topic, _, group in [key.rpartition("@")]
            for queue_id, offset in queues.items()
        ]

    async def consume_stats(self, addr: str, group: str, topic: str | None = None) -> dict[MessageQueue, QueueProgress]:
        """A group's progress in all queues that it has touched, or in one topic's (208)."""
        code = RequestCode.GET_CONSUME_STATS
        reply = await self.ask(addr, code, ConsumeStatsReply, {"consumerGroup": group, "topic": topic})
        try:
            return by_queue(reply.offsets)
        except BodyError as error:
            raise Malformed(addr, code.name, str(error)) from None

    async def backlog(self, addr: str) -> Backlog:
        """What the whole broker holds unconsumed (317). Blind to groups without committed offsets, and to queues beyond
        a topic's write queues: zero here alone does not mean drained."""
        code = RequestCode.GET_BROKER_CONSUME_STATS
        reply = await self.ask(addr, code, BacklogReply, {"isOrder": False})
        try:
            return backlog(reply)
        except BodyError as error:
            raise Malformed(addr, code.name, str(error)) from None

    async def delay_offsets(self, addr: str) -> dict[int, int]:
        """How far each delay level has been delivered (45), by level."""
        return (await self.ask(addr, RequestCode.GET_ALL_DELAY_OFFSET, DelayOffsets)).offsets

    async def timer_counts(self, addr: str) -> TimerCounts:
        """Timed messages that are still to come (61, from 5.0 on), by topic."""
        return await self.ask(addr, RequestCode.GET_TIMER_METRICS, TimerCounts)

    async def consumers(self, addr: str, group: str) -> ConsumerConnections | None:
        """A group's connected consumers (203), None where none is online."""
        code, accept = (
            RequestCode.GET_CONSUMER_CONNECTION_LIST,
            (ResponseCode.SUCCESS, ResponseCode.CONSUMER_NOT_ONLINE),
        )
        response = await self.call(addr, code, {"consumerGroup": group}, accept=accept)
        return self.read(addr, code, response, ConsumerConnections) if response.code == ResponseCode.SUCCESS else None

    async def producers(self, addr: str) -> ProducerTable:
        """All connected producers (328, from 4.9.3 on)."""
        return await self.ask(addr, RequestCode.GET_ALL_PRODUCER_INFO, ProducerTable)
