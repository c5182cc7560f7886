"""A group is taken away in the one moment in which a single point of "drained" is all that holds it: played step by step.

Everybody stops sending, everything is read; then one thing is left behind in the highest group, and the group is to go.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.consumer import Consumer
from .event import Event
from .events_scaling import CLUSTER, scale_to

if TYPE_CHECKING:
    from .history import History

READ_SECONDS = 230.0
"""The longest delay of a message, and then some."""
REST_SECONDS = 110.0
"""From the edit until a group that holds nothing is gone."""


class Leaving:
    """One such play. ``consumer`` is who will have something left to read."""

    def __init__(self, history: "History", groups: int) -> None:
        self.history, self.groups = history, groups
        self.clients = history.world.clients
        self.over = False
        history.rest, history.rested = READ_SECONDS + REST_SECONDS, lambda: self.over

    def when_read(self, but: str, then: Callable[[], None], left: float = READ_SECONDS) -> None:
        """Nobody sends, and all others read; once all is read, except by ``but``, it goes on. If that takes too long nothing comes
        of it."""
        self.clients.sending = False
        for each in self.clients.consumers.values():
            each.online = each.online or each.group != but
        waiting = (batch for batch in self.clients.ledger.unread.values() if batch.readers and batch.open - {but})
        if next(waiting, None) is None:
            then()
        elif left > 0 and not self.history.world.weather.quiet:
            self.history.kernel.later(5.0, self.when_read, but, then, left - 5.0)
        else:
            self.end()

    def down(self, consumer: Consumer) -> None:
        """The group is to go, unless users had other plans; some time later its last reader comes, and everybody sends again."""
        found = self.history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
        if found is None or found["spec"]["groupReplica"] != self.groups:
            self.end(consumer)
            return
        scale_to(self.history, CLUSTERS, CLUSTER, "groupReplica", self.groups - 1)
        self.history.kernel.later(REST_SECONDS, self.end, consumer)

    def end(self, consumer: Consumer | None = None) -> None:
        """Life goes on."""
        self.over = True
        if consumer is not None:
            consumer.online, consumer.cut_off = True, ""
        if not self.history.world.weather.quiet:
            self.clients.sending = True

    def send(self, broker: Broker, consumer: Consumer) -> None:
        """One message to a queue of it."""
        topic, ledger = consumer.topics[0], self.history.world.ledger
        batch = ledger.sent(topic, 1, self.clients.readers(topic))
        broker.send(
            batch, topic, 0, lambda code: None if code else ledger.acknowledge(batch, broker.name, broker.pod.uid)
        )

    def stop(self, consumer: Consumer, failing: float) -> None:
        """It reads no more."""
        consumer.failing, consumer.online = failing, False
        self.history.kernel.tell("consumers of", consumer.group, "stop")


def _highest(history: "History") -> tuple[int, Broker] | None:
    """How many groups there are, two of which take messages at least, and the master of the highest, which does."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    if found is None or found["metadata"].get("deletionTimestamp") or found["spec"].get("paused"):
        return None
    masters = {
        each.pod.name: each for each in history.world.rocketmq.brokers() if each.is_master and facts.accepts(each)
    }
    count = found["spec"]["groupReplica"]
    if count < 2 or len(masters) < 2 or f"{CLUSTER}-{count - 1}-0" not in masters:
        return None
    return count, masters[f"{CLUSTER}-{count - 1}-0"]


def _reader(history: "History", broker: Broker) -> Consumer | None:
    """Somebody who reads a topic there."""
    known = history.world.clients.consumers.values()
    found = [each for each in known if each.online and each.begun and each.topics[0] in broker.store.topics]
    return history.random.choice(found) if found else None


def only_retries(history: "History") -> bool:
    """All that is left in it are messages that a consumer group sent back before it stopped."""
    highest = _highest(history)
    consumer = _reader(history, highest[1]) if highest else None
    if highest is None or consumer is None:
        return False
    play, broker, before = Leaving(history, highest[0]), highest[1], consumer.failing
    history.kernel.tell("nobody sends; then consumers of", consumer.group, "send back the last messages, and stop")

    def send() -> None:
        consumer.failing = 1.0
        for _ in range(3):
            play.send(broker, consumer)
        history.kernel.later(8.0, play.stop, consumer, before)
        play.down(consumer)

    play.when_read("", send)
    return True


def only_unknown(history: "History") -> bool:
    """All that is left in it is for a consumer group that it has never heard of."""
    highest = _highest(history)
    known = _reader(history, highest[1]) if highest else None
    name = f"late-group-{sum(each.startswith('late') for each in history.world.clients.consumers)}"
    if highest is None or known is None or name == "late-group-3":
        return False
    play, broker = Leaving(history, highest[0]), highest[1]
    consumer = history.world.clients.consume(name, known.topics[:1])
    consumer.from_first, consumer.cut_off = True, broker.name
    history.kernel.tell("consumers of", name, "come, and do not reach", broker.name, "before they stop")

    def stop(tries: int = 4) -> None:
        if not consumer.begun and tries:
            history.kernel.later(8.0, stop, tries - 1)
            return
        for _ in range(3):
            play.send(broker, consumer)
        play.stop(consumer, 0.0)
        play.when_read(name, lambda: play.down(consumer))

    history.kernel.later(20.0, stop)
    return True


EVENTS = (
    Event("group-leaves-only-retries", 2.0, only_retries),
    Event("group-leaves-only-unknown", 2.0, only_unknown),
)
