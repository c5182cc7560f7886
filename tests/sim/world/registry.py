"""Name servers: each on its own, in memory only (RocketMQ: RouteInfoManager, KVConfigManager)."""

from typing import TYPE_CHECKING

from rocketmq_operator.remoting.bodies.routing import BrokerEntry, ClusterInfo

from .kernel import Kernel
from .pod import Pod

if TYPE_CHECKING:
    from .broker import Broker

EXPIRY = 120.0
WRITE = 2


class Registration:
    """A broker as a name server knows it."""

    __slots__ = ("address", "broker", "cluster", "seen")

    def __init__(self, broker: "Broker", address: str, cluster: str, seen: float) -> None:
        self.broker = broker
        self.address = address
        self.cluster = cluster
        self.seen = seen


class Route(dict[str, tuple[int, int, int, bool]]):
    """A group's topics on a name server: read queues, write queues, permission, order."""

    version = -1


class NameServer:
    """A name-server process in a pod."""

    def __init__(self, kernel: Kernel, pod: Pod) -> None:
        self._kernel = kernel
        self.pod = pod
        self.listening = False
        self.dead = False
        self.table: dict[str, dict[int, Registration]] = {}
        self.routes: dict[str, Route] = {}
        self.kv: dict[str, dict[str, str]] = {}
        self.orders = "orderMessageEnable=true" in pod.config.get("namesrv.conf", "")
        kernel.work(kernel.random(f"name-server/{pod.container}").uniform(1, 6), self._open)

    def _open(self) -> None:
        if not self.dead:
            self.listening = True
            self.pod.kubelets.probe(self.pod)

    @property
    def reachable(self) -> bool:
        """Whether requests reach it."""
        return self.listening and self.pod.reachable

    def stop(self) -> None:
        """SIGTERM."""
        self._kernel.later(0.5, self.kill)

    def kill(self, *, quiet: bool = False) -> None:
        """It is gone, with all it knew."""
        if not self.dead:
            self.dead, self.listening = True, False
            self.pod.kubelets.exited(self.pod, 143, "")

    def register(self, broker: "Broker") -> None:
        """A broker tells who it is and, as a master, which topics it has; a new version of them replaces permissions."""
        group = self.table.setdefault(broker.name, {})
        known = group.get(broker.broker_id)
        group[broker.broker_id] = Registration(broker, broker.address, broker.cluster, self._kernel.now())
        if broker.broker_id == 0:
            route = self.routes.setdefault(broker.name, Route())
            if known is None or known.broker is not broker or route.version != broker.topic_version:
                for topic in set(route) - set(broker.store.topics):
                    del route[topic]
                for topic in broker.store.topics:
                    self.register_topic(broker, topic)
                route.version = broker.topic_version

    def register_topic(self, broker: "Broker", topic: str) -> None:
        """One topic of a broker, as it changed."""
        route = self.routes.get(broker.name)
        config = broker.store.topics.get(topic)
        if route is not None and config is not None:
            permission = config.perm & broker.permission
            route[topic] = (config.read_queues, config.write_queues, permission, config.order)

    def unregister(self, broker: "Broker") -> None:
        """It says good-bye, or its connection ended."""
        group = self.table.get(broker.name, {})
        if broker.broker_id in group and group[broker.broker_id].broker is broker:
            self._drop(broker.name, broker.broker_id)

    def _drop(self, name: str, broker_id: int) -> None:
        group = self.table[name]
        del group[broker_id]
        if broker_id == 0:
            # Without a master a group's topics have no route to write to; slaves alone keep the read part, which no 5.x
            # consumer uses.
            self.routes.pop(name, None)
        if not group:
            del self.table[name]
            self.routes.pop(name, None)

    def expire(self) -> None:
        """Forget brokers that were silent too long."""
        now = self._kernel.now()
        stale = [
            (name, number)
            for name, group in self.table.items()
            for number, each in group.items()
            if now - each.seen > EXPIRY
        ]
        for name, number in stale:
            self._drop(name, number)

    def cluster_info(self) -> ClusterInfo:
        """Reply 106."""
        self.expire()
        brokers: dict[str, BrokerEntry] = {}
        clusters: dict[str, set[str]] = {}
        for name, group in self.table.items():
            cluster = next(iter(group.values())).cluster
            brokers[name] = BrokerEntry(name, cluster, {number: each.address for number, each in sorted(group.items())})
            clusters.setdefault(cluster, set()).add(name)
        return ClusterInfo(brokers, {name: frozenset(each) for name, each in clusters.items()})

    def wipe(self, name: str) -> int:
        """Code 205: take the write bit from a group's routes, until a topic changes or the broker registers anew."""
        route = self.routes.get(name, Route())
        for topic, (read, write, permission, order) in list(route.items()):
            route[topic] = (read, write, permission & ~WRITE, order)
        return len(route)

    def add(self, name: str) -> int:
        """Code 327: permission 6 on all of a group's routes."""
        route = self.routes.get(name, Route())
        for topic, (read, write, _, order) in list(route.items()):
            route[topic] = (read, write, 6, order)
        return len(route)
