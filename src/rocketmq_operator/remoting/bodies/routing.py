"""What name servers know: clusters, routes, topics, key-value settings."""

import msgspec

MASTER_ID = 0
"""The broker id under which name servers list a group's master."""


class BrokerEntry(msgspec.Struct, frozen=True):
    """One broker group: its members' "host:port" by broker id, 0 being the master."""

    name: str = msgspec.field(name="brokerName")
    cluster: str = ""
    addresses: dict[int, str] = msgspec.field(default_factory=dict, name="brokerAddrs")
    acting_master: bool = msgspec.field(default=False, name="enableActingMaster")

    @property
    def master(self) -> str | None:
        """The master's address, if one is registered."""
        return self.addresses.get(MASTER_ID)


class ClusterInfo(msgspec.Struct, frozen=True):
    """Reply 106. Both tables are empty on a name server that has just started."""

    brokers: dict[str, BrokerEntry] = msgspec.field(default_factory=dict, name="brokerAddrTable")
    clusters: dict[str, frozenset[str]] = msgspec.field(default_factory=dict, name="clusterAddrTable")


class QueueData(msgspec.Struct, frozen=True):
    """A topic's queues on one broker group. `perm`: 4 read, 2 write, 1 inherited."""

    broker: str = msgspec.field(name="brokerName")
    read_queues: int = msgspec.field(name="readQueueNums")
    write_queues: int = msgspec.field(name="writeQueueNums")
    perm: int
    sys_flag: int = msgspec.field(default=0, name="topicSysFlag")


class TopicRoute(msgspec.Struct, frozen=True):
    """Reply 105. `order` is the ORDER_TOPIC_CONFIG value of an order topic, where the name server gives it."""

    queues: list[QueueData] = msgspec.field(name="queueDatas")
    brokers: list[BrokerEntry] = msgspec.field(name="brokerDatas")
    order: str | None = msgspec.field(default=None, name="orderTopicConf")


class TopicNames(msgspec.Struct, frozen=True):
    """Reply 206 and 224."""

    topics: list[str] = msgspec.field(default_factory=list, name="topicList")
    broker: str | None = msgspec.field(default=None, name="brokerAddr")


class StringTable(msgspec.Struct, frozen=True):
    """Reply 219 and 28."""

    table: dict[str, str] = {}


class MemberGroup(msgspec.Struct, frozen=True):
    """One broker group as reply 901 has it."""

    cluster: str
    name: str = msgspec.field(name="brokerName")
    addresses: dict[int, str] = msgspec.field(default_factory=dict, name="brokerAddrs")


class MemberGroupReply(msgspec.Struct, frozen=True):
    """Reply 901; nothing inside where the group is unknown."""

    group: MemberGroup | None = msgspec.field(default=None, name="brokerMemberGroup")
