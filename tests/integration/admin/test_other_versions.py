"""What the operator needs of every version, against those that ROCKETMQ_VERSIONS names ("4.9.7,5.3.3,5.5.0")."""

import os
from pathlib import Path

import pytest

from rocketmq_operator.admin import Admin, Refused
from rocketmq_operator.admin.messages import SendStatus
from rocketmq_operator.remoting.bodies.consumption import MessageQueue
from rocketmq_operator.remoting.codes import ResponseCode
from rocketmq_operator.remoting.versions import version_ordinal

from ..servers import Server, Servers, UnavailableError
from .conftest import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

VERSIONS = os.environ.get("ROCKETMQ_VERSIONS", "").replace(",", " ").split()


@pytest.mark.skipif(not VERSIONS, reason="NOT TESTED against other versions: ROCKETMQ_VERSIONS names none")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_version(version: str, tmp_path: Path) -> None:
    try:
        servers = Servers(tmp_path, version)
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against RocketMQ {version}: {error}")
    with servers:
        ns = servers.name_server()
        broker = servers.broker("broker-0", [ns])
        servers.wait()
        async with Admin(timeout=20) as admin:
            await _registered(admin, ns, broker)
            await _settings_and_state(admin, broker, version)
            await _metadata(admin, ns, broker)
            await _messages(admin, broker)
            await _what_came_with_5_0(admin, broker, version)
            await _deletion(admin, ns, broker)


async def _registered(admin: Admin, ns: Server, broker: Server) -> None:
    async def there() -> bool:
        return "broker-0" in (await admin.cluster_info(ns.address)).brokers

    await until(there, "the broker is registered")
    assert (await admin.cluster_info(ns.address)).brokers["broker-0"].addresses == {0: broker.address}


async def _settings_and_state(admin: Admin, broker: Server, version: str) -> None:
    runtime = await admin.runtime(broker.address)
    assert runtime.version_ordinal == version_ordinal(version) == admin.version(broker.address)
    assert runtime.commit_log_min_offset <= runtime.commit_log_max_offset
    assert runtime.broker_active is (None if version.startswith("4.") else True)
    await admin.update_broker_config(broker.address, {"fileReservedTime": "71"})
    assert (await admin.broker_config(broker.address))["fileReservedTime"] == "71"


async def _metadata(admin: Admin, ns: Server, broker: Server) -> None:
    await admin.create_topic(broker.address, "parcel", read_queues=4, write_queues=4)
    await admin.upsert_group(broker.address, "readers")

    async def routed() -> bool:
        return (await admin.route(ns.address, "parcel")).queues[0].write_queues == 4

    await until(routed, "the topic is routed")
    assert (await admin.topic_configs(broker.address)).topics["parcel"].read_queues == 4
    assert "readers" in (await admin.subscription_groups(broker.address)).groups
    assert "parcel" in await admin.topics(ns.address, "DefaultCluster")
    assert await admin.wipe_write_permission(ns.address, "broker-0") > 0
    assert await admin.add_write_permission(ns.address, "broker-0") > 0


async def _messages(admin: Admin, broker: Server) -> None:
    sent = await admin.send(broker.address, "parcel", 1, b"hello", ["key"])
    assert sent.status is SendStatus.SEND_OK

    async def stored() -> bool:
        return bool((await admin.pull(broker.address, "parcel", 1, 0)).messages)

    await until(stored, "the message can be pulled")
    assert (await admin.pull(broker.address, "parcel", 1, 0)).messages[0].body == b"hello"
    await admin.update_consumer_offset(broker.address, "readers", "parcel", 1, 0)
    queue = MessageQueue("broker-0", 1, "parcel")
    assert (await admin.topic_stats(broker.address, "parcel"))[queue].maximum == 1
    assert (await admin.consume_stats(broker.address, "readers"))[queue].lag == 1
    assert (await admin.backlog(broker.address)).groups["readers"][queue].lag == 1
    assert [(o.topic, o.queue_id) for o in await admin.consumer_offsets(broker.address)] == [("parcel", 1)]
    await admin.delay_offsets(broker.address)
    await admin.producers(broker.address)


async def _what_came_with_5_0(admin: Admin, broker: Server, version: str) -> None:
    if version.startswith("4."):
        with pytest.raises(Refused) as refused:
            await admin.ha_status(broker.address)
        assert refused.value.code == ResponseCode.REQUEST_CODE_NOT_SUPPORTED
    else:
        assert (await admin.ha_status(broker.address)).is_master
        assert (await admin.topic_config(broker.address, "parcel")) is not None


async def _deletion(admin: Admin, ns: Server, broker: Server) -> None:
    await admin.delete_topic(broker.address, "parcel")
    await admin.delete_topic_route(ns.address, "parcel")
    await admin.delete_group(broker.address, "readers")
    assert "parcel" not in (await admin.topic_configs(broker.address)).topics
    assert "readers" not in (await admin.subscription_groups(broker.address)).groups
