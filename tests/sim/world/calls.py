"""The way of a request to a simulated server, and everything that goes wrong on it."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from rocketmq_operator.admin.errors import Refused, Unreachable

from .broker import Broker
from .clients import Clients
from .registry import NameServer
from .rocketmq import RocketMQ
from .weather import ADMIN_FAULTS, Weather

T = TypeVar("T")


class Calls:
    """``step`` is called before and after each request, and raises where
    the process dies there; ``on_write(operation, address, what)`` hears of each write that arrives."""

    def __init__(
        self,
        world: RocketMQ,
        clients: Clients,
        weather: Weather,
        random: Random,
        step: Callable[..., None] = lambda *what: None,
    ) -> None:
        self._world, self._clients, self._weather, self._random, self._step = world, clients, weather, random, step
        self.calls = 0
        self.on_write: Callable[[str, str, Any], None] = lambda operation, address, what: None

    async def close(self) -> None:
        """As the real one's."""

    def version(self, address: str) -> int | None:
        """As the real one's; nothing asks for it here."""
        return None

    def _server(
        self, address: str, operation: str, do: Callable[[NameServer], T], write: Any = None
    ) -> Coroutine[Any, Any, T]:
        return self._request(address, operation, self._world.name_server_at, do, write)

    def _broker(
        self, address: str, operation: str, do: Callable[[Broker], T], write: Any = None
    ) -> Coroutine[Any, Any, T]:
        return self._request(address, operation, self._broker_at, do, write)

    def _broker_at(self, address: str) -> Broker | None:
        found = self._world.broker_at(address)
        return None if found is None or found.unheard_until > found.kernel.now() else found

    async def _request(
        self, address: str, operation: str, find: Callable[[str], Any], do: Callable[[Any], T], write: Any
    ) -> T:
        self._step(operation, "at", address)
        self.calls += 1
        fault = self._weather.draw("admin", ADMIN_FAULTS) if self._weather.chance else None
        if fault:
            await self._fail(fault, address, operation)
        elif self._random.random() < 0.03:
            await asyncio.sleep(self._random.random() * (0.05 if self._weather.quiet else 0.5))
        target = find(address)
        if target is None:
            raise Unreachable(address, operation, "connection refused", sent=False)
        if write is not None:
            self.on_write(operation, address, write)
        if isinstance(target, Broker):
            self._world.asked(operation, target)
        answer = do(target)
        if write is not None:
            self._step("after", operation, "at", address)
        if fault == "lost-answer":
            await asyncio.sleep(3.0)
            raise Unreachable(address, operation, "no answer in time")
        return answer

    async def _fail(self, fault: str, address: str, operation: str) -> None:
        if fault == "unreachable":
            raise Unreachable(address, operation, "connection refused", sent=False)
        if fault == "refused":
            raise Refused(address, operation, 2, "system busy")
        await asyncio.sleep(3.0 if fault == "lost-request" else self._random.uniform(0.1, 2.5))
        if fault == "lost-request":
            raise Unreachable(address, operation, "no answer in time")
