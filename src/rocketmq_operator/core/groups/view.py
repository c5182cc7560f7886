"""One broker group as the rules see it."""

from collections.abc import Iterable, Mapping

from rocketmq_operator.api import BrokerCluster

from .. import names, registration, tails
from ..facts import BrokerFact, ClusterSnapshot, PodFact
from ..members import broker_name
from ..opening import FENCED_FOR_EVER, started_closed
from .data import BrokerData
from .life import Life


class GroupView:
    """A group's own part of a snapshot; everything here is derived, nothing decided."""

    def __init__(self, snapshot: ClusterSnapshot, index: int, life: Life) -> None:
        self.snapshot = snapshot
        self.index = index
        self.life = life
        self.name = broker_name(snapshot.cluster.spec, index)
        self.workload = names.workload(snapshot.cluster.metadata.name, index)
        self.pods = tuple(registration.pods_of(snapshot.pods, index))
        """Master first."""
        self.master = next((pod for pod in self.pods if pod.member == 0), None)

    @property
    def cluster(self) -> BrokerCluster:
        return self.snapshot.cluster

    @property
    def slaves(self) -> tuple[PodFact, ...]:
        return tuple(pod for pod in self.pods if pod.member)

    @property
    def fact(self) -> BrokerFact | None:
        """What the master says."""
        return self.snapshot.brokers.get(self.master.name) if self.master else None

    @property
    def data(self) -> BrokerData | None:
        """What the master holds."""
        return self.snapshot.data.get(self.master.name) if self.master else None

    @property
    def address(self) -> str:
        """Where the master is asked and told."""
        return self.address_of(self.master) if self.master else ""

    def address_of(self, pod: PodFact) -> str:
        """Where a member is asked and told."""
        return f"{pod.ip}:{names.BROKER_PORT}"

    @property
    def exists(self) -> bool:
        """Whether there is a StatefulSet."""
        return ("StatefulSet", self.workload) in self.snapshot.objects

    @property
    def replicas(self) -> int:
        """How many members its StatefulSet asks for; none where there is none."""
        found = self.snapshot.objects.get(("StatefulSet", self.workload))
        return found.replicas if found else 0

    @property
    def down(self) -> bool:
        """Whether the master's process certainly does not run."""
        return self.fact is None and (self.master is None or not self.master.container)

    @property
    def registered_everywhere(self) -> bool:
        """Whether every name server answers and lists the master."""
        return self.master is not None and self.on_every_name_server(self.master)

    def on_every_name_server(self, pod: PodFact) -> bool:
        """Whether every name server answers and lists a member."""
        return self.snapshot.known(("listed", pod.name), lambda: self._listed(pod))

    def _listed(self, pod: PodFact) -> bool:
        servers = self.snapshot.registrations
        return bool(servers) and len(registration.registered_on(self.cluster, pod, servers)) == len(servers)

    def fenced(self) -> bool:
        """Whether the master was seen to accept nothing at all, for ever."""
        fact = self.fact
        return fact is not None and fact.permission == 4 and fact.accepts_from >= FENCED_FOR_EVER

    @property
    def came_since(self) -> bool:
        """Whether the master's pod came after the phase began."""
        return self.master is not None and self.master.created >= self.life.since

    def started_closed(self, now_ms: int) -> bool:
        """Whether the master has started since the group took messages, and was not opened since."""
        return started_closed(self.fact, self.life, now_ms)

    def uncompared(self, now_ms: int) -> str:
        """Why a master that has started closed must not start once more; empty if its slaves hold nothing else at their ends."""
        if self.fact is None or not self.started_closed(now_ms):
            return ""
        slaves, found = tails.comparable(self.pods, self.snapshot.brokers, self.fact), self.snapshot.tails
        unknown = any(name not in found for name in slaves)
        return "its master has started, and is not open yet" if unknown or tails.differing(slaves, found) else ""

    def accepting(self, now_ms: int) -> bool:
        """Whether the master accepts messages from everybody."""
        fact = self.fact
        return fact is not None and bool(fact.permission & 2) and fact.accepts_from <= now_ms


Views = Mapping[int, GroupView]


def data_of(views: Iterable[GroupView]) -> list[BrokerData] | None:
    """What the masters of these groups hold; None if one of them could not be looked at."""
    found = [view.data for view in views]
    return None if any(data is None for data in found) else [data for data in found if data is not None]
