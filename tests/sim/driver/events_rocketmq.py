"""What happens in RocketMQ and its clients: slaves lag, consumers stop and come back, producers and topics appear."""

from typing import TYPE_CHECKING

from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig

from ..invariants import facts
from ..world.broker import Broker
from ..world.routes import ORDER
from .event import Event

if TYPE_CHECKING:
    from .history import History


def lag(history: "History") -> bool:
    """A slave stops copying for a while."""
    slaves = [each for each in history.world.rocketmq.brokers() if not each.is_master]
    if not slaves:
        return False
    slave = history.random.choice(slaves)
    seconds = history.random.uniform(5, 120)
    slave.lagging_until = history.kernel.now() + seconds
    history.kernel.tell(slave.pod.name, f"lags for {seconds:.0f} s")
    return True


def masters(history: "History") -> list[Broker]:
    """Masters that answer."""
    return [each for each in history.world.rocketmq.brokers() if each.is_master]


def topic(history: "History") -> bool:
    """A user makes a topic: on all masters, or on one alone; perhaps ordered; somebody sends to it and somebody reads it."""
    there = masters(history)
    if not there or len(history.world.clients.consumers) >= 4:
        return False
    random = history.random
    order = random.random() < 0.3
    serving = [each for each in there if facts.accepts(each)]
    if not serving:
        return False
    chosen = [random.choice(serving)] if random.random() < 0.25 else there
    name = make_topic(history, there, chosen, random.randint(1, 3), order=order)
    number = name.removeprefix("topic-")
    history.world.clients.consumers[f"group-{number}"].online = random.random() < 0.8
    return True


def make_topic(history: "History", there: list[Broker], chosen: list[Broker], queues: int, *, order: bool) -> str:
    """A topic on the chosen masters, whose readers all masters know (``there``); its name."""
    number = len(history.world.clients.consumers)
    name = f"topic-{number}"
    config = TopicConfig(name=name, read_queues=queues, write_queues=queues, order=order)
    history.world.rocketmq.made_at[name] = history.kernel.now()
    for broker in chosen:
        broker.create_topic(config)
    group = f"group-{number}"
    for broker in there:
        broker.store.groups[group] = GroupConfig(name=group)
        broker.store.tables = history.kernel.number()
    for broker in chosen:
        # The group has been there before the first message, or RocketMQ itself would skip some (CONSUME_FROM_LAST_OFFSET).
        for queue in range(queues):
            broker.store.offsets[group, name, queue] = 0
        broker.store.flush()
    if order:
        text = ";".join(f"{broker.name}:{queues}" for broker in chosen)
        for server in history.world.rocketmq.name_servers():
            server.kv.setdefault(ORDER, {})[name] = text
    history.kernel.tell("user makes", "order topic" if order else "topic", name, "on", *(each.name for each in chosen))
    consumer = history.world.clients.consume(group, [name])
    consumer.begun = True
    history.world.clients.produce(name, orderly=order)
    return name


def silent_topic(history: "History") -> bool:
    """A topic that somebody sends to and nobody reads."""
    there = masters(history)
    if not there or history.silent:
        return False
    name = "topic-silent"
    history.silent.append(name)
    history.world.rocketmq.made_at[name] = history.kernel.now()
    for broker in there:
        broker.create_topic(TopicConfig(name=name, read_queues=1, write_queues=1))
    history.kernel.tell("user makes topic", name, "which nobody reads")
    history.world.clients.produce(name, orderly=False)
    return True


def consumers(history: "History") -> bool:
    """A consumer group stops, or comes (back)."""
    known = list(history.world.clients.consumers.values())
    if not known:
        return False
    consumer = history.random.choice(known)
    consumer.online = not consumer.online
    history.kernel.tell("consumers of", consumer.group, "come" if consumer.online else "stop")
    return True


def failing(history: "History") -> bool:
    """A consumer group cannot process much of what it reads, for a while."""
    known = list(history.world.clients.consumers.values())
    if not known:
        return False
    history.random.choice(known).failing = history.random.choice((0.0, 0.03, 0.3))
    return True


def producers(history: "History") -> bool:
    """All producers pause, or go on."""
    clients = history.world.clients
    clients.sending = not clients.sending
    return True


def old_files(history: "History") -> bool:
    """Brokers delete old files of their logs, the masters first; a slave that was away may need what is gone."""
    brokers = sorted(history.world.rocketmq.brokers(), key=lambda each: each.broker_id)
    found = [each.pod.name for each in brokers if history.world.rocketmq.expire(each)]
    history.kernel.tell("old files are deleted on", *found)
    return bool(found)


EVENTS = (
    Event("old-files-deleted", 1.0, old_files),
    Event("slave-lags", 1.5, lag),
    Event("topic-made", 3.0, topic),
    Event("topic-that-nobody-reads", 0.7, silent_topic),
    Event("consumer-stops-or-comes", 1.5, consumers),
    Event("consumer-fails", 0.5, failing),
    Event("producers-pause-or-go-on", 0.5, producers),
)
