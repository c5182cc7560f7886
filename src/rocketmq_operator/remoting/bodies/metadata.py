"""Topics and consumer groups as brokers keep them. What is read here can be written back (17/18, 200/225)."""

from typing import Any

import msgspec

READ, WRITE, INHERIT = 4, 2, 1
"""Bits of `perm`."""


class DataVersion(msgspec.Struct, frozen=True):
    """Grows with every change of a table: a cheap way to see that two brokers hold the same."""

    counter: int = 0
    timestamp: int = 0
    state_version: int = msgspec.field(default=0, name="stateVersion")


class TopicConfig(msgspec.Struct, frozen=True):
    """A topic on one broker. `attributes` as read, e.g. `{"message.type": "FIFO"}`; to be written, each name takes a
    leading `+` (see `Admin.create_topic`)."""

    name: str = msgspec.field(name="topicName")
    read_queues: int = msgspec.field(default=8, name="readQueueNums")
    write_queues: int = msgspec.field(default=8, name="writeQueueNums")
    perm: int = READ | WRITE
    filter_type: str = msgspec.field(default="SINGLE_TAG", name="topicFilterType")
    sys_flag: int = msgspec.field(default=0, name="topicSysFlag")
    order: bool = False
    attributes: dict[str, str] = {}


class TopicTable(msgspec.Struct, frozen=True):
    """Reply 21."""

    topics: dict[str, TopicConfig] = msgspec.field(default_factory=dict, name="topicConfigTable")
    version: DataVersion = msgspec.field(default_factory=DataVersion, name="dataVersion")


class GroupConfig(msgspec.Struct, frozen=True):
    """A consumer group on one broker; the defaults are RocketMQ's own.

    `retry_policy` and `subscriptions` are passed through as they come.
    """

    name: str = msgspec.field(name="groupName")
    consume_enable: bool = msgspec.field(default=True, name="consumeEnable")
    consume_from_min_enable: bool = msgspec.field(default=True, name="consumeFromMinEnable")
    consume_broadcast_enable: bool = msgspec.field(default=True, name="consumeBroadcastEnable")
    consume_orderly: bool = msgspec.field(default=False, name="consumeMessageOrderly")
    retry_queues: int = msgspec.field(default=1, name="retryQueueNums")
    retry_max_times: int = msgspec.field(default=16, name="retryMaxTimes")
    broker_id: int = msgspec.field(default=0, name="brokerId")
    broker_when_slow: int = msgspec.field(default=1, name="whichBrokerWhenConsumeSlowly")
    notify_changes: bool = msgspec.field(default=True, name="notifyConsumerIdsChangedEnable")
    sys_flag: int = msgspec.field(default=0, name="groupSysFlag")
    consume_timeout_minutes: int = msgspec.field(default=15, name="consumeTimeoutMinute")
    attributes: dict[str, str] = {}
    retry_policy: dict[str, Any] | None = msgspec.field(default=None, name="groupRetryPolicy")
    subscriptions: list[Any] | None = msgspec.field(default=None, name="subscriptionDataSet")


class GroupTable(msgspec.Struct, frozen=True):
    """Reply 201. `forbidden` maps group to topic to the bits that are refused."""

    groups: dict[str, GroupConfig] = msgspec.field(default_factory=dict, name="subscriptionGroupTable")
    forbidden: dict[str, dict[str, int]] = msgspec.field(default_factory=dict, name="forbiddenTable")
    version: DataVersion = msgspec.field(default_factory=DataVersion, name="dataVersion")
