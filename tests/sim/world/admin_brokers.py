"""What the Admin client asks and tells brokers: settings, topics, consumer groups."""

from collections.abc import Iterable, Mapping
from typing import Any

from rocketmq_operator.admin.errors import Refused
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.remoting.bodies.metadata import GroupConfig, GroupTable, TopicConfig, TopicTable
from rocketmq_operator.remoting.bodies.replication import HaStatus
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo

from . import replies
from .broker import Broker
from .calls import Calls


class BrokerCalls(Calls):
    """Requests to brokers."""

    async def broker_config(self, addr: str) -> Settings:
        return await self._broker(addr, "broker_config", lambda broker: Settings(broker.config))

    async def update_broker_config(self, addr: str, values: Mapping[str, str]) -> None:
        given = dict(values)
        await self._broker(addr, "update_broker_config", lambda broker: broker.configure(given), write=given)

    async def runtime(self, addr: str) -> RuntimeInfo:
        return await self._broker(addr, "runtime", replies.runtime)

    async def ha_status(self, addr: str) -> HaStatus:
        return await self._broker(addr, "ha_status", replies.ha_status)

    async def topic_configs(self, addr: str) -> TopicTable:
        return await self._broker(
            addr, "topic_configs", lambda broker: TopicTable(dict(broker.store.topics), replies.version(broker))
        )

    async def topic_config(self, addr: str, topic: str) -> TopicConfig | None:
        return await self._broker(addr, "topic_config", lambda broker: broker.store.topics.get(topic))

    async def upsert_topic(self, addr: str, config: TopicConfig) -> None:
        def put(broker: Broker) -> None:
            if broker.full_until > broker.kernel.now():
                raise Refused(addr, "upsert_topic", 1, "the disk is full")
            broker.create_topic(config)

        await self._broker(addr, "upsert_topic", put, write=config.name)

    async def create_topic(
        self, addr: str, topic: str, *, attributes: Mapping[str, str] | None = None, **other: Any
    ) -> None:
        await self.upsert_topic(addr, TopicConfig(name=topic, attributes=dict(attributes or {}), **other))

    async def upsert_topics(self, addr: str, configs: Iterable[TopicConfig]) -> None:
        wanted = list(configs)

        def put(broker: Broker) -> None:
            for each in wanted:
                broker.create_topic(each)

        await self._broker(addr, "upsert_topics", put, write=[each.name for each in wanted])

    async def delete_topic(self, addr: str, topic: str) -> None:
        await self._broker(addr, "delete_topic", lambda broker: broker.store.topics.pop(topic, None), write=topic)

    async def subscription_groups(self, addr: str) -> GroupTable:
        return await self._broker(
            addr,
            "subscription_groups",
            lambda broker: GroupTable(dict(broker.store.groups), {}, replies.version(broker)),
        )

    async def subscription_group(self, addr: str, group: str) -> GroupConfig | None:
        return await self._broker(addr, "subscription_group", lambda broker: broker.store.groups.get(group))

    async def upsert_group(self, addr: str, config: GroupConfig | str) -> None:
        await self.upsert_groups(addr, [GroupConfig(name=config) if isinstance(config, str) else config])

    async def upsert_groups(self, addr: str, configs: Iterable[GroupConfig]) -> None:
        wanted = list(configs)

        def put(broker: Broker) -> None:
            broker.store.groups.update({each.name: each for each in wanted})
            broker.store.tables = broker.kernel.number()

        await self._broker(addr, "upsert_groups", put, write=[each.name for each in wanted])

    async def delete_group(self, addr: str, group: str, *, clean_offset: bool = True) -> None:
        await self._broker(addr, "delete_group", lambda broker: broker.store.groups.pop(group, None), write=group)
