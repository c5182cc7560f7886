"""A small RocketMQ installation, shared by all tests here.

A name server that is a controller too; group broker-0, a master with a slave by fixed roles; group guarded, one broker
under the controller, with authentication on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from rocketmq_operator.admin import Admin, AdminError, Credentials

from ..servers import Server, Servers, UnavailableError

USER, PASSWORD = "operator", "12345678"
_PATIENCE = 60.0
_INNER = f'{{"accessKey":"{USER}","secretKey":"{PASSWORD}"}}'
_GUARDED = {
    "brokerId": "-1",
    "brokerRole": "SLAVE",
    "enableControllerMode": "true",
    "syncBrokerMetadataPeriod": "1000",
    "checkSyncStateSetPeriod": "1000",
    "authenticationEnabled": "true",
    "authenticationProvider": "org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider",
    "authenticationMetadataProvider": (
        "org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider"
    ),
    "authorizationMetadataProvider": (
        "org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider"
    ),
    "initAuthenticationUser": f'{{"username":"{USER}","password":"{PASSWORD}"}}',
    "innerClientAuthenticationCredentials": _INNER,
}


@dataclass(frozen=True)
class Installation:
    """Addresses ("host:port") and processes."""

    servers: Servers
    ns: str
    controller: str
    master: str
    slave: str
    guarded: str


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    try:
        servers = Servers(tmp_path_factory.mktemp("rocketmq"))
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against real RocketMQ servers: {error}")
    with servers:
        ns = servers.name_server(controller=True)
        master = servers.broker("broker-0", [ns])
        slave = servers.broker("broker-0", [ns], broker_id=1)
        assert ns.controller_address is not None
        guarded = servers.broker("guarded", [ns], _GUARDED | {"controllerAddr": ns.controller_address})
        servers.wait()
        asyncio.run(_registered(ns, [master, slave, guarded]))
        yield Installation(servers, ns.address, ns.controller_address, master.address, slave.address, guarded.address)


async def _registered(ns: Server, brokers: list[Server]) -> None:
    wanted = {broker.address for broker in brokers}

    async def done() -> bool:
        info = await client.cluster_info(ns.address)
        return wanted <= {address for entry in info.brokers.values() for address in entry.addresses.values()}

    async with Admin() as client:
        await until(done, "all brokers are registered")


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for servers to come so far; a server that cannot answer yet is not there yet."""
    last: Exception | None = None
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    if await condition():
                        return
                except AdminError as error:
                    last = error
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"never came: {what} ({last})") from None


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    async with Admin(timeout=10) as client:
        yield client


@pytest.fixture
async def trusted() -> AsyncIterator[Admin]:
    """A client that signs its requests."""
    async with Admin(timeout=10, credentials=Credentials(USER, PASSWORD)) as client:
        yield client
