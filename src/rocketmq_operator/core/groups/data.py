"""What brokers hold, as far as moving it needs to be known; looked at only while a group comes or goes.

Texts that are only compared and passed on (a group's settings, a user, access rules) stay texts.
"""

from collections.abc import Mapping

import msgspec

OffsetKey = tuple[str, str]
"""Consumer group, topic."""


class Topic(msgspec.Struct, frozen=True, order=True):
    """A topic's settings on one broker (RocketMQ: TopicConfig)."""

    name: str
    read_queues: int = 8
    write_queues: int = 8
    perm: int = 6
    filter_type: str = "SINGLE_TAG"
    sys_flag: int = 0
    order: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


class Secret(msgspec.Struct, frozen=True, order=True):
    """A text that never shows itself: a user with a password."""

    text: str

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__


class Access(msgspec.Struct, frozen=True):
    """Users and access rules of ACL 2.0, by user name and by subject."""

    users: Mapping[str, Secret] = {}
    rules: Mapping[str, str] = {}


class Queues(msgspec.Struct, frozen=True):
    """How full a broker is: for each topic its queues' (min, max) offsets, and what RocketMQ keeps for later.

    ``delayed`` counts messages in delay levels, ``timers`` timed messages, ``inflight`` messages that pop consumers hold.
    """

    offsets: Mapping[str, Mapping[int, tuple[int, int]]]
    delayed: int = 0
    timers: int = 0
    inflight: int = 0


class BrokerData(msgspec.Struct, frozen=True):
    """What one broker holds. ``committed`` has the offset of each queue by consumer group and topic; ``hides`` names settings
    in force that move state out of sight of these look-ups."""

    topics: Mapping[str, Topic]
    groups: Mapping[str, str]
    committed: Mapping[OffsetKey, Mapping[int, int]] = {}
    queues: Queues | None = None
    access: Access | None = None
    hides: tuple[str, ...] = ()


class Demand(msgspec.Struct, frozen=True):
    """Which pods' data the next plan needs: tables of ``tables``, also how full those of ``queues`` are, and whether the
    order configuration of every name server is needed."""

    tables: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    order: bool = False
