"""The simulated world: Kubernetes, nodes, RocketMQ, its clients and its users."""

from typing import Any

from .admin import SimAdmin
from .api import Api
from .budgets import evict
from .clients import Clients
from .endpoints import Endpoints
from .expansion import Expansion
from .gc import GarbageCollector
from .kernel import Kernel
from .kubelet import Kubelets
from .ledger import Ledger
from .link import Link
from .nodes import Nodes
from .rocketmq import RocketMQ
from .statefulsets import StatefulSets
from .volumes import Volumes
from .weather import Weather

NAMESPACE = "ns"
NAME_SERVER = "names"


class World:
    """Everything, put together."""

    def __init__(self, seed: int, *, keep_story: bool = False) -> None:
        self.kernel = kernel = Kernel(seed, keep_story=keep_story)
        self.weather = Weather(kernel)
        self.api = Api(kernel)
        self.gc = GarbageCollector(kernel, self.api)
        self.nodes = Nodes(kernel, self.api, kernel.random("nodes").randint(3, 5))
        self.volumes = Volumes(kernel, self.api)
        self.expansion = Expansion(kernel, self.api)
        self.sets = StatefulSets(kernel, self.api, self.volumes)
        self.endpoints = Endpoints(kernel, self.api)
        self.ledger = Ledger(kernel)
        self.rocketmq = RocketMQ(kernel, self.endpoints, self.ledger)
        self.kubelets = Kubelets(kernel, self.api, self.nodes, self.volumes, self.rocketmq.launch)
        self.phases: Any = None
        """Where groups stand; the invariants keep it."""
        self.oldest = 1
        """The oldest format of pods that the operator which is installed lets run on."""
        self.rocketmq.kubelets, self.rocketmq.volumes = self.kubelets, self.volumes
        self.clients = Clients(kernel, self.rocketmq, self.ledger, f"{NAME_SERVER}-ns.{NAMESPACE}.svc")
        kernel.loop.resolve = self.endpoints.resolve  # type: ignore[attr-defined]

    def quiet(self) -> None:
        """From now on nothing goes wrong any more, and machines are quick: what they need time for has been looked at before."""
        self.kernel.pace = 0.1
        self.kernel.looks(often=False)
        self.kernel.settle_seconds = 3.0
        self.kernel.read_seconds = (4.0, 10.0)
        self.weather.quiet = True
        self.kubelets.trouble = 0.0
        self.rocketmq.trouble = 0.0
        self.expansion.trouble = 0.0


__all__ = ["NAMESPACE", "NAME_SERVER", "Api", "Clients", "Kernel", "Link", "SimAdmin", "Weather", "World", "evict"]
