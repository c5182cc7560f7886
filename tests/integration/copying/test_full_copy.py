"""A slave with nothing becomes a full copy of its master: the entry script itself, and real brokers of each version."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rocketmq_operator.admin import Admin, Refused
from rocketmq_operator.admin.messages import SendResult, SendStatus
from rocketmq_operator.remoting.codes import ResponseCode

from ..admin.conftest import until
from ..jars import jars
from ..servers import Server, Servers
from .slave import Slave

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

TOPICS = ("parcels", "letters", "cards")
QUEUES, MESSAGES, BODY = 4, 7_000, 1500
FILE = 1 << 20
SETTINGS = {
    "mappedFileSizeCommitLog": str(FILE),
    "mappedFileSizeConsumeQueue": "600000",
    "haSendHeartbeatInterval": "1000",
    "autoCreateTopicEnable": "false",
}

Contents = dict[tuple[str, int], dict[int, str]]


class Group:
    """A master with many commit-log files, and a slave that may start."""

    def __init__(self, servers: Servers, admin: Admin, folder: Path, version: str) -> None:
        self.servers, self.admin, self.version = servers, admin, version
        self.ns = servers.name_server()
        self.master = servers.broker("broker-0", [self.ns], SETTINGS)
        self.slave = Slave(folder / "slave", jars(version), self.ns, self.master, SETTINGS)

    async def fill(self, count: int = MESSAGES) -> None:
        """Messages in all topics and queues, about 1,700 bytes each in the log."""
        for topic in TOPICS:
            await self.admin.create_topic(self.master.address, topic, read_queues=QUEUES, write_queues=QUEUES)
        places = asyncio.Semaphore(32)

        async def one(number: int) -> None:
            async with places:
                topic, queue = TOPICS[number % len(TOPICS)], number // len(TOPICS) % QUEUES
                sent = await self._sent(topic, queue, f"key-{number}")
                assert sent.status is SendStatus.SEND_OK

        await asyncio.gather(*(one(number) for number in range(count)))

    async def _sent(self, topic: str, queue: int, key: str) -> SendResult:
        """A broker on a busy machine drops requests that it did not begin: those are sent again."""
        while True:
            try:
                return await self.admin.send(self.master.address, topic, queue, b"x" * BODY, [key])
            except Refused as refused:
                if refused.code != ResponseCode.SYSTEM_BUSY:
                    raise
                await asyncio.sleep(0.1)

    async def ends(self, address: str) -> tuple[int, int]:
        async def answers() -> bool:
            # A broker has no statistics in its first moments, and answers with an error.
            return (await self.admin.runtime(address)).boot_timestamp > 0

        await until(answers, f"{address} says where its log begins")
        runtime = await self.admin.runtime(address)
        return runtime.commit_log_min_offset, runtime.commit_log_max_offset

    async def caught_up(self) -> None:
        async def done() -> bool:
            mine, theirs = await self.admin.runtime(self.slave.address), await self.admin.runtime(self.master.address)
            same = mine.commit_log_max_offset == theirs.commit_log_max_offset
            return same and mine.dispatch_behind_bytes == 0

        await until(done, "the slave is caught up")

    async def knows_topics(self) -> None:
        """Slaves take topics from their master every 10 s."""

        async def done() -> bool:
            return set(TOPICS) <= set((await self.admin.topic_configs(self.slave.address)).topics)

        await until(done, "the slave knows the topics")

    async def contents(self, address: str) -> Contents:
        """The key of every message of every queue, by its offset: all from min to max must be there."""
        return {key: found for topic in TOPICS for key, found in (await self._topic(address, topic)).items()}

    async def _topic(self, address: str, topic: str) -> Contents:
        found: Contents = {}
        for queue, ends in (await self.admin.topic_stats(address, topic)).items():
            here: dict[int, str] = {}
            offset = ends.minimum
            while offset < ends.maximum:
                pulled = await self.admin.pull(address, topic, queue.queue_id, offset)
                assert pulled.messages, f"{topic}/{queue.queue_id} has nothing at {offset}: {pulled}"
                here |= {message.queue_offset: message.keys[0] for message in pulled.messages}
                offset = pulled.next_offset
            assert sorted(here) == list(range(ends.minimum, ends.maximum)), f"{topic}/{queue.queue_id} has gaps"
            found[topic, queue.queue_id] = here
        return found

    async def delete_first_files(self, count: int) -> None:
        """The master's oldest files are gone, as after their time."""
        self.master.kill()
        for file in sorted((self.master.folder / "store/commitlog").iterdir())[:count]:
            file.unlink()
        self.master.start(jars(self.version))
        await asyncio.to_thread(self.master.wait)

    async def slave_as_master(self) -> Server:
        """The slave's store, served by a broker that lets all of it be read."""
        self.master.kill()
        self.slave.kill()
        settings = SETTINGS | {
            "storePathRootDir": str(self.slave.store),
            "storePathCommitLog": str(self.slave.store / "commitlog"),
        }
        reader = self.servers.broker("broker-0", [self.ns], settings)
        await asyncio.to_thread(reader.wait)
        return reader


