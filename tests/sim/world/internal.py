"""What a broker does with messages by itself: delays, timers, transactions, retries; each is a write that no fence stops."""

from typing import TYPE_CHECKING

from rocketmq_operator.remoting.bodies.metadata import TopicConfig

from .ledger import Batch
from .store import DELAY_TOPIC, HALF_GROUP, HALF_TOPIC, RETRY, TIMER_TOPIC, Record, Store

if TYPE_CHECKING:
    from .broker import Broker

# Of BenchmarkTest's 1024 queues a few are enough: nobody sends there.
SYSTEM = {
    DELAY_TOPIC: 18, HALF_TOPIC: 1, TIMER_TOPIC: 1, "TBW102": 8, "RMQ_SYS_TRANS_OP_HALF_TOPIC": 1, "SELF_TEST_TOPIC": 1,
    "OFFSET_MOVED_EVENT": 1, "BenchmarkTest": 16, "TRANS_CHECK_MAX_TIME_TOPIC": 1,
}  # fmt: skip
DELAYS = {1: 1.0, 3: 10.0, 4: 30.0, 5: 60.0, 6: 120.0, 7: 180.0}
"""Seconds of some of the delay levels."""


def prepare(broker: "Broker") -> None:
    """At start: RocketMQ's own topics, and what still has to be delivered."""
    store = broker.store
    own = {**SYSTEM, broker.cluster: 16, broker.name: 1}
    missing = [name for name in own if name not in store.topics]
    for name in missing:
        store.topics[name] = TopicConfig(
            name=name, read_queues=own[name], write_queues=own[name], perm=7 if name == "TBW102" else 6
        )
    if missing:
        store.tables = broker.kernel.number()
    if broker.is_master:
        # A queue that lost its end is shorter than what was delivered of it (ScheduleMessageService.correctDelayOffset).
        for place, done in store.delivered.items():
            least, most = store.queues.get(place, (0, 0))
            store.delivered[place] = min(max(done, least), most)
        for topic in (DELAY_TOPIC, TIMER_TOPIC):
            for (name, queue), records in store.lists.items():
                if name == topic:
                    for record in records:
                        if record.offset >= store.delivered.get((topic, queue), 0):
                            _plan(broker, record)


def write(broker: "Broker", batch: Batch, topic: str, queue: int, due: float, kind: str) -> int:
    """Store a message where its kind belongs; the position behind it."""
    store, now, stored = broker.store, broker.kernel.now(), broker.kernel.milliseconds()
    if kind == "delay":
        level = min(DELAYS, key=lambda each: abs(DELAYS[each] - due))
        record = store.append(batch, DELAY_TOPIC, level - 1, now + DELAYS[level], (topic, queue), now=stored)
        _plan(broker, record)
    elif kind == "timer":
        record = store.append(batch, TIMER_TOPIC, 0, now + due, (topic, queue), now=stored)
        _plan(broker, record)
    elif kind in ("half", "rollback"):
        store.append(batch, HALF_TOPIC, 0, now + due, (topic, queue) if kind == "half" else None, now=stored)
    else:
        store.append(batch, topic, queue, now=stored)
    return store.end


def take_back(broker: "Broker", count: int) -> None:
    """Consumers send back what they read last: so many records."""
    store = broker.store
    for record in [each for each in store.records if each.batch.readers][-count:] if count else ():
        write(broker, record.batch, RETRY + min(record.batch.readers), 0, 10.0, "delay")
        broker.kernel.count("consumer/sent-back-to-a-torn-log")


def _plan(broker: "Broker", record: Record) -> None:
    broker.kernel.later(max(0.0, record.due - broker.kernel.now()), _deliver, broker, record)


def _deliver(broker: "Broker", record: Record) -> None:
    """A delayed message becomes an ordinary one; a queue is delivered in its order."""
    at = (record.topic, record.queue)
    store = broker.store
    if not broker.listening or broker.hurt or record.offset < store.delivered.get(at, 0):
        return
    for each in store.lists.get(at, ()):
        if each.offset >= store.delivered.get(at, 0) and each.due <= broker.kernel.now() + 1e-6 and each.target:
            store.append(each.batch, *each.target, now=broker.kernel.milliseconds())
            store.delivered[at] = each.offset + each.batch.count
        elif each.offset >= store.delivered.get(at, 0):
            break
    broker.slaves.move()


def hasten(broker: "Broker") -> None:
    """The time of all timed messages is up."""
    store = broker.store
    at = (TIMER_TOPIC, 0)
    for each in list(store.lists.get(at, ())):
        if each.target and each.offset >= store.delivered.get(at, 0):
            store.append(each.batch, *each.target, now=broker.kernel.milliseconds())
            store.delivered[at] = each.offset + each.batch.count
    broker.slaves.move()


def check_half(broker: "Broker") -> None:
    """Half messages whose sender's decision is known by now become ordinary ones, or nothing."""
    if broker.hurt:
        return
    store = broker.store
    key = (HALF_GROUP, HALF_TOPIC, 0)
    for record in store.lists.get((HALF_TOPIC, 0), ()):
        if record.offset < store.offsets.get(key, 0):
            continue
        if record.due > broker.kernel.now():
            break
        if record.target is not None:
            store.append(record.batch, *record.target, now=broker.kernel.milliseconds())
        store.offsets[key] = record.offset + record.batch.count
    broker.slaves.move()


def undelivered(store: Store, record: Record) -> bool:
    """Whether a record is one that RocketMQ itself has still to do something with."""
    if record.topic in (DELAY_TOPIC, TIMER_TOPIC):
        return record.offset >= store.delivered.get((record.topic, record.queue), 0)
    return record.topic == HALF_TOPIC and record.offset >= store.offsets.get((HALF_GROUP, HALF_TOPIC, 0), 0)


def delays(broker: "Broker") -> dict[int, tuple[int, int]]:
    """For each level in use: delivered up to, and highest offset."""
    return {
        queue + 1: (broker.store.delivered.get((topic, queue), 0), most)
        for (topic, queue), (_, most) in broker.store.queues.items()
        if topic == DELAY_TOPIC
    }


def timers(broker: "Broker") -> dict[str, int]:
    """Timed messages still to come, by topic."""
    found: dict[str, int] = {}
    done = broker.store.delivered.get((TIMER_TOPIC, 0), 0)
    for record in broker.store.lists.get((TIMER_TOPIC, 0), ()):
        if record.offset >= done and record.target:
            found[record.target[0]] = found.get(record.target[0], 0) + record.batch.count
    return found
