"""Topics and consumer groups on brokers. Write to masters: what a 5.x slave accepts, its next sync takes away."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.remoting.bodies.metadata import READ, WRITE, GroupConfig, GroupTable, TopicConfig, TopicTable
from rocketmq_operator.remoting.body import encode_body
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode

AUTO_CREATE_TOPIC = "TBW102"
"""The topic whose settings a new one inherits where the request is silent."""


class MetadataOperations(Caller):
    """Reads and writes of topics and groups on one broker."""

    async def topic_configs(self, addr: str) -> TopicTable:
        """All topics of a broker (21), RocketMQ's own among them."""
        return await self.ask(addr, RequestCode.GET_ALL_TOPIC_CONFIG, TopicTable)

    async def topic_config(self, addr: str, topic: str) -> TopicConfig | None:
        """One topic (351, from 5.0 on), None where the broker lacks it."""
        code, accept = RequestCode.GET_TOPIC_CONFIG, (ResponseCode.SUCCESS, ResponseCode.TOPIC_NOT_EXIST)
        response = await self.call(addr, code, {"topic": topic}, accept=accept)
        return self.read(addr, code, response, TopicConfig) if response.code == ResponseCode.SUCCESS else None

    async def create_topic(
        self,
        addr: str,
        topic: str,
        *,
        read_queues: int = 8,
        write_queues: int = 8,
        perm: int = READ | WRITE,
        order: bool = False,
        attributes: Mapping[str, str] | None = None,
        sys_flag: int = 0,
    ) -> None:
        """Create or change a topic (17). `attributes` such as {"message.type": "FIFO"} are set, none is removed."""
        await self.upsert_topic(
            addr,
            TopicConfig(
                name=topic,
                read_queues=read_queues,
                write_queues=write_queues,
                perm=perm,
                order=order,
                attributes=dict(attributes or {}),
                sys_flag=sys_flag,
            ),
        )

    async def upsert_topic(self, addr: str, config: TopicConfig) -> None:
        """Create a topic, or change it to this (17)."""
        fields = {
            "topic": config.name,
            "defaultTopic": AUTO_CREATE_TOPIC,
            "readQueueNums": config.read_queues,
            "writeQueueNums": config.write_queues,
            "perm": config.perm,
            "topicFilterType": config.filter_type,
            "topicSysFlag": config.sys_flag,
            "order": config.order,
            "attributes": ",".join(f"{key}={value}" for key, value in _added(config.attributes).items()) or None,
        }
        await self.call(addr, RequestCode.UPDATE_AND_CREATE_TOPIC, fields)

    async def upsert_topics(self, addr: str, configs: Iterable[TopicConfig]) -> None:
        """Many topics in one request (18, from 5.3.0 on)."""
        added = [msgspec.structs.replace(config, attributes=_added(config.attributes)) for config in configs]
        await self.call(addr, RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, body=encode_body({"topicConfigList": added}))

    async def delete_topic(self, addr: str, topic: str) -> None:
        """Delete a topic and its queues on this broker (215); then `delete_topic_route` on every name server. A topic
        that is not there is no error."""
        await self.call(addr, RequestCode.DELETE_TOPIC_IN_BROKER, {"topic": topic})

    async def subscription_groups(self, addr: str) -> GroupTable:
        """All consumer groups of a broker (201), RocketMQ's own among them."""
        return await self.ask(addr, RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, GroupTable)

    async def subscription_group(self, addr: str, group: str) -> GroupConfig | None:
        """One consumer group (352, from 5.0 on), None where the broker lacks it.

        Beware: a broker with autoCreateSubscriptionGroup=true creates the group that is asked for.
        """
        code, accept = (
            RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG,
            (
                ResponseCode.SUCCESS,
                ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
            ),
        )
        response = await self.call(addr, code, {"group": group}, accept=accept)
        return self.read(addr, code, response, GroupConfig) if response.code == ResponseCode.SUCCESS else None

    async def upsert_group(self, addr: str, config: GroupConfig | str) -> None:
        """Create a group, or change it to this (200). A bare name stands for RocketMQ's defaults."""
        wanted = GroupConfig(name=config) if isinstance(config, str) else config
        await self.call(addr, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, body=encode_body(_group(wanted)))

    async def upsert_groups(self, addr: str, configs: Iterable[GroupConfig]) -> None:
        """Many groups in one request (225, from 5.3.1 on)."""
        body = encode_body({"groupConfigList": [_group(config) for config in configs]})
        await self.call(addr, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, body=body)

    async def delete_group(self, addr: str, group: str, *, clean_offset: bool = True) -> None:
        """Delete a group (207), with its committed offsets unless told otherwise. One that is not there is no error."""
        fields = {"groupName": group, "cleanOffset": clean_offset}
        await self.call(addr, RequestCode.DELETE_SUBSCRIPTIONGROUP, fields)


def _added(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes as a change: `+name` sets, `-name` removes; a name that already says so is left."""
    return {key if key[:1] in "+-" else f"+{key}": value for key, value in attributes.items()}


def _group(config: GroupConfig) -> dict[str, Any]:
    """A group as a request's body: without the nulls, which would overwrite RocketMQ's defaults."""
    body: dict[str, Any] = msgspec.to_builtins(config)
    body["attributes"] = _added(config.attributes)
    return {key: value for key, value in body.items() if value is not None}
