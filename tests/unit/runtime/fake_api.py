"""An HTTP server on loopback that answers requests as scripted: every fault that a watch can meet, on real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Request:
    """A request as it came: ``query`` holds the first value of each parameter."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path, self.headers, self.body = method, parts.path, headers, body
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}


class FakeApi:
    """Answers the n-th request with the n-th reply; when the script is over, it says nothing more."""

    def __init__(self, *script: Reply) -> None:
        self.script = list(script)
        self.requests: list[Request] = []
        self.port = 0
        self.closed_by_peer = 0
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections from now on, and break those that stand."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def asked(self, number: int) -> None:
        """Return once that many requests have come."""
        async with self._arrived, asyncio.timeout(20):
            await self._arrived.wait_for(lambda: len(self.requests) >= number)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                request = await _read(reader)
                reply = self.script.pop(0) if self.script else hang
                async with self._arrived:
                    self.requests.append(request)
                    self._arrived.notify_all()
                await reply(writer)
                if writer.is_closing():
                    return
        except (OSError, asyncio.IncompleteReadError):
            self.closed_by_peer += 1
        except asyncio.CancelledError:
            return
        finally:
            self._writers.discard(writer)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in head[1:]) if name}
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def serving(*script: Reply) -> AsyncIterator[FakeApi]:
    server = FakeApi(*script)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def answer(body: Json | bytes, status: int = 200, **headers: str) -> Reply:
    """A whole answer."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()

    return reply


def stream(*chunks: bytes, then: str = "end") -> Reply:
    """A watch: each chunk by itself; then ``end`` in good order, ``break`` the connection, or ``hang``."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
        if then == "end":
            writer.write(b"0\r\n\r\n")
        elif then == "break":
            writer.transport.abort()
        else:
            await hang(writer)

    return reply


async def hang(writer: asyncio.StreamWriter) -> None:
    """Say nothing, until the other side gives up (the transport then closes)."""
    while not writer.transport.is_closing():
        await _peer_gone(writer)


async def _peer_gone(writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


def status(code: int, reason: str = "", message: str = "as scripted", **headers: str) -> Reply:
    """A failure as the API server tells it."""
    return answer(failure(code, reason, message), code, **headers)


def failure(code: int, reason: str = "", message: str = "as scripted") -> Json:
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}


def page(version: int, *items: Json, token: str = "") -> Reply:
    """A page of a list; no item at all comes as null, as it does from some servers."""
    return answer({"metadata": {"resourceVersion": str(version), "continue": token}, "items": list(items) or None})


def thing(name: str, version: int, **more: Any) -> Json:
    return {"metadata": {"name": name, "namespace": "ns", "resourceVersion": str(version)}, **more}


def event(kind: str, obj: Json) -> bytes:
    return json.dumps({"type": kind, "object": obj}, ensure_ascii=False).encode() + b"\n"


def bookmark(version: int) -> bytes:
    return event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})
