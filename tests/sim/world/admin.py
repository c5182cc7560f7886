"""The Admin client on the simulated servers: the same methods, the same replies, and everything that goes wrong on the way."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, TypeVar

from rocketmq_operator.admin.errors import Refused, Unreachable
from rocketmq_operator.admin.offsets import GroupOffset
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.remoting.bodies.access import AccessRules, User
from rocketmq_operator.remoting.bodies.consumption import (
    Backlog,
    Client,
    ConsumerConnections,
    MessageQueue,
    ProducerTable,
    QueueProgress,
    QueueRange,
    TimerCount,
    TimerCounts,
)
from rocketmq_operator.remoting.bodies.metadata import DataVersion, GroupConfig, GroupTable, TopicConfig, TopicTable
from rocketmq_operator.remoting.bodies.replication import HaClient, HaSlave, HaStatus
from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo, read_runtime

from . import internal
from .broker import Broker
from .clients import Clients
from .registry import NameServer
from .rocketmq import RocketMQ
from .weather import ADMIN_FAULTS, Weather

T = TypeVar("T")


class SimAdmin:
    """Duck-typed on ``rocketmq_operator.admin.Admin``. ``step`` is called before and after each request, and raises where
    the process dies there; ``on_write(operation, address, what)`` hears of each write that arrives."""

    def __init__(
        self,
        world: RocketMQ,
        clients: Clients,
        weather: Weather,
        random: Random,
        step: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._world, self._clients, self._weather, self._random, self._step = world, clients, weather, random, step
        self.calls = 0
        self.on_write: Callable[[str, str, Any], None] = lambda operation, address, what: None

    async def close(self) -> None:
        """As the real one's."""

    def version(self, address: str) -> int | None:
        """As the real one's; nothing asks for it here."""
        return None

    # --- name servers

    async def cluster_info(self, ns: str) -> ClusterInfo:
        return await self._server(ns, "cluster_info", lambda server: server.cluster_info())

    async def topics(self, ns: str, cluster: str | None = None) -> frozenset[str]:
        return await self._server(
            ns, "topics", lambda server: frozenset(topic for route in server.routes.values() for topic in route)
        )

    async def wipe_write_permission(self, ns: str, broker_name: str) -> int:
        return await self._server(ns, "wipe", lambda server: server.wipe(broker_name), write=broker_name)

    async def add_write_permission(self, ns: str, broker_name: str) -> int:
        return await self._server(ns, "add", lambda server: server.add(broker_name), write=broker_name)

    async def put_kv(self, ns: str, namespace: str, key: str, value: str) -> None:
        def put(server: NameServer) -> None:
            server.kv.setdefault(namespace, {})[key] = value

        await self._server(ns, "put_kv", put, write=(namespace, key, value))

    async def get_kv(self, ns: str, namespace: str, key: str) -> str | None:
        return await self._server(ns, "get_kv", lambda server: server.kv.get(namespace, {}).get(key))

    async def delete_kv(self, ns: str, namespace: str, key: str) -> None:
        await self._server(
            ns, "delete_kv", lambda server: server.kv.get(namespace, {}).pop(key, None), write=(namespace, key)
        )

    async def list_kv(self, ns: str, namespace: str) -> dict[str, str]:
        return await self._server(ns, "list_kv", lambda server: dict(server.kv.get(namespace, {})))

    async def delete_topic_route(self, ns: str, topic: str, cluster: str | None = None) -> None:
        def forget(server: NameServer) -> None:
            for route in server.routes.values():
                route.pop(topic, None)

        await self._server(ns, "delete_topic_route", forget, write=topic)

    # --- brokers

    async def broker_config(self, addr: str) -> Settings:
        return await self._broker(addr, "broker_config", lambda broker: Settings(broker.config))

    async def update_broker_config(self, addr: str, values: Mapping[str, str]) -> None:
        given = dict(values)
        await self._broker(addr, "update_broker_config", lambda broker: broker.configure(given), write=given)

    async def runtime(self, addr: str) -> RuntimeInfo:
        return await self._broker(addr, "runtime", _runtime)

    async def ha_status(self, addr: str) -> HaStatus:
        return await self._broker(addr, "ha_status", _ha_status)

    async def topic_configs(self, addr: str) -> TopicTable:
        return await self._broker(
            addr, "topic_configs", lambda broker: TopicTable(dict(broker.store.topics), _version(broker))
        )

    async def topic_config(self, addr: str, topic: str) -> TopicConfig | None:
        return await self._broker(addr, "topic_config", lambda broker: broker.store.topics.get(topic))

    async def upsert_topic(self, addr: str, config: TopicConfig) -> None:
        await self._broker(addr, "upsert_topic", lambda broker: broker.create_topic(config), write=config.name)

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
            addr, "subscription_groups", lambda broker: GroupTable(dict(broker.store.groups), {}, _version(broker))
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

    # --- offsets

    async def topic_stats(self, addr: str, topic: str) -> dict[MessageQueue, QueueRange]:
        return await self._broker(addr, "topic_stats", lambda broker: _ranges(broker, topic))

    async def max_offset(self, addr: str, topic: str, queue_id: int) -> int:
        return await self._broker(
            addr, "max_offset", lambda broker: broker.store.queues.get((topic, queue_id), (0, 0))[1]
        )

    async def min_offset(self, addr: str, topic: str, queue_id: int) -> int:
        return await self._broker(
            addr, "min_offset", lambda broker: broker.store.queues.get((topic, queue_id), (0, 0))[0]
        )

    async def consumer_offset(self, addr: str, group: str, topic: str, queue_id: int) -> int | None:
        return await self._broker(
            addr, "consumer_offset", lambda broker: broker.store.offsets.get((group, topic, queue_id))
        )

    async def update_consumer_offset(self, addr: str, group: str, topic: str, queue_id: int, offset: int) -> None:
        def put(broker: Broker) -> None:
            broker.store.offsets[group, topic, queue_id] = offset

        await self._broker(addr, "update_consumer_offset", put, write=(group, topic, queue_id, offset))

    async def consumer_offsets(self, addr: str) -> list[GroupOffset]:
        return await self._broker(
            addr, "consumer_offsets",
            lambda broker: [GroupOffset(*key, offset) for key, offset in broker.store.offsets.items()],
        )  # fmt: skip

    async def consume_stats(self, addr: str, group: str, topic: str | None = None) -> dict[MessageQueue, QueueProgress]:
        return await self._broker(addr, "consume_stats", lambda broker: _progress(broker, group, topic))

    async def backlog(self, addr: str) -> Backlog:
        def all_groups(broker: Broker) -> Backlog:
            groups = {group: _progress(broker, group, None) for group in broker.store.groups}
            total = sum(each.lag for queues in groups.values() for each in queues.values())
            return Backlog(total, 0, groups)

        return await self._broker(addr, "backlog", all_groups)

    async def delay_offsets(self, addr: str) -> dict[int, int]:
        return await self._broker(
            addr, "delay_offsets", lambda broker: {level: pair[0] for level, pair in internal.delays(broker).items()}
        )

    async def timer_counts(self, addr: str) -> TimerCounts:
        return await self._broker(
            addr, "timer_counts",
            lambda broker: TimerCounts({topic: TimerCount(count=count) for topic, count in internal.timers(broker).items()}),
        )  # fmt: skip

    async def consumers(self, addr: str, group: str) -> ConsumerConnections | None:
        def connected(broker: Broker) -> ConsumerConnections | None:
            topics = self._clients.online(group, broker)
            if topics is None:
                return None
            return ConsumerConnections([Client(f"{group}@sim")], {topic: {"topic": topic} for topic in topics})

        return await self._broker(addr, "consumers", connected)

    async def producers(self, addr: str) -> ProducerTable:
        return await self._broker(addr, "producers", lambda broker: ProducerTable())

    # --- access

    async def users(self, addr: str, name_contains: str = "") -> list[User]:
        return await self._broker(addr, "users", lambda broker: _access(broker, addr, broker.store.users))

    async def create_user(self, addr: str, user: User) -> None:
        await self._broker(
            addr, "create_user", lambda broker: broker.store.users.update({user.username: user}), write="user"
        )

    async def update_user(self, addr: str, user: User) -> None:
        await self._broker(
            addr, "update_user", lambda broker: broker.store.users.update({user.username: user}), write="user"
        )

    async def all_rules(self, addr: str, subject_contains: str = "", resource_contains: str = "") -> list[AccessRules]:
        return await self._broker(addr, "all_rules", lambda broker: _access(broker, addr, broker.store.rules))

    async def create_rules(self, addr: str, rules: AccessRules) -> None:
        await self._broker(
            addr, "create_rules", lambda broker: broker.store.rules.update({rules.subject: rules}), write="rules"
        )

    async def update_rules(self, addr: str, rules: AccessRules) -> None:
        await self._broker(
            addr, "update_rules", lambda broker: broker.store.rules.update({rules.subject: rules}), write="rules"
        )

    # --- the way there

    async def _server(self, address: str, operation: str, do: Callable[[NameServer], T], write: Any = None) -> T:
        def find() -> NameServer | None:
            return next(iter(self._world.name_servers_at(address)), None)

        return await self._request(address, operation, find, do, write)

    async def _broker(self, address: str, operation: str, do: Callable[[Broker], T], write: Any = None) -> T:
        return await self._request(address, operation, lambda: self._world.broker_at(address), do, write)

    async def _request(
        self, address: str, operation: str, find: Callable[[], Any], do: Callable[[Any], T], write: Any
    ) -> T:
        self._step(f"{operation} at {address}")
        self.calls += 1
        fault = self._weather.draw("admin", ADMIN_FAULTS) if self._weather.chance else None
        if fault:
            await self._fail(fault, address, operation)
        elif self._random.random() < 0.03:
            await asyncio.sleep(self._random.random() * (0.05 if self._weather.quiet else 0.5))
        target = find()
        if target is None:
            raise Unreachable(address, operation, "connection refused", sent=False)
        if write is not None:
            self.on_write(operation, address, write)
        answer = do(target)
        if write is not None:
            self._step(f"after {operation} at {address}")
        if fault == "lost-answer":
            await asyncio.sleep(3.0)
            raise Unreachable(address, operation, "no answer in time")
        return answer

    async def _fail(self, fault: str, address: str, operation: str) -> None:
        if fault == "unreachable":
            raise Unreachable(address, operation, "connection refused", sent=False)
        if fault == "refused":
            raise Refused(address, operation, 2, "system busy")
        await asyncio.sleep(3.0 if fault == "lost-request" else self._random.uniform(0.1, 2.5))
        if fault == "lost-request":
            raise Unreachable(address, operation, "no answer in time")


