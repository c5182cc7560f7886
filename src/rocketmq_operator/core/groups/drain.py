"""Whether anything in a closed group is still to be read (ROCKETMQ.md §2 and §8, "drained").

Code 317 alone is not enough: it sees only groups that committed an offset there, and walks write queues only. So the
backlog is computed from all queues and from the readers that *any* broker of the cluster knows.
"""

from collections.abc import Iterable, Mapping

import msgspec

from ..drift import digest
from . import topics
from .data import BrokerData, Queues

Readers = Mapping[str, frozenset[str]]
"""For each topic the consumer groups that read it."""


class Reading(msgspec.Struct, frozen=True):
    """What is left in a group.

    ``waiting`` counts messages by consumer group and topic, ``unread`` those of topics that nobody reads, ``inner`` names
    what RocketMQ itself still has to deliver, ``hides`` settings that make all of this unknowable. ``mark`` names the
    state of all queues: equal marks, nothing was written in between.
    """

    waiting: Mapping[tuple[str, str], int]
    unread: Mapping[str, int]
    inner: tuple[str, ...]
    hides: tuple[str, ...]
    mark: str

    @property
    def drained(self) -> bool:
        """Nothing is left, and nothing could be hidden."""
        return not (self.waiting or self.unread or self.inner or self.hides)

    @property
    def total(self) -> int:
        """Messages that are to be read."""
        return sum(self.waiting.values()) + sum(self.unread.values())


def readers(brokers: Iterable[BrokerData]) -> dict[str, frozenset[str]]:
    """Who reads what, by all brokers' committed offsets; a retry topic is read by its own group."""
    found: dict[str, set[str]] = {}
    for broker in brokers:
        for group, topic in broker.committed:
            found.setdefault(topic, set()).add(group)
        for topic in broker.topics:
            reader = topics.retry_reader(topic)
            if reader:
                found.setdefault(topic, set()).add(reader)
    return {topic: frozenset(groups) for topic, groups in found.items()}


def read(broker: BrokerData, known: Readers, dispatch_behind: int, discard: frozenset[str]) -> Reading | None:
    """What is left on a master; None if its queues were not looked at. ``discard``: topics that the user gives up."""
    if broker.queues is None:
        return None
    waiting: dict[tuple[str, str], int] = {}
    unread: dict[str, int] = {}
    for topic, queues in broker.queues.offsets.items():
        stored = sum(high - low for low, high in queues.values())
        if not stored or topics.internal(topic) or topic in discard:
            continue
        groups = known.get(topic, frozenset())
        if not groups:
            unread[topic] = stored
        for group in sorted(groups):
            left = _left(queues, broker.committed.get((group, topic), {}))
            if left:
                waiting[(group, topic)] = left
    mark = digest(
        {
            topic: [high for _, high in queues.values()]
            for topic, queues in broker.queues.offsets.items()
            if not topics.internal(topic)
        }
    )
    return Reading(waiting, unread, tuple(_inner(broker, broker.queues, dispatch_behind)), broker.hides, mark)


def _left(queues: Mapping[int, tuple[int, int]], committed: Mapping[int, int]) -> int:
    """Messages of a topic that a group has not read; a queue without an offset was never read."""
    return sum(max(0, high - max(low, committed.get(queue, low))) for queue, (low, high) in queues.items())


def _inner(broker: BrokerData, queues: Queues, dispatch_behind: int) -> Iterable[str]:
    if queues.delayed:
        yield "delayed messages"
    if queues.timers:
        yield "timed messages"
    if _behind(broker, queues, topics.HALF, topics.HALF_READER):
        yield "half messages of transactions"
    revive = sum(
        _behind(broker, queues, topic, topics.REVIVE_READER)
        for topic in queues.offsets
        if topic.startswith(topics.REVIVE)
    )
    if revive or queues.inflight:
        yield "messages that pop consumers hold"
    if dispatch_behind > 0:
        yield "messages that are not yet sorted into queues"


def _behind(broker: BrokerData, queues: Queues, topic: str, reader: str) -> int:
    return _left(queues.offsets.get(topic, {}), broker.committed.get((reader, topic), {}))
