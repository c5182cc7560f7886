"""What the Admin client asks and tells brokers: offsets, backlogs, users and access rules."""

from rocketmq_operator.admin.offsets import GroupOffset
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

from . import internal, replies
from .broker import Broker
from .calls import Calls


class OffsetCalls(Calls):
    """Requests about what was read, and by whom."""

    async def topic_stats(self, addr: str, topic: str) -> dict[MessageQueue, QueueRange]:
        return await self._broker(addr, "topic_stats", lambda broker: replies.ranges(broker, topic))

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
        return await self._broker(addr, "consume_stats", lambda broker: replies.progress(broker, group, topic))

    async def backlog(self, addr: str) -> Backlog:
        def all_groups(broker: Broker) -> Backlog:
            groups = {group: replies.progress(broker, group, None) for group in broker.store.groups}
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

    async def users(self, addr: str, name_contains: str = "") -> list[User]:
        return await self._broker(addr, "users", lambda broker: replies.access(broker, addr, broker.store.users))

    async def create_user(self, addr: str, user: User) -> None:
        await self._broker(
            addr, "create_user", lambda broker: broker.store.users.update({user.username: user}), write="user"
        )

    async def update_user(self, addr: str, user: User) -> None:
        await self._broker(
            addr, "update_user", lambda broker: broker.store.users.update({user.username: user}), write="user"
        )

    async def all_rules(self, addr: str, subject_contains: str = "", resource_contains: str = "") -> list[AccessRules]:
        return await self._broker(addr, "all_rules", lambda broker: replies.access(broker, addr, broker.store.rules))

    async def create_rules(self, addr: str, rules: AccessRules) -> None:
        await self._broker(
            addr, "create_rules", lambda broker: broker.store.rules.update({rules.subject: rules}), write="rules"
        )

    async def update_rules(self, addr: str, rules: AccessRules) -> None:
        await self._broker(
            addr, "update_rules", lambda broker: broker.store.rules.update({rules.subject: rules}), write="rules"
        )
