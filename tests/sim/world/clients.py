"""The users' own programs: producers with stale routes, consumers that stop, come late, or never come."""

from random import Random

from .broker import CLOSED, NO_PERMISSION, NO_TOPIC, Broker
from .consumer import Consumer
from .kernel import Kernel
from .ledger import Ledger
from .rocketmq import RocketMQ
from .routes import Part, Routes

RETRIES = 3
KINDS = ("normal", "normal", "normal", "normal", "delay", "timer", "half", "rollback")


class Producer:
    """Sends to one topic. ``orderly``: chooses the queue by key and does not try another broker."""

    def __init__(self, clients: "Clients", topic: str, orderly: bool, random: Random) -> None:
        self._clients = clients
        self._topic = topic
        self._orderly = orderly
        self._random = random
        self._routes = Routes(clients, random)
        self._key = random.randrange(1000)
        clients.kernel.later(random.uniform(0, 5), self._tick)

    def _tick(self) -> None:
        clients = self._clients
        if clients.stopped:
            return
        if clients.sending and not clients.ended:
            self._send()
        clients.kernel.later(self._random.uniform(1, 6), self._tick)

    def _send(self) -> None:
        parts, order = self._routes.of(self._topic)
        queues = self._queues(parts, order)
        if not queues:
            return
        clients = self._clients
        kind = "normal" if self._orderly or self._topic.startswith("%") else self._random.choice(KINDS)
        readers = [] if kind == "rollback" else clients.readers(self._topic)
        batch = clients.ledger.sent(self._topic, self._random.randint(1, 5), readers)
        if self._orderly:
            self._key += self._random.randint(0, 1)
            chosen = [queues[self._key % len(queues)]]
        else:
            chosen = self._random.sample(queues, min(RETRIES, len(queues)))
        self._try(batch, chosen, kind)

    def _queues(self, parts: list[Part], order: str) -> list[tuple[str, str, int]]:
        """Group, address, queue. An order configuration counts, whatever the permissions say."""
        if order:
            counts = dict(each.split(":") for each in order.split(";") if each)
            return [(p.group, p.address, q) for p in parts if p.group in counts for q in range(int(counts[p.group]))]
        return [(p.group, p.address, q) for p in parts if p.permission & 2 for q in range(p.write)]

    def _try(self, batch, queues, kind) -> None:  # type: ignore[no-untyped-def]
        if not queues:
            self._clients.kernel.count("send/failed")
            return
        (group, address, queue), *rest = queues
        broker = self._clients.world.broker_at(address)
        due = self._random.uniform(5, 60) if self._random.random() < 0.6 else self._random.uniform(60, 180)

        def done(code: int) -> None:
            self._clients.kernel.count(f"send/{code}")
            if code == 0:
                if kind != "rollback":
                    self._clients.ledger.acknowledge(batch, group, broker.pod.uid if broker else "")
            elif code in (CLOSED, NO_TOPIC, NO_PERMISSION) and not self._orderly:
                self._try(batch, rest, kind)

        if broker is None:
            self._clients.kernel.count("send/unreachable")
            if not self._orderly:
                self._try(batch, rest, kind)
        else:
            broker.send(batch, self._topic, queue, done, due, kind)


class Clients:
    """All of them. ``service`` is the DNS name under which they find name servers."""

    def __init__(self, kernel: Kernel, world: RocketMQ, ledger: Ledger, service: str) -> None:
        self.kernel = kernel
        self.world = world
        self.ledger = ledger
        self.service = service
        self.random = kernel.random("clients")
        self.consumers: dict[str, Consumer] = {}
        self.producers: list[Producer] = []
        self.sending = True
        self.blind_until = -1.0
        """Until then no name server can be reached."""
        self.ended = False
        self.stopped = False

    def produce(self, topic: str, *, orderly: bool) -> None:
        """A producer starts."""
        self.producers.append(Producer(self, topic, orderly, Random(self.random.random())))

    def consume(self, group: str, topics: list[str]) -> Consumer:
        """A consumer group starts to read."""
        consumer = self.consumers.get(group)
        if consumer is None:
            consumer = self.consumers[group] = Consumer(self, group, topics, Random(self.random.random()))
        consumer.online = True
        return consumer

    def readers(self, topic: str) -> list[str]:
        """The groups that must get what is sent to a topic from now on: those that have begun to read it."""
        return [each.group for each in self.consumers.values() if topic in each.topics and each.begun]

    def online(self, group: str, broker: Broker) -> list[str] | None:
        """The topics that an online group reads on a broker; None if it is not connected there."""
        consumer = self.consumers.get(group)
        if consumer is None or not consumer.online or broker.name not in consumer.connected:
            return None
        return consumer.topics
