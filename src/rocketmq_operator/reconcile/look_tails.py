"""Compares the end of a slave's log with its master's: only where a plan asked for it (``core.groups.decide.doubts``).

No server says which message is the last in its log. But every queue says when its last one was stored, and gives its place in the
log; and what lies at a place of the master's log can be asked, too.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rocketmq_operator.admin import Admin, AdminError, Refused
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import BrokerFact, PodFact, Tail
from rocketmq_operator.remoting.bodies.consumption import MessageQueue, QueueRange
from rocketmq_operator.remoting.bodies.metadata import TopicConfig
from rocketmq_operator.remoting.codes import ResponseCode

EVEN, RECENT, SHOWN = 8, 64, 4
"""Queues whose last messages were stored in the same millisecond, queues that got messages since their master's start, and messages
on either side of that start: so many of each at the most. Any one of them tells."""


Message = tuple[str, int, int]
"""Topic, queue, offset."""


class Pair(NamedTuple):
    """Addresses of a slave and its master; where the master's log begins (bytes), and when it was started (ms since 1970)."""

    slave: str
    master: str
    begins: int
    boot: int


class End(NamedTuple):
    """A queue that holds something: its last message was stored at ``stored_ms`` and has the offset ``last``."""

    stored_ms: int
    topic: str
    queue: int
    first: int
    last: int


async def compare(
    admin: Admin, pods: Iterable[PodFact], brokers: Mapping[str, BrokerFact], doubts: Mapping[str, str]
) -> Mapping[str, Tail]:
    """What came of it for each slave; those where a question was not answered are left out."""
    at = {pod.name: f"{pod.ip}:{names.BROKER_PORT}" for pod in pods}
    pairs = [
        Pair(at[slave], at[master], brokers[master].min_offset, brokers[master].boot)
        for slave, master in doubts.items()
    ]
    answers = await asyncio.gather(*(tail(admin, pair) for pair in pairs))
    return {slave: found for slave, found in zip(doubts, answers, strict=True) if found}


async def tail(admin: Admin, pair: Pair) -> Tail | None:
    """One comparison; None if a question was not answered."""
    try:
        places = [place for place in await _places(admin, pair) if place >= pair.begins]
        found = await asyncio.gather(*(_same(admin, pair, place) for place in places))
    except AdminError:
        return None
    if None in found:
        return None
    return Tail(next((place for place, same in zip(places, found, strict=True) if not same), -1))


async def _same(admin: Admin, pair: Pair, place: int) -> bool | None:
    """Whether both hold the same bytes there; None if the slave has deleted them meanwhile."""
    mine, theirs = await asyncio.gather(admin.stored(pair.slave, place), admin.stored(pair.master, place))
    return None if mine is None else mine == theirs


async def _places(admin: Admin, pair: Pair) -> list[int]:
    """Where the slave's messages lie that tell: its last one; the last that it got before its master's start, and the first since.

    A slave copies what its master writes behind the slave's own end. So its last message may be its master's although what
    lies before that is not; what it has from before the start shows that.
    """
    (mine, theirs) = await asyncio.gather(admin.topic_configs(pair.slave), admin.topic_configs(pair.master))
    ends = await _ends(admin, pair.slave, mine.topics)
    untold = await _untold(admin, pair.slave, [each for name, each in theirs.topics.items() if name not in mine.topics])
    before = [end for end in ends if end.stored_ms < pair.boot]
    since = sorted(end for end in ends if end.stored_ms >= pair.boot)[:RECENT]
    turns = await asyncio.gather(*(admin.offset_at(pair.slave, end.topic, end.queue, pair.boot) for end in since))
    older = {*untold, *((each.topic, each.queue, each.last) for each in _newest(before))}
    newer = {*untold, *((each.topic, each.queue, each.last) for each in _newest(ends))}
    for end, turn in zip(since, turns, strict=True):
        older |= {(end.topic, end.queue, turn - 1)} if turn > end.first else set()
        newer |= {(end.topic, end.queue, min(turn, end.last))}
    old, new = await _in_log(admin, pair.slave, older), await _in_log(admin, pair.slave, newer)
    return sorted({*old[-SHOWN:], *new[:SHOWN], *new[-1:]})


async def _in_log(admin: Admin, slave: str, messages: Iterable[Message]) -> list[int]:
    found = await asyncio.gather(*(admin.place(slave, *each) for each in sorted(messages)))
    return sorted(place for place in found if place is not None)


def _newest(ends: list[End]) -> list[End]:
    latest = max((end.stored_ms for end in ends), default=0)
    return [end for end in ends if end.stored_ms == latest][:EVEN]


async def _untold(admin: Admin, slave: str, topics: Iterable[TopicConfig]) -> list[Message]:
    """The last messages of topics that the slave has not heard of yet: it takes them from its master each minute only (5.x), and says
    nothing of when their messages were stored."""
    queues = [(each.name, queue) for each in topics for queue in range(each.write_queues)]
    ends = await asyncio.gather(*(admin.max_offset(slave, *queue) for queue in queues))
    return [(*queue, end - 1) for queue, end in zip(queues, ends, strict=True) if end > 0]


async def _ends(admin: Admin, slave: str, known: Iterable[str]) -> list[End]:
    topics = sorted(known)
    stats = await asyncio.gather(*(_stats(admin, slave, topic) for topic in topics))
    return [
        End(each.updated_ms, topic, queue.queue_id, each.minimum, each.maximum - 1)
        for topic, found in zip(topics, stats, strict=True)
        for queue, each in sorted(found.items())
        if each.maximum > each.minimum
    ]


async def _stats(admin: Admin, slave: str, topic: str) -> Mapping[MessageQueue, QueueRange]:
    try:
        return await admin.topic_stats(slave, topic)
    except Refused as refused:
        if refused.code != ResponseCode.TOPIC_NOT_EXIST:
            raise
        # It was deleted between two questions.
        return {}
