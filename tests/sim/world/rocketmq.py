"""RocketMQ as a whole: which process answers at which address, who would be reached by a name."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import internal
from .broker import Broker
from .endpoints import Endpoints
from .kernel import Kernel
from .kubelet import Kubelets
from .ledger import Ledger
from .pod import Pod
from .registry import NameServer
from .store import FILE, Store

if TYPE_CHECKING:
    from .volumes import Volumes


class RocketMQ:
    """All servers, by what runs in the pods."""

    def __init__(self, kernel: Kernel, endpoints: Endpoints, ledger: Ledger) -> None:
        self.kernel = kernel
        self.ledger = ledger
        self.random = kernel.random("rocketmq")
        self.trouble = 0.05
        self._endpoints = endpoints
        self.asked: Callable[[str, Broker], None] = lambda operation, broker: None
        """Hears of each question of an operator right before it is answered."""
        self.made_at: dict[str, float] = {}
        """When users made each topic."""
        self.kubelets: Kubelets
        self.volumes: Volumes

    def launch(self, pod: Pod) -> object:
        """The process of a container, by its name."""
        if pod.obj["spec"]["containers"][0]["name"] == "name-server":
            return NameServer(self.kernel, pod)
        return Broker(self.kernel, pod, self)

    def resolve(self, host: str) -> list[str]:
        """What DNS says now."""
        return self._endpoints.resolve(host)

    def _processes_at(self, address: str) -> Iterator[object]:
        by_ip = self.kubelets.by_ip
        for ip in self._endpoints.resolve(address.rpartition(":")[0]):
            pod = by_ip.get(ip)
            if pod is not None and pod.process is not None and pod.process.listening and pod.reachable:
                yield pod.process

    def name_servers_at(self, address: str) -> list[NameServer]:
        """The name servers that answer at ``host:port``."""
        return [each for each in self._processes_at(address) if isinstance(each, NameServer)]

    def name_server_at(self, address: str) -> NameServer | None:
        """The name server that answers at ``host:port``."""
        return next((each for each in self._processes_at(address) if isinstance(each, NameServer)), None)

    def broker_at(self, address: str) -> Broker | None:
        """The broker that answers at ``host:port``."""
        pod = self.kubelets.by_ip.get(address.rpartition(":")[0])
        if pod is not None:
            process = pod.process
            here = isinstance(process, Broker) and process.listening and pod.reachable
            return process if here and isinstance(process, Broker) else None
        return next((each for each in self._processes_at(address) if isinstance(each, Broker)), None)

    def member_at(self, pod: Pod, member: int) -> Broker | None:
        """Another member of a pod's group, under its stable name, if it answers."""
        name = f"{pod.name.rpartition('-')[0]}-{member}"
        return self.broker_at(f"{name}.{pod.obj['spec'].get('subdomain')}.{pod.key[0]}.svc:10911")

    def expire(self, broker: Broker) -> bool:
        """A broker deletes the old files of its log, as far as all in them was read; False where there is none. A slave does so
        after its master (replica.sh gives its files the time of what is in them)."""
        unread = self.ledger.unread
        needed = (
            at for at, each in enumerate(broker.store.records)
            if each.batch.number in unread or internal.undelivered(broker.store, each)
        )  # fmt: skip
        first = next(needed, None)
        limit = len(broker.store.records) if first is None else first
        if not broker.is_master:
            master = self.member_at(broker.pod, 0)
            limit = min(limit, master.store.base - broker.store.base) if master else 0
        before = broker.store.base
        broker.store.expire(max(0, limit) // FILE)
        return broker.store.base > before

    def brokers(self) -> Iterator[Broker]:
        """All that listen."""
        for pod in self.kubelets.pods.values():
            if isinstance(pod.process, Broker) and pod.process.listening:
                yield pod.process

    def name_servers(self) -> Iterator[NameServer]:
        """All that listen."""
        for pod in self.kubelets.pods.values():
            if isinstance(pod.process, NameServer) and pod.process.listening:
                yield pod.process

    def stores(self) -> Iterator[Store]:
        """All that exist on volumes, used or kept."""
        for volume in self.volumes.all.values():
            if volume.store is not None and not volume.gone:
                yield volume.store
        for pod in self.kubelets.pods.values():
            if isinstance(pod.process, Broker) and pod.process.emptied:
                yield pod.process.store
