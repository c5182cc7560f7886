"""What moves when groups come and go, on real brokers: read from one master, written to another, and what keeps a drain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import msgspec
import pytest

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.core.groups import copying, drain
from rocketmq_operator.core.groups.closing import CLOSE
from rocketmq_operator.core.groups.data import BrokerData
from rocketmq_operator.core.opening import FENCE, OPEN
from rocketmq_operator.reconcile import look_deep
from rocketmq_operator.reconcile.copying import copy
from rocketmq_operator.remoting.bodies.metadata import GroupConfig

from ..servers import Servers, UnavailableError

pytestmark = pytest.mark.integration

PATIENCE = 60.0
OWN = frozenset({"broker-0", "broker-1", "DefaultCluster"})


@dataclass(frozen=True)
class Pair:
    """Two masters of one cluster, the second closed from its start as a joining group's."""

    ns: str
    first: str
    second: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    try:
        servers = Servers(tmp_path_factory.mktemp("groups"))
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against real RocketMQ servers: {error}")
    with servers:
        ns = servers.name_server()
        first = servers.broker("broker-0", [ns])
        second = servers.broker("broker-1", [ns], {**CLOSE, **FENCE})
        servers.wait()
        yield Pair(ns.address, first.address, second.address)


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    async with Admin(timeout=10) as client:
        yield client


async def held(admin: Admin, address: str) -> BrokerData:
    data = await look_deep.broker(admin, address, True)
    assert data is not None
    return data


async def left(admin: Admin, address: str, *others: BrokerData, discard: frozenset[str] = frozenset()) -> drain.Reading:
    data = await held(admin, address)
    runtime = await admin.runtime(address)
    reading = drain.read(data, drain.readers([data, *others]), runtime.dispatch_behind_bytes, discard)
    assert reading is not None
    return reading


async def until(good: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if await good():
                    return
            except AdminError:
                pass
            await asyncio.sleep(0.2)


async def test_a_new_master_gets_everything_and_then_lacks_nothing(admin: Admin, pair: Pair) -> None:
    await admin.create_topic(pair.first, "plain", read_queues=3, write_queues=2)
    await admin.create_topic(
        pair.first, "ordered", read_queues=2, write_queues=2, order=True, attributes={"message.type": "FIFO"}
    )
    await admin.create_topic(pair.first, "readonly", perm=4)
    await admin.upsert_group(pair.first, GroupConfig(name="careful", retry_max_times=3, consume_orderly=True))
    await admin.update_consumer_offset(pair.first, "careful", "plain", 1, 0)
    source, target = await held(admin, pair.first), await held(admin, pair.second)
    missing = copying.for_joining([source], target, OWN)
    assert {topic.name for topic in missing.topics} == {"plain", "ordered", "readonly"}
    assert len(missing.groups) == 1 and {offset[2] for offset in missing.offsets} == {0, 1, 2}
    await copy(admin, pair.second, missing)
    after = await held(admin, pair.second)
    assert not copying.for_joining([source], after, OWN)
    assert {name: after.topics[name] for name in ("plain", "ordered", "readonly")} == {
        name: source.topics[name] for name in ("plain", "ordered", "readonly")
    }
    assert after.committed[("careful", "plain")] == {0: 0, 1: 0, 2: 0}


async def test_no_first_offset_of_many_is_lost(admin: Admin, pair: Pair) -> None:
    await admin.create_topic(pair.second, "many", read_queues=16, write_queues=16)
    names = [f"reader-{number}" for number in range(300)]
    for name in names:
        group = msgspec.json.encode(GroupConfig(name=name)).decode()
        offsets = tuple((name, "many", queue, 0) for queue in range(16))
        await copy(admin, pair.second, copying.Missing(groups=(group,), offsets=offsets))
    committed = (await held(admin, pair.second)).committed
    lost = {name for name in names if len(committed.get((name, "many"), ())) < 16}
    assert not lost, "of first offsets that come at once a broker loses some"


async def test_a_closed_and_fenced_master_takes_nothing_and_an_opened_one_does(admin: Admin, pair: Pair) -> None:
    await admin.create_topic(pair.second, "fence")
    with pytest.raises(AdminError):
        await admin.send(pair.second, "fence", 0, b"no")
    await admin.update_broker_config(pair.second, OPEN)
    await until(lambda: _sent(admin, pair.second, "fence"))


async def _sent(admin: Admin, address: str, topic: str) -> bool:
    await admin.send(address, topic, 0, b"yes")
    return True


async def test_unread_then_waiting_then_drained(admin: Admin, pair: Pair) -> None:
    await admin.create_topic(pair.first, "drain", read_queues=1, write_queues=1)
    await until(lambda: _sent(admin, pair.first, "drain"))

    async def sorted_in() -> bool:
        return bool((await left(admin, pair.first)).unread.get("drain"))

    await until(sorted_in)
    assert (await left(admin, pair.first)).unread == {"drain": 1}
    assert (await left(admin, pair.first, discard=frozenset({"drain"}))).unread == {}
    for address in (pair.first, pair.second):
        await admin.upsert_group(address, "readers")
    await admin.create_topic(pair.second, "drain", read_queues=1, write_queues=1)
    await admin.update_consumer_offset(pair.second, "readers", "drain", 0, 0)
    elsewhere = await held(admin, pair.second)
    waiting = await left(admin, pair.first, elsewhere)
    assert waiting.waiting == {("readers", "drain"): 1} and not waiting.drained
    await admin.update_consumer_offset(pair.first, "readers", "drain", 0, 1)
    reading = await left(admin, pair.first, elsewhere)
    assert reading.drained, reading
    assert (await left(admin, pair.first, elsewhere)).mark == reading.mark


async def test_a_delayed_message_keeps_a_group_until_it_is_delivered(admin: Admin, pair: Pair) -> None:
    await admin.create_topic(pair.first, "late", read_queues=1, write_queues=1)
    await admin.upsert_group(pair.first, "readers")
    await admin.update_consumer_offset(pair.first, "readers", "late", 0, 0)
    await admin.send(pair.first, "late", 0, b"later", properties={"DELAY": "2"})

    async def delayed() -> bool:
        return "delayed messages" in (await left(admin, pair.first)).inner

    await until(delayed)

    async def delivered() -> bool:
        return (await left(admin, pair.first)).waiting.get(("readers", "late")) == 1

    await until(delivered)
