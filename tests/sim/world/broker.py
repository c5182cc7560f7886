"""A broker process: starts as the entry script lets it, registers, takes messages, replicates, forgets what was set live."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import entry, internal
from .broker_process import Process
from .ledger import Batch
from .registry import NameServer

if TYPE_CHECKING:
    pass

PORT = 10911
REGISTER_SECONDS = 30.0
LOOKUP_SECONDS = 10.0
SYNC_SECONDS = 10.0
NO_TOPIC, NO_PERMISSION, CLOSED, SLAVE_TIMEOUT, OK = 17, 16, 1, 12, 0

Done = Callable[[int], None]


class Broker(Process):
    """``config`` is what code 26 shows; what code 25 changes is gone with the process."""

    @property
    def address(self) -> str:
        """Under which it is registered."""
        return f"{self.config['brokerIP1']}:{PORT}"

    @property
    def permission(self) -> int:
        """``brokerPermission`` as it is now."""
        return int(self.config.get("brokerPermission", "6"))

    @property
    def is_master(self) -> bool:
        """Whether it takes messages."""
        return self.broker_id == 0

    def _name_servers(self) -> list[NameServer]:
        return [server for address in self.servers for server in self.world.name_servers_at(address)]

    def _look_up(self) -> None:
        """Its list of name servers: by DNS again and again, or as it was told."""
        if self.dead:
            return
        addresses = self.config["namesrvAddr"].split(";")
        if not self.looks_up:
            self.servers = addresses
            return
        host, _, port = addresses[0].rpartition(":")
        found = [f"{ip}:{port}" for ip in self.world.resolve(host)]
        if found and found != self.servers:
            self.servers = found
        self.kernel.later(LOOKUP_SECONDS, self._look_up)

    def _register_often(self) -> None:
        if self.listening:
            self.register()
            self.kernel.later(REGISTER_SECONDS, self._register_often)

    def register(self) -> None:
        """With each name server of its list; a reply names the master, from which slaves replicate."""
        if not self.listening or not self.pod.reachable:
            return
        lag = self.world.trouble and self.world.random.random() < 0.1
        if lag:
            self.kernel.work(self.world.random.uniform(0.5, 8), self._register_now)
        else:
            self._register_now()

    def _register_now(self) -> None:
        if not self.listening or not self.pod.reachable:
            return
        for server in self._name_servers():
            server.register(self)
            if self.broker_id:
                master = server.table.get(self.name, {}).get(0)
                if master is not None and master.broker.listening:
                    self._follow(master.broker)

    def _follow(self, master: "Broker") -> None:
        if self.master is not master:
            self.master = master
            self.kernel.work(self.world.random.uniform(0.1, 4), master.slaves.join, self)

    # --- settings

    def configure(self, values: dict[str, str]) -> None:
        """Code 25, in force until the process ends."""
        self.config.update(values)
        self.kernel.tell(self.pod.name, "is told", values)
        if "namesrvAddr" in values and not self.looks_up:
            self.kernel.later(self.world.random.uniform(1, 120), self._look_up)
        if "brokerPermission" in values:
            self.topic_version += 1
            self._register_now()
        if "inSyncReplicas" in values:
            self.slaves.acknowledge()

    @property
    def copies(self) -> int:
        """How many members must hold a message before it is acknowledged."""
        if self.config.get("brokerRole") != "SYNC_MASTER":
            return 1
        if not entry.at_least(self.version, (5, 0)):
            return 2
        return int(self.config.get("inSyncReplicas", "1"))

    # --- messages

    def send(self, batch: Batch, topic: str, queue: int, done: Done, due: float = 0.0, kind: str = "normal") -> None:
        """A producer's request; ``done`` hears the response's code, perhaps later, and nothing from a process that has ended: what
        that wrote into its volume nobody would deliver."""
        if not self.listening:
            return
        config = self.store.topics.get(topic)
        if int(self.config.get("startAcceptSendRequestTimeStamp", "0")) > self.kernel.milliseconds():
            done(CLOSED)
        elif not self.is_master or config is None or queue >= config.write_queues:
            done(NO_TOPIC)
        elif config.order and not self.permission & 2:
            # Everything else gets through a closed permission (run on 5.4.0): only the fence stops it.
            done(NO_PERMISSION)
        else:
            end = internal.write(self, batch, topic, queue, due, kind)
            self.slaves.wait(end, done)

    def create_topic(self, config: object) -> None:
        """A topic appears or changes: this one topic is told to the name servers."""
        name = config.name  # type: ignore[attr-defined]
        self.store.topics[name] = config  # type: ignore[assignment]
        self.store.tables = self.kernel.number()
        before, self.topic_version = self.topic_version, self.topic_version + 1
        for server in self._name_servers() if self.is_master else ():
            server.register_topic(self, name)
            # One that misses this learns of it with the next registration, whose version it does not know then.
            route = server.routes.get(self.name)
            if route is not None and route.version == before:
                route.version = self.topic_version

    def _tick(self) -> None:
        """What happens each 10 s: offsets are written; a slave takes its master's tables; half messages are checked."""
        if not self.listening:
            return
        if self.broker_id == 0:
            self.store.flush()
            internal.check_half(self)
        elif (
            self.master is not None
            and self.master.slaves.has(self)
            and not self.world.kernel.now() < self.lagging_until
        ):
            self.store.take_tables(self.master.store)
        self.kernel.later(SYNC_SECONDS, self._tick)
