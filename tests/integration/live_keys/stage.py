"""What one can do with the brokers that effects are shown on."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.admin.messages import SendStatus
from rocketmq_operator.admin.pool import Pool
from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.message import encode_message_properties

from .brokers import Brokers

ORDINARY = "ordinary"


class NotShown(Exception):  # noqa: N818  (an outcome, not a mistake)
    """The behaviour did not follow the setting: the key is not live in this version."""


class Stage:
    """What an effect has in its hands, during one test."""

    def __init__(self, given: Brokers, admin: Admin, pool: Pool) -> None:
        self.given = given
        self.version = given.version
        self.master, self.slave = given.master.address, given.slave.address
        self.admin = admin
        self._pool = pool

    async def request(
        self, addr: str, code: int, fields: Mapping[str, object], body: bytes = b"", seconds: float | None = None
    ) -> Command:
        """Any request, as it is; the response may be an error."""
        return await self._pool.request(addr, code, {k: str(v) for k, v in fields.items()}, body, seconds)

    async def send(
        self,
        topic: str,
        body: bytes = b"x",
        *,
        addr: str | None = None,
        default_topic: str = "",
        sys_flag: int = 0,
        seconds: float | None = None,
        **properties: str,
    ) -> Command:
        """One message (310) into queue 0; the response may be an error."""
        fields = {
            "a": "producers", "b": topic, "c": default_topic, "d": 4, "e": 0, "f": sys_flag,
            "g": int(time.time() * 1000), "h": 0, "i": encode_message_properties({"WAIT": "true", **properties}),
            "j": 0, "k": "false", "m": "false",
        }  # fmt: skip
        return await self.request(addr or self.master, 310, fields, body, seconds)

    async def pull(
        self,
        topic: str,
        offset: int = 0,
        *,
        addr: str | None = None,
        hold: float = 0,
        seconds: float | None = None,
        **own: str,
    ) -> Command:
        """Up to 32 messages (11) of queue 0; the broker may hold an answer of nothing for `hold` seconds."""
        fields = {
            "consumerGroup": "TOOLS_CONSUMER", "topic": topic, "queueId": 0, "queueOffset": offset, "maxMsgNums": 32,
            "sysFlag": 4 | (2 if hold else 0), "commitOffset": 0, "suspendTimeoutMillis": int(hold * 1000),
            "subscription": "*", "subVersion": 0, "expressionType": "TAG", **own,
        }  # fmt: skip
        return await self.request(addr or self.master, 11, fields, seconds=seconds)

    async def topic(self, name: str, *, addr: str | None = None, order: bool = False, messages: int = 0) -> str:
        """A topic of one queue that holds so many messages."""
        await self.admin.create_topic(addr or self.master, name, read_queues=1, write_queues=1, order=order)
        for _ in range(messages):
            assert (await self.send(name, b"x" * 100, addr=addr)).code == 0
        await self.holds(name, messages, addr=addr)
        return name

    async def holds(self, topic: str, messages: int, *, addr: str | None = None) -> None:
        """Until so many messages of queue 0 can be read."""

        async def readable() -> bool:
            return await self.admin.max_offset(addr or self.master, topic, 0) >= messages

        if not await eventually(readable):
            raise AssertionError(f"{topic} never held {messages} messages")

    async def knows(self, key: str) -> None:
        """NotShown where brokers have no such setting. One that was given to it at start would be told back all the same."""
        shown(key in await self.admin.broker_config(self.master), f"{self.version} has no {key}")

    async def set(self, addr: str, values: Mapping[str, str]) -> None:
        """Change settings (25)."""
        await self.admin.update_broker_config(addr, values)

    async def ordinary(self, addr: str) -> None:
        """An ordinary message is stored and can be read."""
        await self.topic(ORDINARY, addr=addr)
        sent = await self.admin.send(addr, ORDINARY, 0, b"ordinary")
        assert sent.status is SendStatus.SEND_OK
        await self.holds(ORDINARY, sent.queue_offset + 1, addr=addr)
        assert (await self.pull(ORDINARY, sent.queue_offset, addr=addr)).code == 0

    @contextlib.asynccontextmanager
    async def changed(
        self, key: str, value: str, *, addr: str | None = None, sends: bool = True
    ) -> AsyncIterator[None]:
        """A setting changed within the block, and put back after it. `sends`: ordinary messages go on with it."""
        where = addr or self.master
        before = (await self.admin.broker_config(where))[key]
        assert before != value
        await self.set(where, {key: value})
        try:
            yield
            if sends:
                await self.ordinary(where)
        finally:
            await self.set(where, {key: before})


def shown(effect: bool, what: str) -> None:
    """The behaviour that the new value must have."""
    if not effect:
        raise NotShown(what)


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> bool:
    """Whether it comes true in time; a server that cannot answer is not there yet."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(AdminError):
            if await condition():
                return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)


async def stays(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Whether it is true all the time."""

    async def broken() -> bool:
        return not await condition()

    return not await eventually(broken, seconds)