@pytest.fixture
async def group(servers: Servers, tmp_path: Path, version: str) -> AsyncIterator[Group]:
    async with Admin(timeout=20) as admin:
        made = Group(servers, admin, tmp_path, version)
        servers.wait()
        try:
            yield made
        finally:
            made.slave.kill()


async def test_without_a_seed_a_slave_has_the_last_file_only(group: Group) -> None:
    """The trap: if this ever fails, RocketMQ has mended it, and the seed may go."""
    await group.fill(1400)
    group.slave.intent["initialized"] = "false"
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    assert (await group.ends(group.slave.address))[0] > (await group.ends(group.master.address))[0]


@pytest.mark.parametrize("deleted", [0, 2])
async def test_a_slave_with_nothing_becomes_a_full_copy(group: Group, deleted: int) -> None:
    await group.fill()
    if deleted:
        await group.delete_first_files(deleted)
    ends = await group.ends(group.master.address)
    assert ends[0] == deleted * FILE and ends[1] > 8 * FILE
    wanted = await group.contents(group.master.address)
    assert sum(map(len, wanted.values())) == MESSAGES or deleted
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    assert await group.ends(group.slave.address) == ends
    await group.knows_topics()
    reader = await group.slave_as_master()
    assert await group.contents(reader.address) == wanted


async def test_a_copy_that_its_master_left_behind_is_made_anew(group: Group) -> None:
    await group.fill(1400)
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    group.slave.kill()
    await group.fill(2100)
    await group.delete_first_files(4)
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    assert "can never catch up" in group.slave.said
    assert await group.ends(group.slave.address) == await group.ends(group.master.address)


async def test_a_copy_that_still_has_a_place_in_the_log_goes_on_from_there(group: Group) -> None:
    await group.fill(1400)
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    group.slave.kill()
    await group.fill(700)
    group.slave.start()
    group.slave.wait()
    await group.caught_up()
    assert "copy" not in group.slave.said
    assert await group.ends(group.slave.address) == await group.ends(group.master.address)


async def test_a_slave_with_nothing_waits_for_its_master(group: Group) -> None:
    await group.fill(1400)
    ends = await group.ends(group.master.address)
    group.master.kill()
    group.slave.start()
    await asyncio.sleep(3)
    assert "waiting for the master" in group.slave.said
    assert not list(group.slave.store.glob("commitlog/*"))
    group.master.start(jars(group.version))
    group.slave.wait()
    await group.caught_up()
    assert await group.ends(group.slave.address) == ends


async def test_a_master_with_other_files_is_told(group: Group) -> None:
    await group.fill(100)
    group.slave._settings = SETTINGS | {"mappedFileSizeCommitLog": str(2 * FILE)}
    group.slave.start()
    assert await asyncio.to_thread(group.slave.ended) == 64
    assert (group.slave.root / "dev/termination-log").read_text().startswith("LogFileSizeDiffers: ")


async def test_nothing_is_taken_from_a_master_that_holds_nothing(group: Group) -> None:
    group.slave.start()
    group.slave.wait()
    await group.fill(100)
    await group.caught_up()
    assert await group.ends(group.slave.address) == await group.ends(group.master.address)
