"""A master that lost the end of its log and has written over it: which questions tell, asked of real brokers of each version."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from rocketmq_operator.admin import Admin, Refused
from rocketmq_operator.admin.messages import PullStatus
from rocketmq_operator.core.facts import Tail
from rocketmq_operator.reconcile.look_tails import Pair, tail
from rocketmq_operator.remoting.codes import RequestCode

from ..admin.conftest import until
from ..servers import Server, Servers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TOPIC, GROUP, DELAYED = "parcels", "readers", "SCHEDULE_TOPIC_XXXX"
FAR_AHEAD = 4_102_444_800_000
TWO_HOURS = 18
"""The delay level of what is sent back: nothing is delivered meanwhile."""


class Torn:
    """A master with a slave that holds all of it. ``sent`` are ids (host and place in the log) of messages in ``TOPIC``."""

    def __init__(self, servers: Servers, admin: Admin) -> None:
        self.servers, self.admin = servers, admin
        ns = servers.name_server()
        self.master = servers.broker("broker-0", [ns], {"startAcceptSendRequestTimeStamp": "0"})
        self.slave = servers.broker("broker-0", [ns], broker_id=1)
        self.sent: list[str] = []

    async def fill(self) -> None:
        await self._answers(self.master)
        await self.admin.create_topic(self.master.address, TOPIC, read_queues=2, write_queues=2)
        await self.admin.upsert_group(self.master.address, GROUP)
        for number in range(10):
            sent = await self.admin.send(self.master.address, TOPIC, number % 2, b"x" * 500, [f"key-{number}"])
            self.sent.append(sent.msg_id)
        await self.copied()

    async def told(self) -> None:
        """Slaves take topics from their master, in 5.x not before a minute is over."""

        async def knows() -> bool:
            return TOPIC in (await self.admin.topic_configs(self.slave.address)).topics

        await until(knows, "the slave knows the topic")

    async def copied(self) -> None:
        async def done() -> bool:
            return await self.end(self.slave) >= await self.end(self.master)

        await until(done, "the slave has everything")

    async def end(self, server: Server) -> int:
        return (await self.admin.runtime(server.address)).commit_log_max_offset

    async def send_back(self, times: int) -> None:
        """As consumers do with what they cannot process: no fence refuses it."""
        fields = {
            "offset": int(self.sent[0][-16:], 16), "group": GROUP, "delayLevel": TWO_HOURS, "originMsgId": self.sent[0],
            "originTopic": TOPIC, "unitMode": False, "maxReconsumeTimes": 16,
        }  # fmt: skip
        for _ in range(times):
            await self.admin.call(self.master.address, RequestCode.CONSUMER_SEND_MSG_BACK, fields)

    async def crash(self, place: int | None) -> None:
        """The master dies and starts again, fenced; from ``place`` on its log had not reached the disk."""
        self.master.kill()
        if place is not None:
            with next((self.master.folder / "store/commitlog").iterdir()).open("r+b") as log:
                log.seek(place)
                log.write(bytes(1 << 20))
        text = self.master.config_file.read_text()
        fenced = f"startAcceptSendRequestTimeStamp={FAR_AHEAD}"
        self.master.config_file.write_text(text.replace("startAcceptSendRequestTimeStamp=0", fenced))
        self.servers.restart(self.master)
        await asyncio.to_thread(self.master.wait)
        await self._answers(self.master)

    async def _answers(self, server: Server) -> None:
        async def there() -> bool:
            return (await self.admin.runtime(server.address)).boot_timestamp > 0

        await until(there, f"{server.name} says what it holds")

    async def compare(self) -> Tail | None:
        """The operator's own question."""
        runtime = await self.admin.runtime(self.master.address)
        pair = Pair(self.slave.address, self.master.address, runtime.commit_log_min_offset, runtime.boot_timestamp)
        return await tail(self.admin, pair)


