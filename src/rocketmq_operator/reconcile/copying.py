"""Writes to a broker what it lacks: access rules, topics, consumer groups, first offsets; in this order, bounded and concurrent.

Topics that must not take messages before that are opened last."""

import asyncio
from collections.abc import Awaitable, Iterable

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.errors import Refused
from rocketmq_operator.core.groups.beginnings import Offset
from rocketmq_operator.core.groups.copying import Missing
from rocketmq_operator.core.groups.data import Access, Topic
from rocketmq_operator.remoting.bodies.access import AccessRules, User
from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig

AT_ONCE = 500
"""Writes begun at once; the client bounds how many of them are under way (Caller's ``concurrency``)."""


async def copy(admin: Admin, address: str, missing: Missing) -> None:
    """One broker gets what it lacks. Nothing of it harms if it is done twice."""
    await _access(admin, address, missing.access)
    await _all(admin.upsert_topic(address, _topic(each)) for each in missing.topics)
    await _all(admin.upsert_group(address, msgspec.json.decode(each, type=GroupConfig)) for each in missing.groups)
    for each in _first_alone(missing.offsets):
        await _all(admin.update_consumer_offset(address, *offset) for offset in each)
    await _all(admin.upsert_topic(address, _topic(each)) for each in missing.opens)


def _first_alone(offsets: Iterable[Offset]) -> tuple[list[Offset], list[Offset]]:
    """One offset of each consumer group and topic, and then the others.

    A broker makes the table of a group and topic with the first offset it is told, and of two that come at once one is lost
    (``ConsumerOffsetManager.commitOffset``, all versions)."""
    begun: set[tuple[str, str]] = set()
    first: list[Offset] = []
    others: list[Offset] = []
    for offset in offsets:
        (others if offset[:2] in begun else first).append(offset)
        begun.add(offset[:2])
    return first, others


async def _all(writes: Iterable[Awaitable[None]]) -> None:
    begun: list[Awaitable[None]] = []
    for each in writes:
        begun.append(each)
        if len(begun) == AT_ONCE:
            await asyncio.gather(*begun)
            begun.clear()
    await asyncio.gather(*begun)


async def _access(admin: Admin, address: str, access: Access) -> None:
    for secret in access.users.values():
        user = msgspec.json.decode(secret.text, type=User)
        await _either(admin.create_user(address, user), admin.update_user(address, user))
    for text in access.rules.values():
        rules = msgspec.json.decode(text, type=AccessRules)
        await _either(admin.create_rules(address, rules), admin.update_rules(address, rules))


async def _either(create: Awaitable[None], update: Awaitable[None]) -> None:
    """Create, or change what is there already."""
    try:
        await create
    except Refused:
        await update
        return
    _discard(update)


def _discard(unused: Awaitable[None]) -> None:
    close = getattr(unused, "close", None)
    if close:
        close()


def _topic(topic: Topic) -> TopicConfig:
    return TopicConfig(
        topic.name,
        topic.read_queues,
        topic.write_queues,
        topic.perm,
        topic.filter_type,
        topic.sys_flag,
        topic.order,
        dict(topic.attributes),
    )
