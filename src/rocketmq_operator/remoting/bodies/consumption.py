"""What has been stored and consumed: offsets of queues and groups, backlogs, delayed messages, connections."""

from typing import Any, TypeVar

import msgspec

from rocketmq_operator.remoting.bodies.metadata import DataVersion
from rocketmq_operator.remoting.body import decode_body

V = TypeVar("V")


class MessageQueue(msgspec.Struct, frozen=True, order=True):
    """One queue of a topic on one broker group."""

    broker: str = msgspec.field(name="brokerName")
    queue_id: int = msgspec.field(name="queueId")
    topic: str


def by_queue(table: dict[str, V]) -> dict[MessageQueue, V]:
    """A table whose keys were objects on the wire, keyed by what they say; BodyError where they do not."""
    return {decode_body(key.encode(), MessageQueue): value for key, value in table.items()}


class QueueRange(msgspec.Struct, frozen=True):
    """Offsets that a queue holds: from `minimum` up to, without, `maximum`."""

    minimum: int = msgspec.field(name="minOffset")
    maximum: int = msgspec.field(name="maxOffset")
    updated_ms: int = msgspec.field(default=0, name="lastUpdateTimestamp")


class TopicStatsReply(msgspec.Struct, frozen=True):
    """Reply 202."""

    offsets: dict[str, QueueRange] = msgspec.field(default_factory=dict, name="offsetTable")


class QueueProgress(msgspec.Struct, frozen=True):
    """How far a group has come in a queue. `pulled` is what was handed out, acknowledged or not."""

    broker_offset: int = msgspec.field(name="brokerOffset")
    consumer_offset: int = msgspec.field(name="consumerOffset")
    pulled: int = msgspec.field(default=0, name="pullOffset")
    consumed_ms: int = msgspec.field(default=0, name="lastTimestamp")

    @property
    def lag(self) -> int:
        """Messages stored and not consumed."""
        return self.broker_offset - self.consumer_offset


class ConsumeStatsReply(msgspec.Struct, frozen=True):
    """Reply 208, and the parts of 317."""

    offsets: dict[str, QueueProgress] = msgspec.field(default_factory=dict, name="offsetTable")
    tps: float = msgspec.field(default=0.0, name="consumeTps")


class BacklogReply(msgspec.Struct, frozen=True):
    """Reply 317. Groups without progress anywhere come with an empty list."""

    total: int = msgspec.field(name="totalDiff")
    total_inflight: int = msgspec.field(default=0, name="totalInflightDiff")
    groups: list[dict[str, list[ConsumeStatsReply]]] = msgspec.field(default_factory=list, name="consumeStatsList")


class Backlog(msgspec.Struct, frozen=True):
    """What a whole broker holds unconsumed, by group and queue; only groups that have committed offsets."""

    total: int
    total_inflight: int
    groups: dict[str, dict[MessageQueue, QueueProgress]]


def backlog(reply: BacklogReply) -> Backlog:
    """Reply 317 with its keys read."""
    groups: dict[str, dict[MessageQueue, QueueProgress]] = {}
    for entry in reply.groups:
        for group, stats in entry.items():
            queues = groups.setdefault(group, {})
            for part in stats:
                queues.update(by_queue(part.offsets))
    return Backlog(reply.total, reply.total_inflight, groups)


class OffsetTable(msgspec.Struct, frozen=True):
    """Reply 43: committed offsets. Keys are "topic@group", then queue ids."""

    offsets: dict[str, dict[int, int]] = msgspec.field(default_factory=dict, name="offsetTable")
    version: DataVersion = msgspec.field(default_factory=DataVersion, name="dataVersion")


class QueueEntry(msgspec.Struct, frozen=True):
    """Where a queue's message lies in the commit log, in bytes."""

    place: int = msgspec.field(name="physicOffset")


class QueueEntries(msgspec.Struct, frozen=True):
    """Reply 321."""

    entries: list[QueueEntry] = msgspec.field(default_factory=list, name="queueData")


class DelayOffsets(msgspec.Struct, frozen=True):
    """Reply 45: how far each delay level has been delivered."""

    offsets: dict[int, int] = msgspec.field(default_factory=dict, name="offsetTable")


class TimerCount(msgspec.Struct, frozen=True):
    """Timed messages of one topic that are still to come."""

    count: int = 0
    timestamp: int = msgspec.field(default=0, name="timeStamp")


class TimerCounts(msgspec.Struct, frozen=True):
    """Reply 61."""

    topics: dict[str, TimerCount] = msgspec.field(default_factory=dict, name="timingCount")

    @property
    def total(self) -> int:
        return sum(topic.count for topic in self.topics.values())


class Client(msgspec.Struct, frozen=True):
    """One connected client."""

    client_id: str = msgspec.field(name="clientId")
    address: str = msgspec.field(default="", name="clientAddr")
    language: str = ""
    version: int = 0


class ConsumerConnections(msgspec.Struct, frozen=True):
    """Reply 203. `subscriptions` maps topics to RocketMQ's own description of the subscription."""

    clients: list[Client] = msgspec.field(default_factory=list, name="connectionSet")
    subscriptions: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict, name="subscriptionTable")
    consume_type: str | None = msgspec.field(default=None, name="consumeType")
    message_model: str | None = msgspec.field(default=None, name="messageModel")
    consume_from: str | None = msgspec.field(default=None, name="consumeFromWhere")


class Producer(msgspec.Struct, frozen=True):
    """One connected producer."""

    client_id: str = msgspec.field(name="clientId")
    address: str = msgspec.field(default="", name="remoteIP")
    language: str = ""
    version: int = 0
    updated_ms: int = msgspec.field(default=0, name="lastUpdateTimestamp")


class ProducerTable(msgspec.Struct, frozen=True):
    """Reply 328: producers by group."""

    groups: dict[str, list[Producer]] = msgspec.field(default_factory=dict, name="data")
