"""Operations on name servers. They share no state: write to every one."""

from collections.abc import Mapping

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.admin.settings import read_settings
from rocketmq_operator.remoting.bodies.routing import (
    ClusterInfo,
    MemberGroup,
    MemberGroupReply,
    StringTable,
    TopicNames,
    TopicRoute,
)
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode
from rocketmq_operator.remoting.properties import encode_settings

ORDER_NAMESPACE = "ORDER_TOPIC_CONFIG"
"""Namespace of the key-value settings that name the queues of order topics."""


class NameServerOperations(Caller):
    """What one can ask and tell a name server."""

    async def cluster_info(self, ns: str) -> ClusterInfo:
        """All registered brokers (106)."""
        return await self.ask(ns, RequestCode.GET_BROKER_CLUSTER_INFO, ClusterInfo)

    async def route(self, ns: str, topic: str) -> TopicRoute:
        """Where a topic lives (105); Refused with TOPIC_NOT_EXIST where nowhere."""
        fields = {"topic": topic, "acceptStandardJsonOnly": True}
        return await self.ask(ns, RequestCode.GET_ROUTEINFO_BY_TOPIC, TopicRoute, fields)

    async def topics(self, ns: str, cluster: str | None = None) -> frozenset[str]:
        """Names of all topics (206), or of one cluster's (224)."""
        if cluster is None:
            reply = await self.ask(ns, RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, TopicNames)
        else:
            reply = await self.ask(ns, RequestCode.GET_TOPICS_BY_CLUSTER, TopicNames, {"cluster": cluster})
        return frozenset(reply.topics)

    async def delete_topic_route(self, ns: str, topic: str, cluster: str | None = None) -> None:
        """Forget a topic (216), in one cluster or all. A topic that is not there is no error."""
        await self.call(ns, RequestCode.DELETE_TOPIC_IN_NAMESRV, {"topic": topic, "clusterName": cluster})

    async def wipe_write_permission(self, ns: str, broker_name: str) -> int:
        """Take the write bit from all routes of a broker group (205): how many topics. 0 for an unknown group."""
        code = RequestCode.WIPE_WRITE_PERM_OF_BROKER
        response = await self.call(ns, code, {"brokerName": broker_name})
        return self.number(ns, code, response, "wipeTopicCount")

    async def add_write_permission(self, ns: str, broker_name: str) -> int:
        """Set permission 6 on all routes of a broker group (327): how many topics. It opens read-only topics too."""
        code = RequestCode.ADD_WRITE_PERM_OF_BROKER
        response = await self.call(ns, code, {"brokerName": broker_name})
        return self.number(ns, code, response, "addTopicCount")

    async def put_kv(self, ns: str, namespace: str, key: str, value: str) -> None:
        """Set one key-value setting (100)."""
        await self.call(ns, RequestCode.PUT_KV_CONFIG, {"namespace": namespace, "key": key, "value": value})

    async def get_kv(self, ns: str, namespace: str, key: str) -> str | None:
        """One key-value setting (101), None where it is not set."""
        accept = (ResponseCode.SUCCESS, ResponseCode.QUERY_NOT_FOUND)
        fields = {"namespace": namespace, "key": key}
        response = await self.call(ns, RequestCode.GET_KV_CONFIG, fields, accept=accept)
        return response.fields.get("value") if response.code == ResponseCode.SUCCESS else None

    async def delete_kv(self, ns: str, namespace: str, key: str) -> None:
        """Remove one key-value setting (102). One that is not there is no error."""
        await self.call(ns, RequestCode.DELETE_KV_CONFIG, {"namespace": namespace, "key": key})

    async def list_kv(self, ns: str, namespace: str) -> dict[str, str]:
        """All key-value settings of a namespace (219); empty where there is none."""
        accept = (ResponseCode.SUCCESS, ResponseCode.QUERY_NOT_FOUND)
        code = RequestCode.GET_KVLIST_BY_NAMESPACE
        response = await self.call(ns, code, {"namespace": namespace}, accept=accept)
        if response.code != ResponseCode.SUCCESS:
            return {}
        return self.read(ns, code, response, StringTable).table

    async def nameserver_config(self, ns: str) -> Settings:
        """All settings (319)."""
        code = RequestCode.GET_NAMESRV_CONFIG
        return read_settings(ns, code, await self.call(ns, code))

    async def update_nameserver_config(self, ns: str, values: Mapping[str, str]) -> None:
        """Change settings (318). Unknown ones are taken silently."""
        await self.call(ns, RequestCode.UPDATE_NAMESRV_CONFIG, body=encode_settings(values))

    async def member_group(self, ns: str, cluster: str, broker_name: str) -> MemberGroup | None:
        """One broker group (901), None where it is unknown. Name servers before 5.0 do not answer at all."""
        fields = {"clusterName": cluster, "brokerName": broker_name}
        reply = await self.ask(ns, RequestCode.GET_BROKER_MEMBER_GROUP, MemberGroupReply, fields)
        return reply.group
