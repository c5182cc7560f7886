"""What name servers say and take."""

import pytest

from rocketmq_operator.admin import Admin, Refused
from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE
from rocketmq_operator.remoting.codes import ResponseCode
from rocketmq_operator.remoting.versions import version_name

from .conftest import Installation, until

pytestmark = pytest.mark.integration


async def test_cluster_info_lists_groups_with_their_members(installation: Installation, admin: Admin) -> None:
    info = await admin.cluster_info(installation.ns)
    assert info.clusters == {"DefaultCluster": {"broker-0", "guarded"}}
    assert info.brokers["broker-0"].addresses == {0: installation.master, 1: installation.slave}
    assert info.brokers["broker-0"].master == installation.master
    version = admin.version(installation.ns)
    assert version is not None
    assert version_name(version) == "V5_4_0"


async def test_route_and_topics(installation: Installation, admin: Admin) -> None:
    await admin.create_topic(installation.master, "routed", read_queues=3, write_queues=2)

    async def there() -> bool:
        return "routed" in await admin.topics(installation.ns)

    await until(there, "the topic is registered")
    route = await admin.route(installation.ns, "routed")
    assert [(queue.broker, queue.read_queues, queue.write_queues, queue.perm) for queue in route.queues] == [
        ("broker-0", 3, 2, 6)
    ]
    assert route.brokers[0].addresses[0] == installation.master
    assert "routed" in await admin.topics(installation.ns, "DefaultCluster")
    assert await admin.topics(installation.ns, "no-such-cluster") == frozenset()


async def test_an_unknown_topic_has_no_route(installation: Installation, admin: Admin) -> None:
    with pytest.raises(Refused) as refused:
        await admin.route(installation.ns, "nowhere")
    assert refused.value.code == ResponseCode.TOPIC_NOT_EXIST


async def test_write_permission_goes_and_comes(installation: Installation, admin: Admin) -> None:
    await admin.create_topic(installation.master, "wiped")
    assert await admin.wipe_write_permission(installation.ns, "broker-0") > 0
    assert (await admin.route(installation.ns, "wiped")).queues[0].perm == 4
    assert await admin.add_write_permission(installation.ns, "broker-0") > 0
    assert (await admin.route(installation.ns, "wiped")).queues[0].perm == 6
    assert await admin.wipe_write_permission(installation.ns, "no-such-group") == 0


async def test_key_value_settings(installation: Installation, admin: Admin) -> None:
    ns = installation.ns
    assert await admin.get_kv(ns, ORDER_NAMESPACE, "ordered") is None
    assert await admin.list_kv(ns, ORDER_NAMESPACE) == {}
    await admin.put_kv(ns, ORDER_NAMESPACE, "ordered", "broker-0:4")
    assert await admin.get_kv(ns, ORDER_NAMESPACE, "ordered") == "broker-0:4"
    assert await admin.list_kv(ns, ORDER_NAMESPACE) == {"ordered": "broker-0:4"}
    await admin.delete_kv(ns, ORDER_NAMESPACE, "ordered")
    await admin.delete_kv(ns, ORDER_NAMESPACE, "ordered")
    assert await admin.get_kv(ns, ORDER_NAMESPACE, "ordered") is None


@pytest.mark.parametrize("value", ["plain", "a=b:c#d!e", "back\\slash", "Grüße", "two  spaces"])
async def test_settings_arrive_as_they_were_meant(installation: Installation, admin: Admin, value: str) -> None:
    await admin.update_nameserver_config(installation.ns, {"productEnvName": value})
    assert (await admin.nameserver_config(installation.ns))["productEnvName"] == value


async def test_member_group(installation: Installation, admin: Admin) -> None:
    group = await admin.member_group(installation.ns, "DefaultCluster", "broker-0")
    assert group is not None
    assert group.addresses == {0: installation.master, 1: installation.slave}
    unknown = await admin.member_group(installation.ns, "DefaultCluster", "no-such-group")
    assert unknown is None or unknown.addresses == {}
