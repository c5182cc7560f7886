"""Where consumers begin on a broker that they have not read from: one that finds no offset of its own starts at the end, and would
skip messages (ROCKETMQ.md §2, §8)."""

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from . import topics
from .data import BrokerData, OffsetKey, Topic

Offset = tuple[str, str, int, int]
"""Consumer group, topic, queue, offset."""


def read_of(target: BrokerData) -> set[str]:
    """Topics of which somebody has read something there."""
    return {topic for (_, topic), queues in target.committed.items() if any(queues.values())}


def strangers(leaving: Sequence[BrokerData], staying: Sequence[BrokerData]) -> Set[OffsetKey]:
    """Who reads what, where only groups that leave know it: it would be forgotten with them, and what such a reader has not read
    elsewhere would count as read (found by the simulator)."""
    known = {pair for broker in staying for pair in broker.committed}
    return {pair for broker in leaving for pair in broker.committed} - known


class Beginnings(msgspec.Struct, frozen=True):
    """First offsets in topics that were just made on a broker: as in a new group, a consumer that finds none would skip messages.
    A topic is new there as long as nobody has read anything of it (``read``); for ``strangers`` every topic is."""

    sources: Sequence[BrokerData]
    held: Mapping[str, Topic]
    groups: Set[str]
    read: Set[str]
    strangers: Set[OffsetKey] = frozenset()

    def on(self, target: BrokerData) -> Iterable[Offset]:
        """Those that a broker lacks."""
        for group, topic in sorted({pair for broker in self.sources for pair in broker.committed}):
            config = self.held.get(topic)
            begun = topic in self.read and (group, topic) not in self.strangers
            if config is None or begun or group not in self.groups or topic.startswith(topics.RETRY):
                continue
            yield from _unknown(target, group, config)


def in_new_group(
    sources: Sequence[BrokerData], target: BrokerData, wanted: Mapping[str, Topic], groups: Set[str]
) -> Iterable[Offset]:
    """A broker refuses offsets of a group that it does not know; offsets that a deleted group left behind need no beginning."""
    pairs = {pair for source in sources for pair in source.committed}
    for group, topic in pairs:
        config = wanted.get(topic)
        if config is None or group not in groups or not topics.copied_group(group):
            continue
        yield from _unknown(target, group, config)


def _unknown(target: BrokerData, group: str, topic: Topic) -> Iterable[Offset]:
    """Offset 0 for each queue of a topic in which a broker knows none of a consumer group."""
    known = target.committed.get((group, topic.name), {})
    return ((group, topic.name, queue, 0) for queue in range(topic.read_queues) if queue not in known)