def _version(broker: Broker) -> DataVersion:
    return DataVersion(counter=broker.store.tables, timestamp=broker.store.tables)


def _runtime(broker: Broker) -> RuntimeInfo:
    store = broker.store
    table = {
        "brokerVersionDesc": "V" + broker.version.replace(".", "_"),
        "bootTimestamp": str(broker.boot_ms),
        "msgPutTotalTodayNow": str(store.end),
        "msgGetTotalTodayNow": "0",
        "commitLogMinOffset": str(store.min_offset),
        "commitLogMaxOffset": str(store.max_offset),
        "dispatchBehindBytes": "0",
        "commitLogDiskRatio": "0.1",
        "earliestMessageTimeStamp": "0",
        "brokerActive": "true",
    }
    for level, (current, most) in internal.delays(broker).items():
        table[f"scheduleMessageOffset_{level}"] = f"{current},{most}"
    return read_runtime(table)


def _ha_status(broker: Broker) -> HaStatus:
    if broker.is_master:
        slaves = [
            HaSlave(each.address, each.store.max_offset, broker.store.max_offset - each.store.max_offset, True)
            for each in broker.slaves.joined
            if broker.slaves.has(each)
        ]
        return HaStatus(True, broker.store.max_offset, len(slaves), slaves)
    master = broker.master.address if broker.master else None
    return HaStatus(False, client=HaClient(master, broker.store.max_offset))


def _ranges(broker: Broker, topic: str) -> dict[MessageQueue, QueueRange]:
    config = broker.store.topics.get(topic)
    if config is None:
        raise Refused(broker.address, "topic_stats", 17, f"topic {topic} not exist")
    found = {}
    for queue in range(max(config.read_queues, config.write_queues)):
        least, most = broker.store.queues.get((topic, queue), (0, 0))
        found[MessageQueue(broker.name, queue, topic)] = QueueRange(least, most)
    return found


def _progress(broker: Broker, group: str, topic: str | None) -> dict[MessageQueue, QueueProgress]:
    """Only queues with a committed offset, as the real ones (208, 317) show them."""
    return {
        MessageQueue(broker.name, queue, name): QueueProgress(
            broker.store.queues.get((name, queue), (0, 0))[1], offset, offset
        )
        for (who, name, queue), offset in broker.store.offsets.items()
        if who == group and topic in (None, name)
    }


def _access(broker: Broker, address: str, table: dict[str, Any]) -> list[Any]:
    if broker.config.get("authenticationEnabled") != "true":
        raise Refused(address, "access", 1, "authentication is off")
    return list(table.values())
