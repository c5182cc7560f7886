"""A server on loopback that does what the test says, step by step: nothing waits for time.

peer = await server.accept()
request = await peer.request()
peer.reply(request, body=b"{}")
"""

import asyncio
from types import TracebackType

from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.connection import Connection, Request

PATIENCE = 20.0
"""Seconds after which a test that waits for the client is given up."""


class Peer:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._requests: list[Command] = []
        self.connection = Connection()

    async def request(self) -> Command:
        """The client's next request; EOFError if it closes instead."""
        async with asyncio.timeout(PATIENCE):
            while not self._requests:
                data = await self._reader.read(65536)
                if not data:
                    raise EOFError
                events = self.connection.receive_data(data)
                self._requests += [event.command for event in events if isinstance(event, Request)]
        return self._requests.pop(0)

    async def closed(self) -> None:
        """Until the client closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                while await self._reader.read(65536):
                    pass
            except ConnectionError:
                pass

    def reply(
        self,
        request: Command,
        code: int = 0,
        fields: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        remark: str | None = None,
        version: int = 493,
    ) -> None:
        self.write(self.connection.respond(request, code, fields, body, remark=remark, version=version))

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class FakeServer:
    """Listens; each connection is handed to the test."""

    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []
        self._server: asyncio.Server | None = None
        self.address = ""

    @property
    def connections(self) -> int:
        """How many were accepted so far."""
        return len(self._all)

    async def __aenter__(self) -> "FakeServer":
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for peer in self._all:
            peer.close()
        await self._server.wait_closed()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self._all.append(peer)
        self._peers.put_nowait(peer)

    async def accept(self) -> Peer:
        async with asyncio.timeout(PATIENCE):
            return await self._peers.get()
