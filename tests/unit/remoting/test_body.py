"""Bodies as 5.4.0 writes them."""

import pytest

from rocketmq_operator.remoting.bodies.access import User
from rocketmq_operator.remoting.bodies.consumption import (
    BacklogReply,
    MessageQueue,
    OffsetTable,
    QueueProgress,
    QueueRange,
    TimerCounts,
    TopicStatsReply,
    backlog,
    by_queue,
)
from rocketmq_operator.remoting.bodies.metadata import GroupTable, TopicTable
from rocketmq_operator.remoting.bodies.replication import HaStatus, SyncStates
from rocketmq_operator.remoting.bodies.routing import BrokerEntry, ClusterInfo, MemberGroupReply, TopicRoute
from rocketmq_operator.remoting.body import decode_body
from rocketmq_operator.remoting.errors import BodyError

CLUSTER = (
    b'{"brokerAddrTable":{"broker-0":{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"broker-0",'
    b'"cluster":"DefaultCluster","enableActingMaster":false}},"clusterAddrTable":{"DefaultCluster":["broker-0"]}}'
)


def test_cluster_info() -> None:
    info = decode_body(CLUSTER, ClusterInfo)
    entry = BrokerEntry("broker-0", "DefaultCluster", {0: "10.0.0.1:10911", 1: "10.0.0.2:10911"})
    assert info == ClusterInfo({"broker-0": entry}, {"DefaultCluster": frozenset({"broker-0"})})
    assert entry.master == "10.0.0.1:10911"
    assert decode_body(b"{}", ClusterInfo) == ClusterInfo()
    assert BrokerEntry("b").master is None


def test_route() -> None:
    route = decode_body(
        b'{"brokerDatas":[{"brokerAddrs":{"0":"a:1"},"brokerName":"b","cluster":"c","enableActingMaster":false}],'
        b'"filterServerTable":{},"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":4,"topicSysFlag":0,'
        b'"writeQueueNums":3}]}',
        TopicRoute,
    )
    assert (route.queues[0].read_queues, route.queues[0].write_queues, route.queues[0].perm) == (4, 3, 6)
    assert route.brokers[0].addresses == {0: "a:1"}


def test_member_group() -> None:
    body = b'{"brokerMemberGroup":{"brokerAddrs":{0:"a:1"},"brokerName":"b","cluster":"c"}}'
    group = decode_body(body, MemberGroupReply).group
    assert group is not None
    assert group.addresses == {0: "a:1"}
    assert decode_body(b"{}", MemberGroupReply).group is None


def test_object_keys() -> None:
    reply = decode_body(
        b'{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"lastUpdateTimestamp":5,"maxOffset":9,'
        b'"minOffset":2},{"brokerName":"b","queueId":1,"topic":"t"}:{"lastUpdateTimestamp":0,"maxOffset":0,'
        b'"minOffset":0}},"topicPutTps":0.0}',
        TopicStatsReply,
    )
    assert by_queue(reply.offsets) == {
        MessageQueue("b", 0, "t"): QueueRange(2, 9, 5),
        MessageQueue("b", 1, "t"): QueueRange(0, 0),
    }
    with pytest.raises(BodyError):
        by_queue({"not a queue": 1})


def test_backlog() -> None:
    reply = decode_body(
        b'{"brokerAddr":"a:1","consumeStatsList":[{"idle":[]},{"g":[{"consumeTps":0.0,"offsetTable":'
        b'{{"brokerName":"b","queueId":0,"topic":"t"}:{"brokerOffset":7,"consumerOffset":3,"lastTimestamp":0,'
        b'"pullOffset":4}}}]}],"totalDiff":4,"totalInflightDiff":1}',
        BacklogReply,
    )
    assert backlog(reply).groups == {"idle": {}, "g": {MessageQueue("b", 0, "t"): QueueProgress(7, 3, 4, 0)}}
    assert (reply.total, reply.total_inflight) == (4, 1)


