"""One TCP connection: joins the sans-IO Connection to asyncio.

Any number of requests share it; each waits for the response of its own number. A request that is cancelled or times
out is forgotten, and its late response dropped: the connection stays good. If *nothing* arrived since a timed-out
request was sent, the connection is suspect (a peer that hangs, a path that is gone): it takes no new requests.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.connection import Connection, Ended, Event, Request, Response, State
from rocketmq_operator.remoting.errors import FrameError
from rocketmq_operator.remoting.signature import Credentials

Clock = Callable[[], float]
"""Seconds that only grow."""


class ChannelLost(Exception):  # noqa: N818  (an outcome, not a mistake)
    """The connection ended before the response.

    `fault` is set if the peer broke the protocol. `sent` is False where the request never left. `stale` is True where
    the connection was an old one that ended without another byte: most likely the peer had closed it for idleness
    while we were writing, so that a new connection deserves a try.
    """

    def __init__(self, reason: str, fault: FrameError | None = None, *, sent: bool = True, stale: bool = False) -> None:
        super().__init__(reason)
        self.fault = fault
        self.sent = sent
        self.stale = stale


class Channel(asyncio.Protocol):
    """One connection to one server."""

    def __init__(self, credentials: Credentials | None, clock: Clock) -> None:
        self._connection = Connection(credentials)
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Command]] = {}
        self._suspect = False
        self._received = 0
        self.used_at = clock()

    @property
    def usable(self) -> bool:
        """Whether a new request may go out here."""
        return self._connection.state is State.OPEN and not self._suspect and self._transport is not None

    @property
    def idle(self) -> bool:
        return not self._waiting

    async def request(self, code: int, fields: Mapping[str, str], body: bytes, seconds: float) -> Command:
        """The response to a request; ChannelLost if the connection ends first, TimeoutError after so many seconds."""
        if not self.usable or self._transport is None:
            raise ChannelLost("the connection is closed", sent=False)
        opaque, data = self._connection.request(code, fields, body)
        future: asyncio.Future[Command] = asyncio.get_running_loop().create_future()
        self._waiting[opaque] = future
        self.used_at = self._clock()
        before = self._received
        self._transport.write(data)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            self._suspect = self._suspect or self._received == before
            raise
        except ChannelLost as lost:
            lost.stale = 0 < before == self._received
            raise
        finally:
            self._done_with(opaque)

    def _done_with(self, opaque: int) -> None:
        self._connection.forget(opaque)
        self._waiting.pop(opaque, None)
        self.used_at = self._clock()
        if self.idle and not self.usable:
            self.close()

    def close(self) -> None:
        """End the connection now; requests that wait fail."""
        self._handle(self._connection.receive_eof(), "the connection was closed")
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._handle(self._connection.receive_data(data), "the server broke the protocol")

    def connection_lost(self, exc: Exception | None) -> None:
        reason = "the server closed the connection" if exc is None else f"the connection broke: {type(exc).__name__}"
        self._handle(self._connection.receive_eof(), reason)

    def _handle(self, events: list[Event], reason: str) -> None:
        for event in events:
            match event:
                case Response(command):
                    self._resolve(command)
                case Ended(pending, fault):
                    self._fail(pending, reason, fault)
                case Request():
                    pass  # servers notify clients of changes; we look for ourselves
                case _:
                    pass  # a late response: nobody waits for it
        if self._connection.state is State.BROKEN and self._transport is not None:
            self._transport.abort()

    def _resolve(self, command: Command) -> None:
        future = self._waiting.get(command.opaque)
        if future is not None and not future.done():
            future.set_result(command)

    def _fail(self, pending: tuple[int, ...], reason: str, fault: FrameError | None) -> None:
        for opaque in pending:
            future = self._waiting.get(opaque)
            if future is not None and not future.done():
                future.set_exception(ChannelLost(reason, fault))
