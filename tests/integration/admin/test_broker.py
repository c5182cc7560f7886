"""What brokers say and take: settings, state, replication, topics, groups."""

import time

import pytest

from rocketmq_operator.admin import Admin, Refused
from rocketmq_operator.admin.messages import SendStatus
from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig
from rocketmq_operator.remoting.codes import ResponseCode

from .conftest import Installation, until

pytestmark = pytest.mark.integration


async def test_settings_are_the_running_ones(installation: Installation, admin: Admin) -> None:
    settings = await admin.broker_config(installation.slave)
    assert (settings["brokerName"], settings["brokerId"], settings["brokerRole"]) == ("broker-0", "1", "SLAVE")


async def test_an_update_takes_effect(installation: Installation, admin: Admin) -> None:
    await admin.create_topic(installation.master, "limited")
    await admin.update_broker_config(installation.master, {"maxMessageSize": "100"})
    try:
        with pytest.raises(Refused) as refused:
            await admin.send(installation.master, "limited", 0, b"x" * 200)
        assert refused.value.code == ResponseCode.MESSAGE_ILLEGAL
    finally:
        await admin.update_broker_config(installation.master, {"maxMessageSize": str(4 << 20)})
    assert (await admin.send(installation.master, "limited", 0, b"x" * 200)).status is SendStatus.SEND_OK


async def test_permission_reaches_the_routes_and_comes_back(installation: Installation, admin: Admin) -> None:
    async def shown(perm: int) -> bool:
        return (await admin.route(installation.ns, "closed")).queues[0].perm == perm

    await admin.create_topic(installation.master, "closed")
    await admin.update_broker_config(installation.master, {"brokerPermission": "4"})
    try:
        await until(lambda: shown(4), "the route is closed")
    finally:
        await admin.update_broker_config(installation.master, {"brokerPermission": "6"})
    await until(lambda: shown(6), "the route is open again")


async def test_runtime(installation: Installation, admin: Admin) -> None:
    before = int(time.time() * 1000)
    runtime = await admin.runtime(installation.master)
    assert (runtime.version_ordinal, runtime.version_name) == (493, "V5_4_0")
    assert admin.version(installation.master) == 493
    assert before - 600_000 < runtime.boot_timestamp <= before
    assert 0 <= runtime.commit_log_min_offset <= runtime.commit_log_max_offset
    assert 0 < runtime.commit_log_disk_ratio < 1
    assert runtime.dispatch_behind_bytes >= 0
    assert runtime.broker_active is True
    assert runtime.put_tps >= 0


async def test_replication_seen_from_both_ends(installation: Installation, admin: Admin) -> None:
    async def caught_up() -> bool:
        status = await admin.ha_status(installation.master)
        return bool(status.slaves) and status.slaves[0].behind == 0

    await admin.create_topic(installation.master, "replicated")
    await admin.send(installation.master, "replicated", 0, b"copy me")
    await until(caught_up, "the slave has caught up")
    master, slave = await admin.ha_status(installation.master), await admin.ha_status(installation.slave)
    assert (master.is_master, slave.is_master) == (True, False)
    assert master.slaves[0].acked_offset == master.max_offset
    assert slave.client is not None
    assert slave.client.max_offset == master.max_offset


async def test_topics_are_created_read_changed_and_deleted(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    await admin.create_topic(addr, "made", read_queues=4, write_queues=2, attributes={"message.type": "FIFO"})
    made = await admin.topic_config(addr, "made")
    assert made == TopicConfig("made", 4, 2, attributes={"message.type": "FIFO"})
    assert (await admin.topic_configs(addr)).topics["made"] == made
    await admin.create_topic(addr, "made", read_queues=4, write_queues=4, perm=4, order=True)
    changed = await admin.topic_config(addr, "made")
    assert changed is not None
    assert (changed.write_queues, changed.perm, changed.order) == (4, 4, True)
    await admin.delete_topic(addr, "made")
    await admin.delete_topic(addr, "made")
    await admin.delete_topic_route(installation.ns, "made")
    assert await admin.topic_config(addr, "made") is None


async def test_many_topics_at_once_are_what_was_read(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    wanted = [TopicConfig(f"many-{i}", i + 1, i + 1, attributes={"message.type": "DELAY"}) for i in range(20)]
    await admin.upsert_topics(addr, wanted)
    table = (await admin.topic_configs(addr)).topics
    assert [table[config.name] for config in wanted] == wanted
    await admin.upsert_topics(addr, [table[config.name] for config in wanted])
    assert [(await admin.topic_configs(addr)).topics[config.name] for config in wanted] == wanted


async def test_groups_are_created_read_changed_and_deleted(installation: Installation, admin: Admin) -> None:
    addr = installation.master
    await admin.upsert_group(addr, "plain-group")
    plain = await admin.subscription_group(addr, "plain-group")
    assert plain is not None
    assert (plain.retry_max_times, plain.consume_enable) == (16, True)
    assert (await admin.subscription_groups(addr)).groups["plain-group"] == plain
    await admin.upsert_group(addr, GroupConfig("plain-group", retry_max_times=3, consume_broadcast_enable=False))
    changed = await admin.subscription_group(addr, "plain-group")
    assert changed is not None
    assert (changed.retry_max_times, changed.consume_broadcast_enable) == (3, False)
    await admin.delete_group(addr, "plain-group")
    await admin.delete_group(addr, "plain-group")
    assert "plain-group" not in (await admin.subscription_groups(addr)).groups


async def test_many_groups_at_once(installation: Installation, admin: Admin) -> None:
    names = [f"group-{i}" for i in range(10)]
    await admin.upsert_groups(installation.master, [GroupConfig(name, retry_max_times=5) for name in names])
    table = (await admin.subscription_groups(installation.master)).groups
    assert {table[name].retry_max_times for name in names} == {5}


async def test_a_broker_without_controllers_has_no_epochs(installation: Installation, admin: Admin) -> None:
    with pytest.raises(Refused, match="controllerMode"):
        await admin.epochs(installation.master)