def test_tables_of_offsets() -> None:
    table = decode_body(b'{"groupTopicMap":{"g":["t"]},"offsetTable":{"t@g":{0:5,1:6}}}', OffsetTable)
    assert table.offsets == {"t@g": {0: 5, 1: 6}}
    counts = decode_body(b'{"timingCount":{"t":{"count":2,"timeStamp":9},"u":{"count":1,"timeStamp":9}}}', TimerCounts)
    assert counts.total == 3


def test_metadata() -> None:
    topics = decode_body(
        b'{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":2},"topicConfigTable":{"t":{"attributes":'
        b'{"message.type":"FIFO"},"order":true,"perm":4,"readQueueNums":18,"topicFilterType":"SINGLE_TAG",'
        b'"topicName":"t","topicSysFlag":0,"writeQueueNums":17}}}',
        TopicTable,
    )
    topic = topics.topics["t"]
    assert (topic.order, topic.perm, topic.read_queues, topic.write_queues) == (True, 4, 18, 17)
    groups = decode_body(
        b'{"forbiddenTable":{},"subscriptionGroupTable":{"g":{"attributes":{},"brokerId":0,"consumeEnable":false,'
        b'"groupName":"g","groupRetryPolicy":{"type":"CUSTOMIZED"},"retryMaxTimes":3}}}',
        GroupTable,
    )
    assert (groups.groups["g"].consume_enable, groups.groups["g"].retry_max_times) == (False, 3)


def test_replication() -> None:
    status = decode_body(
        b'{"haClientRuntimeInfo":{"lastReadTimestamp":0,"lastWriteTimestamp":0,"masterFlushOffset":0,"maxOffset":0,'
        b'"transferredByteInSecond":0},"haConnectionInfo":[{"addr":"10.0.0.2:5","diff":3,"inSync":true,'
        b'"slaveAckOffset":97,"transferFromWhere":0,"transferredByteInSecond":1}],"inSyncSlaveNums":1,"master":true,'
        b'"masterCommitLogMaxOffset":100}',
        HaStatus,
    )
    assert (status.is_master, status.max_offset, status.slaves[0].behind) == (True, 100, 3)
    states = decode_body(
        b'{"replicasInfoTable":{"b":{"inSyncReplicas":[{"alive":true,"brokerAddress":"a:1","brokerId":1,'
        b'"brokerName":"b"}],"masterAddress":"a:1","masterBrokerId":1,"masterEpoch":2,"notInSyncReplicas":[],'
        b'"syncStateSetEpoch":3}}}',
        SyncStates,
    )
    assert states.groups["b"].in_sync[0].alive


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"brokerAddrTable":[]}',
        b'{"brokerAddrTable":{"b":{"brokerAddrs":{"x":"a"},"brokerName":"b"}}}',
        b'{"brokerAddrTable":{0:1}}',
        b'{"clusterAddrTable":{"c":["b\xff"]}}',
        b"[" * 100_000,
    ],
)
def test_other_shapes_are_refused(body: bytes) -> None:
    with pytest.raises(BodyError):
        decode_body(body, ClusterInfo)


def test_references_are_refused_rather_than_read_as_defaults() -> None:
    with pytest.raises(BodyError, match="refers to itself"):
        decode_body(b'{"brokerAddrTable":{"b":{"$ref":"$.x"}}}', ClusterInfo)


def test_errors_hold_no_values() -> None:
    with pytest.raises(BodyError) as error:
        decode_body(b'{"username":"alice","password":{"s3cret":"s3cret"}}', User)
    assert "s3cret" not in str(error.value)


def test_passwords_do_not_show() -> None:
    user = decode_body(b'{"username":"alice","password":"s3cret","userType":"Super"}', User)
    assert user.password == "s3cret"
    assert "s3cret" not in f"{user} {user!r} {[user]} {user.__rich_repr__()}"