@pytest.fixture
async def torn(servers: Servers) -> AsyncIterator[Torn]:
    async with Admin(timeout=20) as admin:
        made = Torn(servers, admin)
        servers.wait()
        await made.fill()
        yield made


async def test_what_a_slave_holds_is_found_in_its_masters_log(torn: Torn, version: str) -> None:
    admin, place = torn.admin, int(torn.sent[-1][-16:], 16)
    assert await torn.compare() == Tail()
    await torn.told()
    for server in (torn.master, torn.slave):
        assert await admin.place(server.address, TOPIC, 1, 4) == place
        assert await admin.place(server.address, TOPIC, 1, 5) is None
        assert await admin.stored(server.address, place + 7) is None
        assert await admin.stored(server.address, place + 10_000_000) is None
        assert await admin.offset_at(server.address, TOPIC, 1, 0) == 0
    assert await admin.stored(torn.slave.address, place) == await admin.stored(torn.master.address, place) is not None
    assert await torn.compare() == Tail()
    # Why nothing is pulled from a slave: those of 5.x refuse it.
    try:
        assert (await admin.pull(torn.slave.address, TOPIC, 1, 4)).status is PullStatus.FOUND
        assert version.startswith("4.")
    except Refused:
        assert version.startswith("5.")


async def test_a_master_that_lost_nothing_is_no_other_than_its_slave(torn: Torn) -> None:
    await torn.crash(None)
    assert await torn.compare() == Tail()
    await torn.send_back(3)
    assert await torn.compare() == Tail(), "also while the slave has not got that yet"
    await torn.copied()
    assert await torn.compare() == Tail()


async def test_a_master_that_has_grown_over_what_it_lost_is_found_out(torn: Torn) -> None:
    await torn.told()
    held = await torn.end(torn.slave)
    torn.slave.kill()
    await torn.crash(int(torn.sent[7][-16:], 16))
    assert await torn.end(torn.master) < held, "as long as nobody writes, offsets tell"
    await torn.send_back(5)
    assert await torn.end(torn.master) >= held
    torn.servers.restart(torn.slave)
    await asyncio.to_thread(torn.slave.wait)
    await torn._answers(torn.slave)
    found = await torn.compare()
    assert found is not None and found.differs_at >= int(torn.sent[7][-16:], 16)


async def test_a_slave_that_went_on_copying_behind_its_own_end_is_found_out(torn: Torn) -> None:
    """It has the bytes that it was given, cannot read them, and sorts nothing any more."""
    held = await torn.end(torn.slave)
    await torn.crash(int(torn.sent[7][-16:], 16))
    await torn.send_back(8)
    await torn.copied()
    assert await torn.end(torn.slave) == await torn.end(torn.master) > held
    await asyncio.sleep(2)
    assert (await torn.admin.runtime(torn.slave.address)).dispatch_behind_bytes > 0
    found = await torn.compare()
    assert found is not None and found.differs_at >= int(torn.sent[7][-16:], 16)


async def test_a_slave_that_could_read_what_it_was_given_is_found_out(torn: Torn) -> None:
    """What was lost is as long as what was written in its place: the slave's last message is its master's, those before are not."""
    lost = await torn.end(torn.master)
    await torn.send_back(4)
    await torn.copied()
    held = await torn.end(torn.slave)
    await torn.crash(lost)
    await torn.send_back(7)
    await torn.copied()

    async def sorted_() -> bool:
        return (await torn.admin.runtime(torn.slave.address)).dispatch_behind_bytes == 0

    await until(sorted_, "the slave reads what it was given")
    last = await torn.admin.place(torn.slave.address, DELAYED, TWO_HOURS - 1, 6)
    assert last is not None and last > held
    assert await torn.admin.stored(torn.slave.address, last) == await torn.admin.stored(torn.master.address, last)
    found = await torn.compare()
    assert found is not None and lost <= found.differs_at < held
