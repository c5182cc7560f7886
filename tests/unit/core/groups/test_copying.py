"""What a group that stays must get: a topic takes messages there only when its readers have their first offsets."""

import asyncio
from typing import Any, cast

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.groups.copying import Missing, for_staying
from rocketmq_operator.core.groups.data import BrokerData, Topic
from rocketmq_operator.reconcile.copying import copy
from tests.unit.core.world import copied

from .story import holding

OPEN, CLOSED = Topic("orders", 2, 2), Topic("orders", 2, 2, perm=4)
FIRST = (("readers", "orders", 0, 0), ("readers", "orders", 1, 0))


def missing(target: BrokerData, leaving: BrokerData | None = None) -> Missing:
    return for_staying([leaving or holding("orders", messages=5, read=2)], [target], target, frozenset())


def test_a_topic_with_readers_is_closed_until_their_first_offsets_are_there() -> None:
    found = missing(holding())
    assert (found.topics, found.offsets, found.opens) == ((CLOSED,), FIRST, (OPEN,))
    assert found.words() == "1 topics, 2 first offsets"
    assert not missing(copied(holding(), found))


def test_one_that_nobody_reads_is_open_at_once() -> None:
    found = missing(holding(), msgspec.structs.replace(holding("orders"), committed={}))
    assert (found.topics, found.offsets, found.opens) == ((OPEN,), (), ())


def test_what_an_earlier_try_left_closed_is_opened() -> None:
    tried = copied(holding(), Missing(topics=(CLOSED,)))
    assert (missing(tried).topics, missing(tried).offsets, missing(tried).opens) == ((), FIRST, (OPEN,))
    tried = copied(tried, Missing(offsets=FIRST))
    assert (missing(tried).topics, missing(tried).offsets, missing(tried).opens) == ((), (), (OPEN,))


def test_one_that_users_have_closed_stays_so() -> None:
    closed = copied(holding(), Missing(topics=(CLOSED,), offsets=(("readers", "orders", 0, 3),)))
    assert not missing(closed).opens
    leaving = holding("orders", messages=5, read=2)
    leaving = msgspec.structs.replace(leaving, topics={"orders": CLOSED})
    assert (missing(holding(), leaving).topics, missing(holding(), leaving).opens) == ((CLOSED,), ())


def test_a_reader_that_would_be_forgotten_begins_at_0_also_where_others_read() -> None:
    """Found by the simulator: it had reached only a group that left, and what came to others meanwhile counted as read."""
    target = msgspec.structs.replace(
        holding("orders", messages=5), committed={("others", "orders"): {0: 5, 1: 0}}, groups={"others": "{}"}
    )
    found = missing(target)
    assert (found.topics, found.offsets, found.opens) == ((), FIRST, ())
    assert found.groups == tuple(holding("orders").groups.values())
    assert not missing(copied(target, found))


def test_a_reader_that_another_group_knows_is_told_nothing() -> None:
    target = msgspec.structs.replace(holding("orders", messages=5), committed={("others", "orders"): {0: 5, 1: 0}})
    knows = holding("orders", messages=5, read=5)
    assert not for_staying([knows], [target, knows], target, frozenset())


def test_topics_are_opened_last() -> None:
    told: list[Any] = []

    class Recorder:
        async def upsert_topic(self, address: str, topic: Any) -> None:
            told.append(topic.perm)

        async def update_consumer_offset(self, address: str, *offset: Any) -> None:
            told.append(offset)

    wanted = Missing(topics=(CLOSED,), offsets=FIRST, opens=(OPEN,))
    asyncio.run(copy(cast(Admin, Recorder()), "10.0.0.1:10911", wanted))
    assert told == [4, *FIRST, 6]


def test_the_first_offset_of_a_group_and_topic_is_told_alone() -> None:
    """As a broker does: who finds no table makes one, and the last who made one wins (ConsumerOffsetManager.commitOffset)."""
    tables: dict[tuple[str, str], dict[int, int]] = {}

    class Racing:
        async def update_consumer_offset(self, address: str, group: str, topic: str, queue: int, offset: int) -> None:
            found = tables.get((group, topic))
            if found is not None:
                found[queue] = offset
                return
            await asyncio.sleep(0)
            tables[group, topic] = {queue: offset}

    offsets = tuple((group, topic, queue, 7) for group in ("a", "b") for topic in ("x", "y") for queue in range(3))
    asyncio.run(copy(cast(Admin, Racing()), "10.0.0.1:10911", Missing(offsets=offsets)))
    assert len(tables) == 4 and all(table == {0: 7, 1: 7, 2: 7} for table in tables.values())
