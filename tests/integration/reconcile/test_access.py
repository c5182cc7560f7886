"""Users and access rules move with a joining group, on real brokers with authentication on."""

import asyncio
from collections.abc import Iterator

import pytest

from rocketmq_operator.admin import Admin, AdminError, Credentials
from rocketmq_operator.core.groups import copying
from rocketmq_operator.reconcile import look_deep
from rocketmq_operator.reconcile.copying import copy
from rocketmq_operator.remoting.bodies.access import AccessRules, Policy, PolicyEntry, User

from ..servers import Servers, UnavailableError

pytestmark = pytest.mark.integration

USER, PASSWORD = "operator", "12345678"
ACL = "org.apache.rocketmq.auth"
GUARDED = {
    "authenticationEnabled": "true",
    "authenticationProvider": f"{ACL}.authentication.provider.DefaultAuthenticationProvider",
    "authenticationMetadataProvider": f"{ACL}.authentication.provider.LocalAuthenticationMetadataProvider",
    "authorizationMetadataProvider": f"{ACL}.authorization.provider.LocalAuthorizationMetadataProvider",
    "initAuthenticationUser": f'{{"username":"{USER}","password":"{PASSWORD}"}}',
    "innerClientAuthenticationCredentials": f'{{"accessKey":"{USER}","secretKey":"{PASSWORD}"}}',
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    try:
        servers = Servers(tmp_path_factory.mktemp("access"))
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against real RocketMQ servers: {error}")
    with servers:
        ns = servers.name_server()
        brokers = [servers.broker(f"broker-{group}", [ns], GUARDED) for group in range(2)]
        servers.wait()
        yield brokers[0].address, brokers[1].address


async def test_users_and_rules_are_copied_and_then_nothing_lacks(pair: tuple[str, str]) -> None:
    first, second = pair
    async with Admin(timeout=10, credentials=Credentials(USER, PASSWORD)) as admin:
        await _answers(admin, second)
        await admin.create_user(first, User("alice", "secret-1", "Normal", "enable"))
        entry = PolicyEntry("Topic:orders", ["Pub", "Sub"], None, "Allow")
        await admin.create_rules(first, AccessRules("User:alice", [Policy("Custom", [entry])]))
        source, target = [await look_deep.broker(admin, each, True) for each in pair]
        assert source is not None and target is not None
        assert "secret-1" not in repr(source)
        missing = copying.for_joining([source], target, frozenset())
        assert "alice" in missing.access.users and "User:alice" in missing.access.rules
        await copy(admin, second, missing)
        after = await look_deep.broker(admin, second, True)
        assert after is not None and not copying.for_joining([source], after, frozenset()).access.users
        assert not copying.for_joining([source], after, frozenset()).access.rules
        assert (await admin.rules(second, "User:alice")).policies


async def _answers(admin: Admin, address: str) -> None:
    """A broker that has just started answers not every question yet."""
    for _ in range(300):
        if await look_deep.broker(admin, address, True) is not None:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{address} never answered every question")


async def test_without_credentials_nothing_is_known(pair: tuple[str, str]) -> None:
    async with Admin(timeout=10) as admin:
        assert await look_deep.broker(admin, pair[0], True) is None
        with pytest.raises(AdminError):
            await admin.users(pair[0])
