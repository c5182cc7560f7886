"""Looks at what brokers hold: only while groups come or go, and only where a plan asked for it (``core.groups.data``)."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import PodFact
from rocketmq_operator.core.groups.data import Access, BrokerData, Demand, Queues, Secret, Topic
from rocketmq_operator.remoting.bodies.consumption import Backlog
from rocketmq_operator.remoting.bodies.metadata import TopicConfig

HIDING = ("popConsumerKVServiceEnable", "timerRocksDBEnable", "transRocksDBEnable")
"""Settings that keep state where these look-ups do not see it (5.4.0: PopConsumerService, TimerMessageRocksDBStore)."""


async def brokers(admin: Admin, pods: Iterable[PodFact], demand: Demand) -> Mapping[str, BrokerData]:
    """What each broker asked for holds; brokers that do not answer every question are left out."""
    asked = [pod for pod in pods if pod.name in demand.tables and pod.container and pod.ip]
    answers = await asyncio.gather(
        *(broker(admin, f"{pod.ip}:{names.BROKER_PORT}", pod.name in demand.queues) for pod in asked)
    )
    return {pod.name: data for pod, data in zip(asked, answers, strict=True) if data}


async def broker(admin: Admin, address: str, full: bool) -> BrokerData | None:
    """What one broker holds, with ``full`` also how full its queues are; None if it does not answer every question."""
    try:
        config, topics, groups, offsets = await asyncio.gather(
            admin.broker_config(address),
            admin.topic_configs(address),
            admin.subscription_groups(address),
            admin.consumer_offsets(address),
        )
        committed: dict[tuple[str, str], dict[int, int]] = {}
        for each in offsets:
            committed.setdefault((each.group, each.topic), {})[each.queue_id] = each.offset
        return BrokerData(
            topics={name: _topic(topic) for name, topic in topics.topics.items()},
            groups={name: _text(group) for name, group in groups.groups.items()},
            committed=committed,
            queues=await _queues(admin, address, topics.topics) if full else None,
            access=await _access(admin, address) if config.get("authenticationEnabled") == "true" else None,
            hides=tuple(key for key in HIDING if config.get(key) == "true"),
        )
    except AdminError:
        return None


async def _queues(admin: Admin, address: str, topics: Iterable[str]) -> Queues:
    """How full every queue is, and what is kept for later. Timers and pop exist from 5.0 on."""
    names_ = sorted(topics)
    runtime, backlog = await asyncio.gather(admin.runtime(address), admin.backlog(address))
    stats = await asyncio.gather(*(admin.topic_stats(address, name) for name in names_))
    modern = runtime.broker_active is not None
    timers = (await admin.timer_counts(address)).total if modern else 0
    return Queues(
        offsets={
            name: {queue.queue_id: (each.minimum, each.maximum) for queue, each in sorted(found.items())}
            for name, found in zip(names_, stats, strict=True)
        },
        delayed=sum(max(0, level.maximum - level.current) for level in runtime.delay_levels.values()),
        timers=timers,
        inflight=_inflight(backlog),
    )


def _inflight(backlog: Backlog) -> int:
    """Messages handed out and not acknowledged. The broker's own sum is no use: a queue that nobody pulled counts negative."""
    queues = (queue for group in backlog.groups.values() for queue in group.values())
    return sum(max(0, queue.pulled - queue.consumer_offset) for queue in queues)


async def _access(admin: Admin, address: str) -> Access:
    users, rules = await asyncio.gather(admin.users(address), admin.all_rules(address))
    return Access({user.username: Secret(_text(user)) for user in users}, {rule.subject: _text(rule) for rule in rules})


def _topic(config: TopicConfig) -> Topic:
    return Topic(
        config.name,
        config.read_queues,
        config.write_queues,
        config.perm,
        config.filter_type,
        config.sys_flag,
        config.order,
        tuple(sorted(config.attributes.items())),
    )


def _text(value: object) -> str:
    """Any settings as a text that is equal where they are equal."""
    return msgspec.json.encode(value, order="deterministic").decode()
