"""How a play goes in which a group leaves with one thing left in it: users have their cluster as it should be, everybody reads,
nobody sends; the thing is left behind; the group is to go; and once it is gone, or held for good, life goes on.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.consumer import Consumer
from .event import Event
from .events_scaling import CLUSTER, keep, scale_to
from .events_users import edit
from .plays import LOOK_SECONDS, OPEN_SECONDS, spec_of, when_open

if TYPE_CHECKING:
    from .history import History

READ_SECONDS = 230.0
"""The longest delay of a message, and then some."""
LEAVE_SECONDS = 240.0
"""From the edit until a group that holds nothing is gone: clients look up routes twice where there are order topics, and requests
fail."""
HELD_SECONDS = 30.0
"""So long a group is fenced and still there: it is held. One that is let go needs two readings 5 s apart."""


class Leaving:
    """One such play. ``scene`` leaves something behind, and then says who is to have read it in the end (``down``). ``given_up``: what
    nobody will ever read does not hold the group."""

    def __init__(self, history: "History", scene: "Scene", given_up: bool) -> None:
        self.history, self.scene, self.given_up = history, scene, given_up
        self.clients, self.groups = history.world.clients, 0
        self.over, self.silent = False, False
        history.rest, history.rested = OPEN_SECONDS + READ_SECONDS + LEAVE_SECONDS, lambda: self.over

    def begin(self, masters: list[Broker]) -> bool:
        """All groups are open: here it begins, if somebody reads."""
        consumer = self._reader(masters)
        if consumer is None:
            return False
        self.groups = len(masters)
        if self.history.silent and self.given_up:
            rules = {"scaleDown": {"discardTopics": list(self.history.silent)}}
            self.silent = edit(self.history, CLUSTERS, CLUSTER, rules)
        self.scene(self, masters[-1], consumer)
        return True

    def _reader(self, masters: list[Broker]) -> Consumer | None:
        """Somebody who reads a topic of the last group that another one has, too."""
        shared = masters[-1].store.topics.keys() & {topic for each in masters[:-1] for topic in each.store.topics}
        known = self.clients.consumers.values()
        found = [each for each in known if each.begun and each.topics[0] in shared]
        return self.history.random.choice(found) if found else None

    def when_read(self, but: str, then: Callable[[], None], left: float = READ_SECONDS) -> None:
        """Nobody sends, and all others read; once all is read, except by ``but``, it goes on. If that takes too long, or the cluster
        is to be deleted, nothing comes of it."""
        if self.clients.ended or spec_of(self.history) is None or self.history.world.weather.quiet:
            self.end()
            return
        self.clients.sending = False
        for each in self.clients.consumers.values():
            each.online = each.online or each.group != but
        waiting = (batch for batch in self.clients.ledger.unread.values() if batch.readers and batch.open - {but})
        if next(waiting, None) is None:
            then()
        elif left > 0:
            self.history.kernel.later(LOOK_SECONDS, self.when_read, but, then, left - LOOK_SECONDS)
        else:
            self.end()

    def down(self, consumer: Consumer) -> None:
        """The group is to go, unless users had other plans; once it is gone or held its last reader comes, and everybody sends."""
        spec = spec_of(self.history)
        if spec is None or spec["groupReplica"] != self.groups:
            self.end(consumer)
            return
        self.history.kernel.count("play/down")
        scale_to(self.history, CLUSTERS, CLUSTER, "groupReplica", self.groups - 1)
        self._when_gone(consumer, LEAVE_SECONDS, HELD_SECONDS)

    def _when_gone(self, consumer: Consumer, left: float, held: float) -> None:
        group = self.groups - 1
        there = self.history.world.api.find("statefulsets", (NAMESPACE, names.workload(CLUSTER, group)))
        if facts.phase(self.history.world, NAMESPACE, CLUSTER, group) in ("Fenced", "Drained"):
            held -= LOOK_SECONDS
        if there is None or left < 0 or held < 0 or self.history.world.weather.quiet:
            self.history.kernel.count(f"play/{'gone' if there is None else 'held' if held < 0 else 'late'}")
            self.end(consumer)
        else:
            self.history.kernel.later(LOOK_SECONDS, self._when_gone, consumer, left - LOOK_SECONDS, held)

    def end(self, consumer: Consumer | None = None) -> None:
        """Life goes on."""
        self.over = True
        if self.silent:
            keep(self.history)
        if consumer is not None:
            consumer.online, consumer.cut_off = True, ""
        if not self.history.world.weather.quiet:
            self.clients.sending = True

    def send(self, broker: Broker, topic: str, kind: str = "normal", due: float = 0.0) -> None:
        """One message to a queue of it: to what runs there now, for its pod may have been replaced while everybody read."""
        now = facts.broker(self.history.world, CLUSTER, self.groups - 1, 0) or broker
        ledger, pod = self.history.world.ledger, now.pod.uid
        batch = ledger.sent(topic, 1, self.clients.readers(topic))
        now.send(batch, topic, 0, lambda code: None if code else ledger.acknowledge(batch, now.name, pod), due, kind)

    def stop(self, consumer: Consumer, failing: float) -> None:
        """It reads no more; once all is quiet everybody reads."""
        if self.history.world.weather.quiet:
            return
        consumer.failing, consumer.online = failing, False
        self.history.kernel.tell("consumers of", consumer.group, "stop")


Scene = Callable[[Leaving, Broker, Consumer], None]
"""Given the master of the group that is to go, and somebody who reads a topic there that others have, too."""


def event(name: str, weight: float, scene: Scene, *, given_up: bool = True) -> Event:
    """The kind of event that begins such a play, where there is a cluster that users work with."""

    def happen(history: "History") -> bool:
        if spec_of(history) is None or not history.world.clients.consumers:
            return False
        history.kernel.tell("play:", name)
        play = Leaving(history, scene, given_up)
        when_open(history, play.begin, play.end)
        return True

    return Event(name, weight, happen)
