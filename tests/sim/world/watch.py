"""Watches: events as bytes from a version on, with bookmarks, late, cut, dropped or expired as the weather wants it."""

import asyncio
from collections.abc import AsyncGenerator
from random import Random

from rocketmq_operator.kube.errors import Gone, Retry

from . import selectors
from .api import Api
from .stored import Event, Stored
from .weather import WATCH_FAULTS, Weather

BOOKMARK_SECONDS = 60.0
INSTANT = 1e-6
EXPIRED = b'{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":410,"reason":"Expired","message":"too old"}}\n'


class Watching:
    """One watch of one kind."""

    def __init__(
        self, api: Api, weather: Weather, random: Random, plural: str, namespace: str | None, label_selector: str | None
    ) -> None:
        self._api = api
        self._weather = weather
        self._random = random
        self._plural = plural
        self._namespace = namespace
        self._test = selectors.labels(label_selector)
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def stream(self, version: int, seconds: int) -> AsyncGenerator[bytes, None]:
        """Chunks of the watch's body."""
        fault = self._weather.draw("watch", WATCH_FAULTS)
        if fault == "ended-at-once":
            return
        if fault == "refused":
            raise Retry("watch: Internal error occurred", status=500)
        if fault == "expired" or version < self._api.compacted:
            self._api.kernel.count("fault/watch/gone")
            if self._random.random() < 0.5:
                raise Gone("too old resource version", status=410, reason="Expired")
            yield EXPIRED
            return
        stop = self._api.subscribe(self._plural, self._wake)
        try:
            async for chunk in self._chunks(version, self._loop.time() + seconds, fault):
                yield chunk
        finally:
            stop()
            if self._timer is not None:
                self._timer.cancel()

    async def _chunks(self, version: int, ends: float, fault: str | None) -> AsyncGenerator[bytes, None]:
        log = self._api.log(self._plural)
        position = self._api.events_after(self._plural, version)
        if fault == "duplicated" and position and log[position - 1].rv == version:
            position -= 1
        while True:
            lines = [line for line in map(self._line, log[position:]) if line]
            position = len(log)
            if lines:
                chunk = b"".join(lines)
                if fault == "cut-line":
                    cut = self._random.randrange(len(chunk))
                    yield chunk[:cut]
                    raise Retry("watch: the connection was reset")
                yield chunk
                if fault == "dropped":
                    raise Retry("watch: the connection was reset")
            if position < len(log):
                continue
            bookmark = await self._changed(ends, late=fault == "late")
            if self._loop.time() >= ends - INSTANT:
                return
            if bookmark and position == len(log):
                yield b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"%d"}}}\n' % self._api.rv

    async def _changed(self, ends: float, *, late: bool) -> bool:
        """Wait for a change that has travelled here; True where there was none and a bookmark is due."""
        self._waiter = self._loop.create_future()
        self._late = late
        at = min(ends, self._loop.time() + BOOKMARK_SECONDS)
        limit = self._loop.call_at(at, self._arrived)
        try:
            await self._waiter
        finally:
            limit.cancel()
            self._waiter = None
        return self._loop.time() >= at - INSTANT

    def _wake(self) -> None:
        if self._timer is None and self._waiter is not None:
            lag = (
                self._random.uniform(2, 30) if self._late and not self._weather.quiet else self._random.random() * 0.05
            )
            held = self._weather.late_until.get(self._plural, -1.0) - self._loop.time()
            self._timer = self._loop.call_later(max(lag, held), self._arrived)

    def _arrived(self) -> None:
        self._timer = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _line(self, event: Event) -> bytes | None:
        if self._namespace and event.key[0] != self._namespace:
            return None
        before, after = self._matches(event.old), self._matches(event.new)
        if after and event.new:
            return b'{"type":"%s","object":%s}\n' % (b"MODIFIED" if before else b"ADDED", event.new.raw)
        if before and event.old:
            return b'{"type":"DELETED","object":%s}\n' % self._gone(event, event.old)
        return None

    def _gone(self, event: Event, old: Stored) -> bytes:
        """The last state, with the version of the deletion."""
        seen = event.new or old
        return seen.raw.replace(b'"resourceVersion":"%d"' % seen.rv, b'"resourceVersion":"%d"' % event.rv, 1)

    def _matches(self, stored: Stored | None) -> bool:
        return stored is not None and (self._test is None or self._test(stored.obj["metadata"].get("labels", {})))
