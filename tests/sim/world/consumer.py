"""A consumer group: reads every queue that its route shows, commits a little later, sends back what it cannot process."""

from bisect import bisect_left
from random import Random
from typing import TYPE_CHECKING

from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig

from . import internal
from .broker import Broker
from .routes import Part, Routes
from .store import RETRY, Record

if TYPE_CHECKING:
    from .clients import Clients

Place = tuple[str, str, int]


class Consumer:
    """``begun``: it has been online once, and from then on must get everything."""

    def __init__(self, clients: "Clients", group: str, topics: list[str], random: Random) -> None:
        self._clients = clients
        self.group = group
        self.topics = topics
        self.online = True
        self.begun = False
        self.connected: set[str] = set()
        self.failing = 0.03
        self.from_first = False
        """CONSUME_FROM_FIRST_OFFSET instead of the default."""
        self.cut_off = ""
        """A broker group that it cannot reach."""
        self._random = random
        self._routes = Routes(clients, random)
        self._processes: dict[str, Broker] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._positions: dict[Place, int] = {}
        self._empty: set[Place] = set()
        self._uncommitted: dict[Place, tuple[Broker, int]] = {}
        clients.kernel.later(random.uniform(0, 3), self._tick)

    def _tick(self) -> None:
        if self._clients.stopped:
            return
        if self.online:
            self._commit()
            for topic in [*self.topics, RETRY + self.group]:
                for part in self._routes.of(topic)[0]:
                    self._read(topic, part)
        else:
            self._forget()
        kernel = self._clients.kernel
        kernel.later(self._random.uniform(*kernel.read_seconds), self._tick)

    def _forget(self) -> None:
        """A client that stops commits what it has processed, and forgets the rest."""
        self._commit()
        self._uncommitted.clear()
        self.connected.clear()
        self._processes.clear()
        self._positions.clear()
        self._versions.clear()
        self._empty.clear()

    def _commit(self) -> None:
        """What cannot be told now is told later (RemoteBrokerOffsetStore.persistAll, each 5 s), but not to another process."""
        for place, (broker, offset) in list(self._uncommitted.items()):
            if broker.listening and broker.pod.reachable:
                broker.store.offsets[self.group, place[1], place[2]] = offset
                del self._uncommitted[place]

    def _read(self, topic: str, part: Part) -> None:
        broker = self._clients.world.broker_at(part.address)
        if broker is None or not part.permission & 4 or part.group == self.cut_off:
            return
        if self._processes.get(part.group) is not broker:
            self._connect(part.group, broker)
        version = broker.store.version
        if self._versions.get((part.group, topic)) == version and not self._empty:
            return
        self._versions[part.group, topic] = version
        for queue in range(part.read):
            self._read_queue(broker, (part.group, topic, queue))

    def _connect(self, group: str, broker: Broker) -> None:
        """The first heartbeat to a process: it learns the group and makes its retry topic."""
        self.begun = True
        self.connected.add(group)
        self._processes[group] = broker
        for place in [place for place in self._positions if place[0] == group]:
            del self._positions[place]
            self._uncommitted.pop(place, None)
        for key in [key for key in self._versions if key[0] == group]:
            del self._versions[key]
        if self.group not in broker.store.groups:
            broker.store.groups[self.group] = GroupConfig(name=self.group)
            broker.store.tables = broker.kernel.number()
        if RETRY + self.group not in broker.store.topics:
            broker.create_topic(TopicConfig(name=RETRY + self.group, read_queues=1, write_queues=1))

    def _read_queue(self, broker: Broker, place: Place) -> None:
        _, topic, queue = place
        least, most = broker.store.queues.get((topic, queue), (0, 0))
        position = self._positions.get(place)
        if position is None:
            position = self._first(broker, place, least, most)
            if position is None:
                return
        position = min(max(position, least), most)
        records = broker.store.lists.get((topic, queue), ())
        start = bisect_left(records, position, key=lambda record: record.offset)
        for record in records[start:]:
            if not self._process(broker, record):
                # It is tried again: nothing behind it counts as read.
                self._versions.pop((place[0], topic), None)
                break
            position = record.offset + record.batch.count
        self._positions[place] = position
        self._uncommitted[place] = (broker, position)

    def _first(self, broker: Broker, place: Place, least: int, most: int) -> int | None:
        """Where to begin (CONSUME_FROM_LAST_OFFSET): the committed offset; else the first message while the queue still has
        it; else behind the last. On an empty queue the last two questions are two requests, and messages in between are
        skipped (run on 5.4.0, see ROCKETMQ.md §8)."""
        _, topic, queue = place
        committed = broker.store.offsets.get((self.group, topic, queue))
        if committed is not None:
            self._empty.discard(place)
            return committed
        if topic.startswith(RETRY) or self.from_first:
            # Retry topics always begin at 0 (RebalancePushImpl.computePullFromWhere).
            return 0
        if place in self._empty:
            self._empty.discard(place)
            return most
        if most > 0:
            return 0 if least == 0 else most
        self._empty.add(place)
        return None

    def _process(self, broker: Broker, record: Record) -> bool:
        """Process a message, or send it back; False if neither worked."""
        if self._random.random() < self.failing and not record.topic.startswith("%"):
            return self._send_back(broker, record)
        self._clients.ledger.consumed(record.batch, self.group)
        return True

    def _send_back(self, broker: Broker, record: Record) -> bool:
        topic = RETRY + self.group
        if broker.permission & 2:
            internal.write(broker, record.batch, topic, 0, 10.0, "delay")
            broker.slaves.move()
            self._clients.kernel.count("consumer/sent-back")
            return True
        # Refused by a broker that is closed: the client sends it as an ordinary message to wherever its retry topic lives.
        for part in self._routes.of(topic)[0]:
            other = self._clients.world.broker_at(part.address) if part.permission & 2 else None
            if other is not None:
                codes: list[int] = []
                other.send(record.batch, topic, 0, codes.append)
                if codes in ([], [0]):
                    self._clients.kernel.count("consumer/resent")
                    return True
        return False
