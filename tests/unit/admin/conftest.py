"""A fake server and a client with time-outs that no test waits for, unless it says so."""

from collections.abc import AsyncIterator

import pytest

from rocketmq_operator.admin import Admin

from .fake_server import FakeServer


class HandClock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as fake:
        yield fake


@pytest.fixture
async def admin(clock: HandClock) -> AsyncIterator[Admin]:
    async with Admin(timeout=60, connect_timeout=60, clock=clock) as client:
        yield client
