"""A broker's process: starts as the entry script lets it, says good-bye or does not."""

from typing import TYPE_CHECKING, Any, cast

from . import entry, internal, replication, waiting
from .kernel import Kernel
from .pod import Pod
from .registry import NameServer
from .store import Store

if TYPE_CHECKING:
    from .broker import Broker
    from .rocketmq import RocketMQ

STORE_VOLUME = "brokerstore"


class Process:
    """The life of a broker; what it does meanwhile is a ``Broker``'s."""

    def __init__(self, kernel: Kernel, pod: Pod, world: "RocketMQ") -> None:
        self.kernel, self.pod, self.world = kernel, pod, world
        self.version = pod.image.rpartition(":")[2]
        self.listening = False
        self.dead = False
        self.store = Store()
        self.emptied = False
        self.config: dict[str, str] = {}
        self.name, self.cluster, self.broker_id = "", "", -1
        self.servers: list[str] = []
        self.topic_version = 0
        self.boot_ms = 0
        self.slaves = replication.Slaves(self._whole)
        self.master: Broker | None = None
        self.lagging_until = -1.0
        self.unheard_until = -1.0
        """Until then operators get no answer from it; its clients and its slaves do."""
        self.full_until = -1.0
        """Until then it makes no topics."""
        self.caught_up_at: float | None = None
        """When it, as a slave, first held all that its master does."""
        self.said: tuple[Any, Any] | None = None
        """Its last answer to code 28, and the state that it was about."""
        self._started = kernel.now()
        kernel.later(0.3, self._enter)

    def _enter(self) -> None:
        if self.dead:
            return
        start = entry.Start(self.pod, self.version)
        volume = self.pod.volumes[STORE_VOLUME]
        try:
            self.store = start.guard_volume(volume)
        except entry.RefusedError as error:
            self.kernel.tell(self.pod.name, "refuses to start:", error)
            self.kernel.count(f"entry/{str(error).partition(':')[0]}")
            self.dead = True
            self.pod.kubelets.exited(self.pod, 64, str(error))
            return
        start.decide_role()
        self._wait_for_name_server(start)

    def _wait_for_name_server(self, start: entry.Start) -> None:
        if self.dead:
            return
        if not waiting.find_name_servers(self._whole, start, self.kernel.now() - self._started):
            self.kernel.later(1.0, self._wait_for_name_server, start)
        else:
            self._wait_for_master(start)

    def _wait_for_master(self, start: entry.Start) -> None:
        if self.dead:
            return
        if not waiting.become_copy(self._whole, start):
            self.kernel.later(1.0, self._wait_for_master, start)
            return
        host = f"{self.pod.name}.{self.pod.obj['spec'].get('subdomain')}.{self.pod.key[0]}.svc.cluster.local"
        self.config = start.config(host, self.kernel.milliseconds())
        self.name, self.cluster, self.broker_id = start.name, self.config["brokerClusterName"], start.member
        self.looks_up = bool(start.dns)
        random, trouble = self.world.random, self.world.trouble
        slow = trouble and random.random() < trouble
        self.kernel.work(random.uniform(20, 60) if slow else random.uniform(2, 7), self._open)

    def _open(self) -> None:
        if self.dead:
            return
        self._lose_tail()
        self.listening = True
        self.boot_ms = self.kernel.milliseconds()
        self.topic_version += 1 + self.kernel.number()
        internal.prepare(self._whole)
        self.kernel.tell(self.pod.name, "is up as", self.config["brokerRole"], "at", self.store.max_offset)
        self.pod.kubelets.probe(self.pod)
        self._look_up()
        self._register_often()
        self._tick()

    @property
    def hurt(self) -> bool:
        """It lost the end of its log, and does nothing by itself before somebody has seen to it (timers begin late in life, too)."""
        volume = self.pod.volumes.get(STORE_VOLUME)
        return volume is not None and volume.hurt

    def _lose_tail(self) -> None:
        """What a power failure took, where a look of the operator comes before the script's own grace is over."""
        volume = self.pod.volumes[STORE_VOLUME]
        lost, volume.loses = volume.loses, 0
        returned, volume.returned = volume.returned, 0
        fence = int(self.config.get("startAcceptSendRequestTimeStamp", "0"))
        if lost and fence > self.kernel.milliseconds() + 8000:
            self.store.lose_tail(lost)
            volume.hurt = True
            # No fence refuses what consumers send back; it makes the log as long as it was, or longer.
            internal.take_back(self._whole, returned)

    def stop(self) -> None:
        """SIGTERM: it says good-bye at once and ends some seconds later."""
        if self.listening:
            self.listening = False
            self._leave()
            self.store.flush()
        self.kernel.work(self.world.random.uniform(0.5, 9), self._stopped)

    def _stopped(self) -> None:
        if not self.dead:
            self.dead = True
            self.pod.kubelets.exited(self.pod, 143, "")

    def kill(self, *, quiet: bool = False) -> None:
        """SIGKILL, or the node's end (``quiet``: nobody's connection is closed)."""
        if self.listening:
            self.store.crash()
            if not quiet:
                self._leave()
            self.slaves.end()
        self.dead, self.listening = True, False

    def _leave(self) -> None:
        for server in self._name_servers():
            server.unregister(self._whole)
        self.slaves.end()

    @property
    def _whole(self) -> "Broker":
        """The broker that this is."""
        return cast("Broker", self)

    def _name_servers(self) -> list[NameServer]:
        raise NotImplementedError

    def _look_up(self) -> None:
        raise NotImplementedError

    def _register_often(self) -> None:
        raise NotImplementedError

    def _tick(self) -> None:
        raise NotImplementedError
