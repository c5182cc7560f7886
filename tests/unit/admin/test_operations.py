"""Operations: what goes out, what comes back, what is not believed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from rocketmq_operator.admin import Admin, Malformed, Refused
from rocketmq_operator.admin.messages import PullStatus, SendStatus
from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig
from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.message import decode_message_properties

from .fake_server import FakeServer

T = TypeVar("T")


async def exchange(
    server: FakeServer,
    operation: Awaitable[T],
    code: int = 0,
    fields: dict[str, str] | None = None,
    body: bytes = b"",
) -> tuple[Command, T]:
    """Run an operation against one prepared reply: what was asked, and the result."""
    task = asyncio.ensure_future(operation)
    peer = await server.accept()
    request = await peer.request()
    peer.reply(request, code, fields, body)
    return request, await task


async def test_cluster_info(server: FakeServer, admin: Admin) -> None:
    request, info = await exchange(server, admin.cluster_info(server.address), body=b"{}")
    assert (request.code, request.version, info) == (106, 0, ClusterInfo())


async def test_route_asks_for_standard_json(server: FakeServer, admin: Admin) -> None:
    request, _ = await exchange(server, admin.route(server.address, "t"), body=b'{"queueDatas":[],"brokerDatas":[]}')
    assert request.fields == {"topic": "t", "acceptStandardJsonOnly": "true"}


async def test_create_topic(server: FakeServer, admin: Admin) -> None:
    operation = admin.create_topic(server.address, "t", read_queues=3, attributes={"message.type": "FIFO"}, order=True)
    request, _ = await exchange(server, operation)
    assert (request.code, request.fields) == (
        17,
        {
            "topic": "t",
            "defaultTopic": "TBW102",
            "readQueueNums": "3",
            "writeQueueNums": "8",
            "perm": "6",
            "topicFilterType": "SINGLE_TAG",
            "topicSysFlag": "0",
            "order": "true",
            "attributes": "+message.type=FIFO",
        },
    )


async def test_batches_of_topics_and_groups(server: FakeServer, admin: Admin) -> None:
    config = TopicConfig("t", 1, 1, attributes={"message.type": "FIFO", "-old": ""})
    request, _ = await exchange(server, admin.upsert_topics(server.address, [config]))
    assert request.code == 18
    assert request.body.startswith(b'{"topicConfigList":[{"topicName":"t","readQueueNums":1,')
    assert b'{"+message.type":"FIFO","-old":""}' in request.body


async def test_groups_leave_out_what_is_unknown(server: FakeServer, admin: Admin) -> None:
    request, _ = await exchange(server, admin.upsert_group(server.address, GroupConfig("g", retry_max_times=2)))
    assert request.code == 200
    assert b'"groupName":"g"' in request.body
    assert b"null" not in request.body


async def test_update_broker_config(server: FakeServer, admin: Admin) -> None:
    operation = admin.update_broker_config(server.address, {"brokerPermission": "4", "namesrvAddr": "a:1;b:2"})
    request, _ = await exchange(server, operation)
    assert (request.code, request.body) == (25, b"brokerPermission=4\nnamesrvAddr=a:1;b:2\n")


async def test_settings_hide_secrets_when_shown(server: FakeServer, admin: Admin) -> None:
    body = (
        b'brokerName=b\ninnerClientAuthenticationCredentials={"secretKey":"s3cret"}\n'
        b'initAuthenticationUser={"password":"s3cret"}\ntlsServerKeyPassword=s3cret\n'
    )
    _, settings = await exchange(server, admin.broker_config(server.address), body=body)
    assert settings["tlsServerKeyPassword"] == "s3cret"
    assert len(settings) == 4
    assert "s3cret" not in f"{settings} {settings!r} {settings.__rich_repr__()}"
    assert "'brokerName': 'b'" in repr(settings)


SENT = {"msgId": "0A", "queueId": "2", "queueOffset": "7"}


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, "SEND_OK"), (10, "FLUSH_DISK_TIMEOUT"), (11, "SLAVE_NOT_AVAILABLE"), (12, "FLUSH_SLAVE_TIMEOUT")],
)
async def test_send(server: FakeServer, admin: Admin, code: int, status: str) -> None:
    operation = admin.send(server.address, "t", 2, b"body", ["k1", "k2"], properties={"colour": "blue"})
    request, result = await exchange(server, operation, code, SENT)
    assert result.status is SendStatus[status]
    assert (result.msg_id, result.queue_id, result.queue_offset) == ("0A", 2, 7)
    assert (request.code, request.body, request.fields["b"], request.fields["e"]) == (310, b"body", "t", "2")
    assert decode_message_properties(request.fields["i"]) == {"colour": "blue", "WAIT": "true", "KEYS": "k1 k2"}


async def test_send_refused(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Refused) as error:
        await exchange(server, admin.send(server.address, "t", 0, b"x"), 16)
    assert error.value.code == 16


async def test_send_without_its_place(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Malformed, match="queueOffset"):
        await exchange(server, admin.send(server.address, "t", 0, b"x"), 0, {"queueId": "1"})


PULLED = {"nextBeginOffset": "5", "minOffset": "1", "maxOffset": "9"}


@pytest.mark.parametrize(
    ("code", "status"), [(0, "FOUND"), (19, "NO_NEW_MESSAGE"), (20, "NO_MATCHED_MESSAGE"), (21, "OFFSET_ILLEGAL")]
)
async def test_pull(server: FakeServer, admin: Admin, code: int, status: str) -> None:
    _, result = await exchange(server, admin.pull(server.address, "t", 0, 3), code, PULLED)
    assert result.status is PullStatus[status]
    assert (result.messages, result.next_offset, result.minimum, result.maximum) == ([], 5, 1, 9)


async def test_pull_of_garbage(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Malformed, match="message size"):
        await exchange(server, admin.pull(server.address, "t", 0, 3), 0, PULLED, b"\0\0\0\1")


@pytest.mark.parametrize(
    "operation",
    [
        lambda admin, address: admin.cluster_info(address),
        lambda admin, address: admin.runtime(address),
        lambda admin, address: admin.topic_stats(address, "t"),
        lambda admin, address: admin.backlog(address),
        lambda admin, address: admin.user(address, "u"),
        lambda admin, address: admin.max_offset(address, "t", 0),
        lambda admin, address: admin.wipe_write_permission(address, "b"),
        lambda admin, address: admin.next_broker_id(address, "c", "b"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"nonsense", b'{"table":{},"offsetTable":{"x":{"minOffset":1,"maxOffset":2}}}x'])
async def test_bodies_of_another_shape(
    server: FakeServer, admin: Admin, operation: Callable[[Admin, str], Awaitable[object]], body: bytes
) -> None:
    with pytest.raises(Malformed):
        await exchange(server, operation(admin, server.address), body=body)


async def test_object_keys_that_are_none(server: FakeServer, admin: Admin) -> None:
    body = b'{"offsetTable":{"x":{"minOffset":1,"maxOffset":2}}}'
    with pytest.raises(Malformed):
        await exchange(server, admin.topic_stats(server.address, "t"), body=body)


async def test_absence_is_none(server: FakeServer, admin: Admin) -> None:
    assert (await exchange(server, admin.get_kv(server.address, "n", "k"), 22))[1] is None


async def test_committed_offsets(server: FakeServer, admin: Admin) -> None:
    body = b'{"offsetTable":{"%RETRY%g@h@g":{0:5}}}'
    _, offsets = await exchange(server, admin.consumer_offsets(server.address), body=body)
    assert [(o.topic, o.group, o.queue_id, o.offset) for o in offsets] == [("%RETRY%g@h", "g", 0, 5)]


async def test_elect_master(server: FakeServer, admin: Admin) -> None:
    reply = {"masterBrokerId": "2", "masterAddress": "a:1", "masterEpoch": "4"}
    request, master = await exchange(server, admin.elect_master(server.address, "c", "b", 2), fields=reply)
    assert (master.broker_id, master.address, master.epoch) == (2, "a:1", 4)
    assert request.fields["designateElect"] == "true"
    assert request.fields["brokerId"] == "2"


async def test_no_master_yet(server: FakeServer, admin: Admin) -> None:
    _, master = await exchange(server, admin.replica_info(server.address, "b"))
    assert (master.broker_id, master.address, master.epoch) == (None, None, 0)


async def test_sync_states_ask_by_name(server: FakeServer, admin: Admin) -> None:
    request, states = await exchange(server, admin.sync_states(server.address, ["b"]), body=b'{"replicasInfoTable":{}}')
    assert (request.code, request.body, states.groups) == (1006, b'["b"]', {})


@pytest.mark.parametrize(
    "operation", [lambda admin, address: admin.users(address), lambda admin, address: admin.all_rules(address)]
)
async def test_no_body_is_no_user_and_no_rule(
    server: FakeServer, admin: Admin, operation: Callable[[Admin, str], Awaitable[list[object]]]
) -> None:
    """5.4.0 sends nothing where there is none."""
    assert (await exchange(server, operation(admin, server.address)))[1] == []
