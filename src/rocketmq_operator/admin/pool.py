"""Connections by address: made on demand, shared, dropped when idle or bad.

Bounds: at most `concurrency` requests at once in all, and `per_address` at one server, so that one that hangs cannot
take every place. A place at the server is taken before one of the general ones.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from rocketmq_operator.admin.channel import Channel, ChannelLost, Clock
from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.signature import Credentials

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:;,\[\]]+)):(?P<port>[0-9]{1,5})")

Dial = Callable[[str, int, Callable[[], Channel]], Awaitable[Channel]]
"""Connects a new channel to a host and port."""


async def dial_tcp(host: str, port: int, make: Callable[[], Channel]) -> Channel:
    """A TCP connection by the running loop."""
    _, channel = await asyncio.get_running_loop().create_connection(make, host, port)
    return channel


def split_address(address: str) -> tuple[str, int]:
    """The host and port of `host:port` or `[v6]:port`; ValueError where it is neither."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"not a host:port address: {address!r}")
    return match["v6"] or match["host"], int(match["port"])


class _Server:
    """What we hold for one address."""

    def __init__(self, per_address: int) -> None:
        self.places = asyncio.Semaphore(per_address)
        self.channel: Channel | None = None
        self.dialing: asyncio.Task[Channel] | None = None
        self.users = 0


class Pool:
    """All connections of one client. `idle` is how many seconds an unused connection is kept: below the 120 s after
    which servers close it themselves, so that we do not send into a closing connection."""

    def __init__(
        self,
        *,
        credentials: Credentials | None,
        timeout: float,
        connect_timeout: float,
        concurrency: int,
        per_address: int,
        idle: float,
        clock: Clock,
        dial: Dial = dial_tcp,
    ) -> None:
        self._credentials = credentials
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._per_address = per_address
        self._idle = idle
        self._clock = clock
        self._dial = dial
        self._places = asyncio.Semaphore(concurrency)
        self._servers: dict[str, _Server] = {}
        self._closed = False
        self._expired_at = clock()

    async def request(
        self, address: str, code: int, fields: Mapping[str, str], body: bytes, seconds: float | None = None
    ) -> Command:
        """The server's response. ChannelLost where the connection fails, TimeoutError where the server does not answer
        in time, ValueError where the address is none. `seconds` (of time-out) count from when the request has a place."""
        host, port = split_address(address)
        self.expire()
        async with self._place(address) as server:
            channel = await self._channel(server, host, port)
            return await channel.request(code, fields, body, self._timeout if seconds is None else seconds)

    @asynccontextmanager
    async def _place(self, address: str) -> AsyncIterator[_Server]:
        if self._closed:
            raise ChannelLost("the client is closed", sent=False)
        server = self._servers.setdefault(address, _Server(self._per_address))
        server.users += 1
        try:
            async with server.places, self._places:
                yield server
        finally:
            server.users -= 1

    async def _channel(self, server: _Server, host: str, port: int) -> Channel:
        """The open connection, or a new one. Waiters share one attempt, and one that is cancelled does not end it."""
        if self._closed:
            raise ChannelLost("the client is closed", sent=False)
        if server.channel is not None and server.channel.usable:
            return server.channel
        if server.dialing is None or server.dialing.done():
            server.dialing = asyncio.create_task(self._connect(server, host, port))
            server.dialing.add_done_callback(_consume)
        dialing = server.dialing
        try:
            return await asyncio.shield(dialing)
        except asyncio.CancelledError:
            if dialing.cancelled() and self._closed:
                raise ChannelLost("the client is closed", sent=False) from None
            raise

    async def _connect(self, server: _Server, host: str, port: int) -> Channel:
        def make() -> Channel:
            return Channel(self._credentials, self._clock)

        try:
            async with asyncio.timeout(self._connect_timeout):
                channel = await self._dial(host, port, make)
        except TimeoutError:
            raise ChannelLost(f"no connection within {self._connect_timeout:g} s", sent=False) from None
        except OSError as error:
            raise ChannelLost(f"no connection: {error.strerror or type(error).__name__}", sent=False) from None
        server.channel = channel
        return channel

    def expire(self) -> None:
        """Close what has been idle for too long, and forget servers that nobody uses."""
        now = self._clock()
        if now - self._expired_at < self._idle / 8:
            return  # looking through all servers at every request would cost most where there are most
        self._expired_at = now
        limit = now - self._idle
        for address, server in list(self._servers.items()):
            if server.users:
                continue
            channel = server.channel
            if channel is None or not channel.usable or channel.used_at <= limit:
                if channel is not None:
                    channel.close()
                if server.dialing is None or server.dialing.done():
                    del self._servers[address]

    async def close(self) -> None:
        """Close all connections; requests under way fail as unreachable. Safe to call twice."""
        self._closed = True
        dialing = [server.dialing for server in self._servers.values() if server.dialing is not None]
        for task in dialing:
            task.cancel()
        await asyncio.gather(*dialing, return_exceptions=True)
        for server in self._servers.values():
            if server.channel is not None:
                server.channel.close()
        self._servers.clear()


def _consume(task: asyncio.Task[Channel]) -> None:
    """Each waiter sees a failed attempt for itself; where all were cancelled, nobody is to be warned."""
    if not task.cancelled():
        task.exception()
