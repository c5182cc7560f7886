"""One way to an API server: requests under limits and a guard, typed errors out of every failure, every call observable."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import httpx2
from lightkube import ConfigError

from .errors import Forbidden, Retry
from .limits import Limits
from .status import error_from
from .types import Resource

OnRequest = Callable[[str, str, int, float], None]
Guard = Callable[[], None]

REQUEST_TIMEOUT = httpx2.Timeout(30.0, connect=5.0, pool=30.0)
# A watch is silent for as long as nothing changes; its reader knows how long is too long.
WATCH_TIMEOUT = httpx2.Timeout(30.0, connect=5.0, pool=30.0, read=None)


class Session:
    """``guard`` and ``on_request`` are those of ``Client``, which see."""

    def __init__(self, http: httpx2.AsyncClient, *, limits: Limits, now: Callable[[], float]) -> None:
        self.http = http
        self.guard: Guard | None = None
        self.on_request: OnRequest | None = None
        self._limits = limits
        self._now = now

    async def call(
        self,
        verb: str,
        resource: Resource,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """The body of a successful answer."""
        headers = {"Content-Type": content_type} if content is not None else None
        request = self.http.build_request(
            method, path, params=params, content=content, headers=headers, timeout=REQUEST_TIMEOUT
        )
        async with self._limits.slot():
            # Not before: waiting for a slot takes time, and a lease may run out in it.
            if method != "GET" and self.guard is not None:
                self.guard()
            async with self._answer(verb, resource, request) as response:
                return await response.aread()

    @asynccontextmanager
    async def watch(
        self, resource: Resource, path: str, params: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The chunks of a watch's answer as they come; no limit holds for watches, of which there are few."""
        request = self.http.build_request("GET", path, params=params, timeout=WATCH_TIMEOUT)
        async with self._answer("watch", resource, request) as response:
            yield response.aiter_raw()

    @asynccontextmanager
    async def _answer(self, verb: str, resource: Resource, request: httpx2.Request) -> AsyncIterator[httpx2.Response]:
        """The successful answer to a request, its body not yet read; anything else is the typed error."""
        what = f"{verb} {request.url.path}"
        started = self._now()
        status = 0
        try:
            response = await self.http.send(request, stream=True)
            status = response.status_code
            if verb == "watch":
                self._tell(verb, resource, status, started)
            try:
                if not response.is_success:
                    raise error_from(status, await response.aread(), response.headers, what)
                yield response
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            # Nothing about the transport is final: connections break, servers restart.
            raise Retry(f"{what}: no answer: {type(error).__name__}: {error}".rstrip(": ")) from error
        except ConfigError as error:
            raise Forbidden(f"{what}: credentials: {error}") from error
        finally:
            if verb != "watch" or status == 0:
                self._tell(verb, resource, status, started)

    def _tell(self, verb: str, resource: Resource, status: int, started: float) -> None:
        if self.on_request is not None:
            self.on_request(verb, resource.plural, status, self._now() - started)
