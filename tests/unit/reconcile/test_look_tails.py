"""Two logs are compared by their messages: which are asked for, and what is made of the answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.admin import Refused, Unreachable
from rocketmq_operator.core.facts import Tail
from rocketmq_operator.reconcile.look_tails import Pair, tail
from rocketmq_operator.remoting.bodies.consumption import MessageQueue, QueueRange
from rocketmq_operator.remoting.bodies.metadata import TopicConfig, TopicTable

BOOT = 1000
Log = list[tuple[int, str]]
"""When each message was stored, and what it is; each is ten bytes long, in queue 0 or 1 of topic t in turn."""


class Logs:
    """Answers as brokers do, from a master's log and a slave's. ``deleted`` first messages the slave has not any more."""

    def __init__(self, master: Log, slave: Log, deleted: int = 0) -> None:
        self.logs = {"master": master, "slave": slave}
        self.deleted = deleted
        self.views = 0
        self.untold = False
        self.fails: str = ""

    async def topic_configs(self, addr: str) -> TopicTable:
        known = ("gone",) if addr == "slave" and self.untold else ("gone", "t")
        return TopicTable({name: TopicConfig(name=name, write_queues=2) for name in known}, None)  # type: ignore[arg-type]

    async def max_offset(self, addr: str, topic: str, queue_id: int) -> int:
        assert (addr, topic, self.untold) == ("slave", "t", True)
        return len(self.logs[addr][queue_id::2])

    async def topic_stats(self, addr: str, topic: str) -> dict[MessageQueue, QueueRange]:
        if topic == "gone":
            raise Refused(addr, "topic_stats", 17, "topic gone not exist")
        return {MessageQueue("b", queue, topic): self._range(queue) for queue in (0, 1)}

    def _range(self, queue: int) -> QueueRange:
        mine = self.logs["slave"][queue::2]
        least = (self.deleted + 1 - queue) // 2
        return QueueRange(least, len(mine), mine[-1][0] if len(mine) > least else 0)

    async def offset_at(self, addr: str, topic: str, queue_id: int, stored_ms: int) -> int:
        mine = self.logs[addr][queue_id::2]
        return next((at for at, each in enumerate(mine) if each[0] >= stored_ms), len(mine))

    async def place(self, addr: str, topic: str, queue_id: int, offset: int) -> int | None:
        return (2 * offset + queue_id) * 10

    async def stored(self, addr: str, place: int) -> bytes | None:
        self.views += 1
        if self.fails == addr:
            raise Unreachable(addr, "stored", "no answer in time")
        log, at = self.logs[addr], place // 10
        there = at < len(log) and (addr == "master" or at >= self.deleted)
        return repr(log[at]).encode() if there else None


async def compared(logs: Any, begins: int = 0) -> Tail | None:
    return await tail(logs, Pair("slave", "master", begins, BOOT))


def log(*times: int, by: str = "m") -> Log:
    return [(ms, f"{by}{at}") for at, ms in enumerate(times)]


async def test_logs_that_are_the_same_are_so_however_far_the_slave_has_come() -> None:
    master = log(1, 2, 3, 4, 1001, 1002)
    for length in range(len(master) + 1):
        assert await compared(Logs(master, master[:length])) == Tail()


async def test_another_last_message_is_seen() -> None:
    assert await compared(Logs(log(1, 2, 1001, 1002), log(1, 2, 3, 4, by="m"))) == Tail(30)


async def test_what_was_copied_behind_it_hides_nothing() -> None:
    master = log(1, 2, 1001, 1002, 1003, 1004)
    torn = [*master[:2], (3, "s2"), (4, "s3"), *master[4:]]
    found = await compared(Logs(master, torn))
    assert found is not None and found.differs_at in (20, 30)


async def test_what_its_master_has_deleted_tells_nothing() -> None:
    assert await compared(Logs(log(1, 2, 3), log(1, 2, 3, by="s")), begins=30) == Tail()


@pytest.mark.parametrize("last", ["m2", "s2"])
async def test_topics_that_a_slave_has_not_heard_of_tell_as_well(last: str) -> None:
    logs = Logs(log(1, 2, 3), [*log(1, 2), (3, last)])
    logs.untold = True
    assert await compared(logs) == Tail(-1 if last == "m2" else 20)


@pytest.mark.parametrize("who", ["slave", "master"])
async def test_without_an_answer_nothing_is_known(who: str) -> None:
    logs = Logs(log(1, 2), log(1, 2))
    logs.fails = who
    assert await compared(logs) is None


async def test_what_the_slave_has_deleted_meanwhile_tells_nothing() -> None:
    logs = Logs(log(1, 2), log(1, 2))
    logs.deleted = 1
    logs._range = lambda queue: QueueRange(0, 1, 1)  # type: ignore[method-assign]
    assert await compared(logs) is None


@given(st.integers(0, 8), st.integers(1, 8), st.integers(0, 20), st.integers(0, 20))
async def test_a_torn_log_is_always_seen(kept: int, lost: int, written: int, copied: int) -> None:
    """Whatever was kept, lost, written since, and copied from behind the slave's own end."""
    both, own = log(*range(1, kept + 1)), [(100 + each, f"lost{each}") for each in range(lost)]
    master = [*both, *((BOOT + each, f"new{each}") for each in range(written))]
    slave = [*both, *own]
    slave += master[len(slave) : len(slave) + copied]
    logs = Logs(master, slave)
    found = await compared(logs)
    assert found is not None and kept * 10 <= found.differs_at < (kept + lost) * 10
    assert logs.views <= 40
