"""Controllers, and a broker that checks signatures."""

import pytest

from rocketmq_operator.admin import Admin, Credentials, Refused
from rocketmq_operator.remoting.bodies.access import AccessRules, Policy, PolicyEntry, User

from .conftest import PASSWORD, USER, Installation, until

pytestmark = pytest.mark.integration


async def test_controller_knows_its_brokers(installation: Installation, admin: Admin) -> None:
    metadata = await admin.controller_metadata(installation.controller)
    assert metadata.is_leader
    assert metadata.leader == installation.controller
    master = await admin.replica_info(metadata.leader, "guarded")
    assert (master.broker_id, master.address) == (1, installation.guarded)
    state = (await admin.sync_states(metadata.leader, ["guarded"])).groups["guarded"]
    assert (state.master_id, state.master_address) == (1, installation.guarded)
    assert [(replica.broker_id, replica.address) for replica in state.in_sync] == [(1, installation.guarded)]
    assert await admin.next_broker_id(metadata.leader, "DefaultCluster", "guarded") == 2


async def test_the_only_member_stays_master(installation: Installation, admin: Admin) -> None:
    with pytest.raises(Refused) as refused:
        await admin.elect_master(installation.controller, "DefaultCluster", "guarded", 7)
    assert refused.value.code != 0
    assert (await admin.replica_info(installation.controller, "guarded")).broker_id == 1


async def test_controller_settings(installation: Installation, admin: Admin) -> None:
    await admin.update_controller_config(installation.controller, {"scanInactiveMasterInterval": "6000"})
    settings = await admin.controller_config(installation.controller)
    assert settings["scanInactiveMasterInterval"] == "6000"


async def test_epochs_of_a_controlled_broker(installation: Installation, trusted: Admin) -> None:
    table = await trusted.epochs(installation.guarded)
    assert (table.broker, table.broker_id) == ("guarded", 0)  # the master, as name servers number it
    assert table.epochs[0].start_offset == 0


async def test_a_living_member_is_not_cleaned(installation: Installation, admin: Admin) -> None:
    with pytest.raises(Refused):
        await admin.clean_broker_data(installation.controller, "DefaultCluster", "guarded", [1])


async def test_unsigned_requests_are_refused(installation: Installation, admin: Admin, trusted: Admin) -> None:
    with pytest.raises(Refused):
        await admin.runtime(installation.guarded)
    assert (await trusted.runtime(installation.guarded)).version_name == "V5_4_0"


async def test_a_wrong_password_is_refused(installation: Installation) -> None:
    async with Admin(credentials=Credentials(USER, "wrong")) as stranger:
        with pytest.raises(Refused) as refused:
            await stranger.runtime(installation.guarded)
    assert PASSWORD not in str(refused.value)


async def test_signed_messages_with_a_body(installation: Installation, trusted: Admin) -> None:
    addr = installation.guarded
    await trusted.create_topic(addr, "signed", attributes={"message.type": "NORMAL"})
    sent = await trusted.send(addr, "signed", 0, "Grüße".encode(), ["k"])
    pulled = await trusted.pull(addr, "signed", 0, sent.queue_offset)
    assert pulled.messages[0].body == "Grüße".encode()


async def test_users_and_rules(installation: Installation, trusted: Admin) -> None:
    addr = installation.guarded
    await trusted.create_user(addr, User("alice", "a-password", "Normal", "enable"))
    alice = await trusted.user(addr, "alice")
    assert (alice.username, alice.user_type) == ("alice", "Normal")
    assert "a-password" not in repr(alice)
    assert {user.username for user in await trusted.users(addr)} >= {USER, "alice"}
    await trusted.update_user(addr, User("alice", "another-password"))

    rules = AccessRules(
        "User:alice", [Policy("Custom", [PolicyEntry("Topic:signed", ["Pub"], ["192.0.2.1"], "Allow")])]
    )
    await trusted.create_rules(addr, rules)
    read = await trusted.rules(addr, "User:alice")
    assert read.policies is not None
    assert read.policies[0].entries is not None
    assert read.policies[0].entries[0].resource == "Topic:signed"
    deny = AccessRules("User:alice", [Policy("Custom", [PolicyEntry("Topic:signed", ["Pub"], ["192.0.2.1"], "Deny")])])
    await trusted.update_rules(addr, deny)
    assert [entry.subject for entry in await trusted.all_rules(addr)] == ["User:alice"]
    await trusted.delete_rules(addr, "User:alice")
    await trusted.delete_user(addr, "alice")

    async def gone() -> bool:
        return [user.username for user in await trusted.users(addr)] == [USER]

    await until(gone, "the user is deleted")


async def test_settings_with_passwords_are_not_shown(installation: Installation, trusted: Admin) -> None:
    settings = await trusted.broker_config(installation.guarded)
    assert PASSWORD in settings["innerClientAuthenticationCredentials"]
    assert PASSWORD not in repr(settings)
    assert PASSWORD not in f"{settings}"


async def test_users_without_authentication(installation: Installation, admin: Admin) -> None:
    with pytest.raises(Refused):
        await admin.users(installation.master)
