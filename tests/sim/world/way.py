"""The way of one process's calls to the API server: moments, faults, death between two of them."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from rocketmq_operator.kube.errors import Conflict, Retry
from rocketmq_operator.kube.types import Json, Resource

from .api import Api
from .stored import Key
from .weather import API_FAULTS, Weather

TIMEOUT = 30.0
"""After this many seconds without an answer the client gives up (kube/session.py)."""


class Way:
    """``guard`` is asked right before each write, as by the real client; ``step`` is called before and after each call that
    reaches the server, and raises where the process dies there."""

    def __init__(
        self, api: Api, weather: Weather, random: Random, manager: str, step: Callable[..., None] = lambda *what: None
    ) -> None:
        self.api = api
        self.guard: Callable[[], None] | None = None
        self.calls = 0
        self.writes = 0
        self.on_write: Callable[[str, str, Key, Any], None] = lambda verb, plural, key, body: None
        self._weather = weather
        self._random = random
        self._manager = manager
        self._step = step

    async def _read(self, verb: str, resource: Resource, do: Callable[[], bytes]) -> bytes:
        what = f"{verb} {resource.plural}"
        self._step(what)
        self.calls += 1
        self.api.kernel.count(f"call/{verb}")
        fault = self._weather.draw("api", API_FAULTS) if self._weather.chance else None
        if fault is None:
            await self._travel()
            return do()
        if fault in ("slow", "conflict", "lost-answer"):
            await asyncio.sleep(self._random.uniform(1, 20))
            return do()
        await self._fail(fault, what)
        return do()

    async def _write(self, verb: str, resource: Resource, key: Key, body: Any, do: Callable[[], Any]) -> Json:
        if self.guard is not None:
            self.guard()
        what = f"{verb} {resource.plural} {key[1]}"
        self._step(what)
        self.calls += 1
        self.api.kernel.count(f"call/{verb}")
        fault = self._weather.draw("api", API_FAULTS) if self._weather.chance else None
        if fault is None:
            await self._travel()
        elif fault == "slow":
            await asyncio.sleep(self._random.uniform(1, 20))
        elif fault == "conflict":
            raise Conflict(f"{what}: please apply your changes to the latest version", status=409, reason="Conflict")
        elif fault != "lost-answer":
            await self._fail(fault, what)
        if self._weather.slow is not None:
            await asyncio.sleep(self._weather.slow(verb, resource.plural, key, body))
        self.writes += 1
        self.on_write(verb, resource.plural, key, body)
        stored = do()
        self._step(f"after {what}")
        if fault == "lost-answer":
            await asyncio.sleep(self._random.choice((0.1, TIMEOUT)))
            raise Retry(f"{what}: no answer: ReadTimeout")
        # What stands there, to be read and not to be changed: a copy for each answer that nobody reads is dear.
        return stored.obj if stored is not None else {}

    async def _fail(self, fault: str, what: str) -> None:
        if fault == "hung":
            await asyncio.sleep(TIMEOUT)
        if fault in ("hung", "lost-request"):
            raise Retry(f"{what}: no answer: ConnectError")
        if fault == "throttled":
            wish = self._random.choice((1.0, 5.0, None))
            raise Retry(f"{what}: too many requests", status=429, reason="TooManyRequests", retry_after=wish)
        raise Retry(f"{what}: Internal error occurred", status=500, reason="InternalError")

    async def _travel(self) -> None:
        """Most calls take a moment; some of them long enough for the world to change meanwhile."""
        draw = self._random.random()
        if draw < 0.05 and not self._weather.quiet:
            await asyncio.sleep(draw * 20)
        elif draw < 0.5:
            await asyncio.sleep(draw * 0.02)
