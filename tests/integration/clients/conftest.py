"""A name server and two broker groups of one master each, shared by the tests here."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from rocketmq_operator.admin import Admin, AdminError

from ..servers import Server, Servers, UnavailableError

_PATIENCE = 60.0
# Check-backs within seconds, not half a minute; but commits are noted at once, or brokers ask about them again, and the
# messages are stored twice. Each thread that stores anything keeps a buffer for the largest message,
# and this traffic comes by many: with the default of 4 MiB they need more than the servers' 128 MiB of direct memory.
_SETTINGS = {
    "transactionTimeOut": "4000",
    "transactionCheckInterval": "2000",
    "transactionOpBatchInterval": "100",
    "maxMessageSize": "65536",
}


@dataclass(frozen=True)
class Cluster:
    """The processes."""

    servers: Servers
    name_server: Server
    brokers: list[Server]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        servers = Servers(tmp_path_factory.mktemp("rocketmq"))
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against real RocketMQ servers: {error}")
    with servers:
        ns = servers.name_server()
        brokers = [servers.broker(f"broker-{group}", [ns], _SETTINGS) for group in range(2)]
        servers.wait()
        yield Cluster(servers, ns, brokers)


async def registered(ns: Server, *names: str) -> None:
    """Until the name server knows masters of these groups."""
    async with Admin(timeout=10) as admin:

        async def known() -> bool:
            brokers = (await admin.cluster_info(ns.address)).brokers
            return all(name in brokers and 0 in brokers[name].addresses for name in names)

        await until(known, f"{names} are registered")


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask again until it is so; a server that cannot answer is not there yet."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(AdminError):
            if await condition():
                return
        await asyncio.sleep(0.2)
    raise AssertionError(f"never came: {what}")
