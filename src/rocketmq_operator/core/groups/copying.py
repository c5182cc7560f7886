"""What a broker lacks of what others hold: topics, consumer groups, access rules, first offsets (ROCKETMQ.md §2, §8)."""

from collections.abc import Mapping, Sequence, Set

import msgspec

from . import topics
from .beginnings import Beginnings, Offset, in_new_group, read_of, strangers
from .data import Access, BrokerData, Topic

WRITABLE = 2
"""The bit of a topic's ``perm`` by which producers choose its queues (PermName)."""


class Missing(msgspec.Struct, frozen=True):
    """What is to be written to a broker, in this order; empty where it lacks nothing. ``opens`` are topics that take messages only
    when all the rest is there; where they are new, ``topics`` has them without write permission."""

    access: Access = Access()
    topics: tuple[Topic, ...] = ()
    groups: tuple[str, ...] = ()
    offsets: tuple[Offset, ...] = ()
    opens: tuple[Topic, ...] = ()

    def __bool__(self) -> bool:
        access = self.access.users or self.access.rules
        return bool(access or self.topics or self.groups or self.offsets or self.opens)

    def words(self) -> str:
        """What lacks, counted."""
        users = len(self.access.users) + len(self.access.rules)
        parts = (
            (len({each.name for each in (*self.topics, *self.opens)}), "topics"),
            (len(self.groups), "consumer groups"),
            (len(self.offsets), "first offsets"),
        )
        return ", ".join(f"{count} {what}" for count, what in (*parts, (users, "users and access rules")) if count)


def wanted_topics(sources: Sequence[BrokerData], own: frozenset[str]) -> dict[str, Topic]:
    """All topics that a group must have; where sources differ, the first one's settings stand."""
    found: dict[str, Topic] = {}
    for source in sources:
        for name, topic in source.topics.items():
            if topics.copied(name, own):
                found.setdefault(name, topic)
    return found


def wanted_groups(sources: Sequence[BrokerData]) -> dict[str, str]:
    """All consumer groups that a group must have, with their settings as RocketMQ writes them."""
    found: dict[str, str] = {}
    for source in sources:
        for name, config in source.groups.items():
            if topics.copied_group(name):
                found.setdefault(name, config)
    return found


def for_joining(sources: Sequence[BrokerData], target: BrokerData, own: frozenset[str]) -> Missing:
    """What a new master lacks. First offsets are 0: a group that finds none starts at the end, and skips messages."""
    wanted = wanted_topics(sources, own)
    groups = wanted_groups(sources)
    return Missing(
        _access(sources, target),
        tuple(sorted(topic for name, topic in wanted.items() if target.topics.get(name) != topic)),
        tuple(config for name, config in sorted(groups.items()) if target.groups.get(name) != config),
        tuple(sorted(in_new_group(sources, target, wanted, groups.keys() | target.groups.keys()))),
    )


def for_staying(
    leaving: Sequence[BrokerData], staying: Sequence[BrokerData], target: BrokerData, own: frozenset[str]
) -> Missing:
    """What a group that stays must get before others leave: topics that live on those alone, with their retry topics (send-back
    is refused while a group is closed, so clients send to the retry topic elsewhere), consumer groups, and first offsets."""
    elsewhere = {name for broker in staying for name in broker.topics}
    lived = _lived(leaving, own)
    sole = {name: topic for name, topic in lived.items() if name not in elsewhere}
    groups = {name: config for broker in leaving for name, config in broker.groups.items() if topics.copied_group(name)}
    known = {name for broker in staying for name in broker.groups}
    read = read_of(target)
    begins = Beginnings(leaving, {**sole, **target.topics}, groups.keys(), read, strangers(leaving, staying))
    offsets = tuple(sorted(begins.on(target)))
    unheard = {group for group, _, _, _ in offsets} - target.groups.keys()
    new = {name: topic for name, topic in sole.items() if name not in target.topics}
    opens = _opened_last(lived, new, target, {topic for _, topic, _, _ in offsets}, read)
    return Missing(
        topics=tuple(sorted(_closed(topic) if topic in opens else topic for topic in new.values())),
        groups=tuple(config for name, config in sorted(groups.items()) if name not in known or name in unheard),
        offsets=offsets,
        opens=opens,
    )


def for_half_made(others: Sequence[BrokerData], target: BrokerData, own: frozenset[str]) -> Missing:
    """What is still to be done for topics that an earlier try has left closed on a group, by what all others hold."""
    read = read_of(target)
    left = {name: topic for name, topic in _lived(others, own).items() if name not in read and _left(topic, target)}
    groups = wanted_groups(others)
    offsets = tuple(sorted(Beginnings(others, left, groups.keys(), read).on(target)))
    unheard = {group for group, _, _, _ in offsets} - target.groups.keys()
    return Missing(
        groups=tuple(config for name, config in sorted(groups.items()) if name in unheard),
        offsets=offsets,
        opens=tuple(sorted(left.values())),
    )


def _lived(brokers: Sequence[BrokerData], own: frozenset[str]) -> dict[str, Topic]:
    """Topics that clients use there; where one takes messages and another does not, the one that does stands."""
    found: dict[str, Topic] = {}
    for broker in brokers:
        for name, topic in sorted(broker.topics.items()):
            wanted = topics.copied(name, own) or name.startswith(topics.RETRY)
            if wanted and (name not in found or topic.perm & WRITABLE):
                found[name] = topic
    return found


def _left(topic: Topic, target: BrokerData) -> bool:
    """Whether the target holds the topic, but for its write permission."""
    return target.topics.get(topic.name) == _closed(topic) != topic


def _opened_last(
    lived: Mapping[str, Topic], new: Mapping[str, Topic], target: BrokerData, begun: Set[str], read: Set[str]
) -> tuple[Topic, ...]:
    """Topics that must not take a message before their readers' first offsets are there: consumers look for theirs as soon as they see
    the topic, and one that finds none skips what has come by then (found by the simulator). Also those that an earlier try has left
    closed; no user has closed these, for nobody ever read one here."""
    left = {name for name, topic in lived.items() if _left(topic, target)}
    late = {name for name in new if name in begun} | (left - read)
    return tuple(sorted(lived[name] for name in late if lived[name].perm & WRITABLE))


def _closed(topic: Topic) -> Topic:
    return msgspec.structs.replace(topic, perm=topic.perm & ~WRITABLE)


def lacks(target: BrokerData, wanted: Mapping[str, Topic], groups: Mapping[str, str]) -> int:
    """How many of the topics and groups a slave does not hold yet."""
    return sum(name not in target.topics for name in wanted) + sum(name not in target.groups for name in groups)


def _access(sources: Sequence[BrokerData], target: BrokerData) -> Access:
    if target.access is None:
        return Access()
    known = [source.access for source in sources if source.access]
    users = {name: user for access in reversed(known) for name, user in access.users.items()}
    rules = {name: rule for access in reversed(known) for name, rule in access.rules.items()}
    return Access(
        {name: user for name, user in users.items() if target.access.users.get(name) != user},
        {name: rule for name, rule in rules.items() if target.access.rules.get(name) != rule},
    )
