"""One history: a cluster is made, much happens to it, then it is left in peace and must be as its spec says."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from rocketmq_operator.core.release import THIS
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..branches import Crossing, Straight
from ..invariants import Watchdog
from ..world import NAME_SERVER, NAMESPACE, World
from ..world.kernel import Violation
from . import convergence
from .event import never
from .operator import Operator
from .plot import EVENTS, Plot, scene_of

USER = "kubectl"
QUIET_SECONDS = 3600.0


class History:
    """``seed`` decides everything, with the ways that are taken at ``crossing``; ``length``: after how many events it ends."""

    def __init__(
        self, seed: int, crossing: Crossing | None = None, *, keep_story: bool = False, length: int = EVENTS
    ) -> None:
        self.crossing = crossing or Straight()
        self.world = World(seed, keep_story=keep_story)
        self.kernel = self.world.kernel
        self.random = self.kernel.random("history")
        self.watchdog = Watchdog(self.world)
        self.operators: list[Operator] = []
        self.watchdog.operators = lambda: len(self.alive())
        self.numbers = iter(range(1, 1000))
        self.elect = self.random.random() < 0.4
        self.events, self.length = 0, length
        self.scene = scene_of(seed)
        self.elect = self.elect and not self.scene.doubled
        self.repairs: dict[str, Callable[[], bool]] = {}
        """What people still have to set right, by pod."""
        self.rest = 0.0
        """Seconds for which nothing else is to happen, so that what was begun may come to its end; or until ``rested``."""
        self.rested: Callable[[], bool] = never
        self.release = THIS
        """The version of the operator that is installed: operators that start are of it."""
        self.silent: list[str] = []
        """Topics that nobody reads."""

    async def run(self) -> Violation | None:
        """Until the end, or until a rule is broken."""
        story = asyncio.ensure_future(self._story())
        waited: list[asyncio.Future[Any]] = [story, self.kernel.failed]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not story.done():
            story.cancel()
        elif story.exception() is not None:
            error = story.exception()
            if not isinstance(error, Violation):
                raise error  # type: ignore[misc]
            self.kernel.fail(error.name, str(error))
        self.world.clients.stopped = True
        for each in self.operators:
            each.kill()
            await each.gone()
        return self.kernel.failed.result() if self.kernel.failed.done() else None

    async def _story(self) -> None:
        self._create()
        self.start_operator()
        plot = Plot(self)
        await plot.run()
        await self._quiet()

    def start_operator(self) -> Operator:
        """One more operator process."""
        operator = Operator(
            self.world, self.watchdog, next(self.numbers), elect=self.elect, release=self.release
        ).start()
        operator.on_death = self._operator_died
        self.operators.append(operator)
        return operator

    def _operator_died(self) -> None:
        delay = self.random.choice((0.1, 2.0, self.random.uniform(5, 90)))
        self.kernel.later(delay, self.ensure_operator)

    def repair(self, name: str) -> None:
        """Somebody sets something right, as soon as it can be done."""
        done = self.repairs.get(name)
        if done is None or done():
            self.repairs.pop(name, None)
        else:
            self.kernel.later(3, self.repair, name)

    def alive(self) -> list[Operator]:
        """Operators that run."""
        return [each for each in self.operators if not each.dead]

    def ensure_operator(self) -> None:
        """Kubernetes starts another process where none runs."""
        if not self.alive() and not self.kernel.failed.done():
            self.start_operator()

    def _create(self) -> None:
        random = self.random
        servers = random.randint(1, 3)
        properties = {"orderMessageEnable": "true"} if random.random() < 0.4 else {}
        names = {"replicas": servers, "properties": properties, "image": "rocketmq:5.4.0"}
        self.api_create(NAME_SERVERS, NAME_SERVER, {**names, **self.scene.servers})
        spec: dict[str, Any] = {
            "groupReplica": random.randint(1, 3),
            "membersPerGroup": random.randint(1, 3),
            "replicationMode": random.choice(("SYNC", "ASYNC")),
            "storage": {"volumePolicy": random.choice(("Retain", "Retain", "Delete"))},
            "brokerImage": random.choice(("rocketmq:5.4.0", "rocketmq:5.4.0", "rocketmq:4.9.8")),
        }
        if random.random() < 0.2:
            # As in the seed project: one claim a broker, for its messages.
            spec["volumeClaimTemplate"] = {"spec": {"resources": {"requests": {"storage": "5Gi"}}}}
        if random.random() < 0.7:
            spec["nameServerRef"] = {"name": NAME_SERVER}
        else:
            spec["nameServers"] = f"{NAME_SERVER}-ns-all:9876"
        self.api_create(CLUSTERS, "c", {**spec, **self.scene.cluster})

    def api_create(self, resource: Any, name: str, spec: dict[str, Any]) -> None:
        """A user's ``kubectl create``."""
        self.kernel.tell("user creates", resource.kind, name, spec)
        obj = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": spec,
        }
        self.world.api.create(resource, obj, USER)

    async def _quiet(self) -> None:
        """Nothing goes wrong any more; in the end the cluster must be as its spec says, and nobody writes."""
        self.kernel.tell("from here on all is quiet")
        self.world.quiet()
        self.ensure_operator()
        for operator in self.alive():
            operator.doom = None
        convergence.calm(self)
        await convergence.reached(self, QUIET_SECONDS)

    def clusters(self) -> Iterator[dict[str, Any]]:
        """The BrokerClusters as they are now."""
        yield from self.world.api.objects(CLUSTERS.plural)
