"""Effects on slaves and on what a master does for them."""

import asyncio
import contextlib
import signal
import struct
import time
from collections.abc import AsyncIterator, Iterator

from rocketmq_operator.admin.messages import SendStatus
from rocketmq_operator.remoting.codes import ResponseCode

from .brokers import FOLLOWED
from .stage import Stage, eventually, shown

_HEAD = struct.Struct(">qi")


@contextlib.contextmanager
def _hanging_slave(at: Stage) -> Iterator[None]:
    at.given.slave.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        at.given.slave.signal(signal.SIGCONT)


async def _send(at: Stage, topic: str) -> tuple[SendStatus, float]:
    before = time.monotonic()
    sent = await at.admin.send(at.master, topic, 0, b"x", seconds=15)
    return sent.status, time.monotonic() - before


async def in_sync_replicas(at: Stage) -> None:
    """A master whose slave hangs says that all is well, that the slave did not follow, that all is well."""
    topic = await at.topic("synced")
    with _hanging_slave(at):
        assert (await _send(at, topic))[0] is SendStatus.SEND_OK
        async with at.changed("inSyncReplicas", "2", sends=False):
            shown((await _send(at, topic))[0] is SendStatus.FLUSH_SLAVE_TIMEOUT, "the master waits for its slave")
        assert (await _send(at, topic))[0] is SendStatus.SEND_OK


async def slave_timeout(at: Stage) -> None:
    """A master whose slave hangs says so after 3 s, after about 1, after 3."""
    topic = await at.topic("timed")
    two = at.changed("inSyncReplicas", "2", sends=False) if at.version >= "5" else contextlib.nullcontext()
    with _hanging_slave(at):
        async with two:
            status, seconds = await _send(at, topic)
            assert status is SendStatus.FLUSH_SLAVE_TIMEOUT and seconds > 2.9
            async with at.changed("slaveTimeout", "500", sends=False):
                status, seconds = await _send(at, topic)
                shown(status is SendStatus.FLUSH_SLAVE_TIMEOUT and seconds < 2.9, f"the answer came after {seconds} s")


async def slave_read_enable(at: Stage) -> None:
    """A master sends nobody, sends a reader far behind, sends nobody to its slave. A slave of 5.x refuses to be read,
    gives messages, refuses; one of 4.9 always gives them."""
    topic = await at.topic("copied", messages=3)
    await at.ordinary(at.master)

    async def suggested() -> str:
        """The member that a reader of three old messages, none of them in memory, is sent to."""
        async with at.changed("accessMessageInMemoryMaxRatio", "0"):
            return (await at.pull(topic)).fields["suggestWhichBrokerId"]

    assert await suggested() == "0"
    async with at.changed("slaveReadEnable", "true"):
        shown(await suggested() == "1", "the reader is sent to the slave")
    assert await suggested() == "0"
    if at.version >= "5":
        await _slave_is_read(at)


async def _slave_is_read(at: Stage) -> None:
    async def known() -> bool:
        """The topic reached the slave, which copies topics each minute."""
        return FOLLOWED in (await at.admin.topic_configs(at.slave)).topics

    async def readable() -> bool:
        response = await at.pull(FOLLOWED, addr=at.slave)
        assert response.code in (ResponseCode.SUCCESS, ResponseCode.SYSTEM_BUSY)
        return response.code == ResponseCode.SUCCESS

    assert await eventually(known, 120)
    assert not await readable()
    async with at.changed("slaveReadEnable", "true", addr=at.slave, sends=False):
        shown(await eventually(readable), "the slave is read")
        await at.ordinary(at.master)
    assert not await readable()


@contextlib.asynccontextmanager
async def _stream(at: Stage, offset: int) -> AsyncIterator[asyncio.StreamReader]:
    """What a master sends to a slave that has the log up to `offset`: 8 bytes of offset, 4 of size, so many of log."""
    port = int((await at.admin.broker_config(at.master))["haListenPort"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(offset.to_bytes(8, "big"))
    try:
        yield reader
    finally:
        writer.close()


async def _frames(at: Stage, offset: int, seconds: float, enough: int = 1 << 40) -> list[int]:
    """Sizes of all that comes in so many seconds, or until they are enough bytes."""
    sizes: list[int] = []
    async with _stream(at, offset) as reader:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while sum(sizes) < enough:
                    _, size = _HEAD.unpack(await reader.readexactly(_HEAD.size))
                    await reader.readexactly(size)
                    sizes.append(size)
    return sizes


async def ha_send_heartbeat_interval(at: Stage) -> None:
    """A slave that has everything hears from its master each second, several times a second, not at all for a while."""

    async def beats() -> int:
        end = (await at.admin.runtime(at.master)).commit_log_max_offset
        return (await _frames(at, end, 2.5)).count(0)

    first = await beats()
    assert 1 <= first <= 3
    async with at.changed("haSendHeartbeatInterval", "100"):
        shown(await beats() > first, "the master is heard more often")
    async with at.changed("haSendHeartbeatInterval", "20000"):
        shown(await beats() == 0, "the master is heard less often")


async def ha_transfer_batch_size(at: Stage) -> None:
    """A slave that lacks 200 kB gets them in pieces of 32 KiB, of 4 KiB, of 32 KiB."""
    topic = await at.topic("carried")
    before = (await at.admin.runtime(at.master)).commit_log_max_offset
    assert (await at.send(topic, b"x" * 200_000)).code == 0

    async def largest() -> int:
        return max(await _frames(at, before, 20, 200_000))

    assert await largest() == 32768
    async with at.changed("haTransferBatchSize", "4096"):
        shown(await largest() == 4096, "the pieces are smaller")
    assert await largest() == 32768
