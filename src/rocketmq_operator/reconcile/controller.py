"""The operator's loop: watches feed stores, changes wake keys, workers reconcile them, a resync looks at everything anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import structlog

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import BROKER_CLUSTER, NAME_SERVER, BrokerCluster, NameServer
from rocketmq_operator.core import names
from rocketmq_operator.core.release import THIS, Release
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONTROLLER_REVISION, NODE, POD, PVC
from rocketmq_operator.kube.types import Resource
from rocketmq_operator.runtime.clock import Clock
from rocketmq_operator.runtime.queue import WorkQueue
from rocketmq_operator.runtime.reflector import Health, Reflector, reflectors
from rocketmq_operator.runtime.runner import Runner

from .act import Guard
from .broker_cluster import MOST_ROLLING, BrokerClusters
from .clock import Now
from .name_server import NameServers
from .report import Recorder, Reporter
from .resources import CLUSTERS, NAME_SERVERS
from .views import ClaimView, Made, NodeView, PodView
from .waking import Waking
from .world import MADE, Key, World

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 60.0
"""So long is waited for nodes and claims; if the API server cannot even refuse them, clusters must not wait for ever."""

OnRun = Callable[[Key, float, bool], None]


class Controller:
    """All kinds, all namespaces that are watched. ``watch`` always runs; ``lead`` only while this process leads."""

    def __init__(
        self,
        kube: Kube,
        admin: Admin,
        recorder: Recorder,
        *,
        clock: Clock,
        random: Random,
        namespaces: Sequence[str] = (),
        resync_seconds: float = 60.0,
        workers: int = 16,
        on_run: OnRun | None = None,
        guard: Guard = lambda: None,
        most_rolling: int = MOST_ROLLING,
        release: Release = THIS,
    ) -> None:
        self.world = World(clock.now)
        self._clock, self._random = clock, random
        self._resync_seconds = resync_seconds
        self._workers, self._on_run = workers, on_run
        self._queue: WorkQueue[Key] = WorkQueue(clock=clock, random=random)
        now = Now(clock.wall)
        reporter = Reporter(kube, recorder, now)
        clusters = BrokerClusters(self.world, kube, admin, reporter, now, guard, most_rolling, release)
        self.board = clusters.board
        self._kinds: dict[str, Callable[[Key], Awaitable[float | None]]] = {
            BROKER_CLUSTER.kind: clusters.reconcile,
            NAME_SERVER.kind: NameServers(self.world, kube, admin, reporter, now, guard, release).reconcile,
        }
        self._reflectors = self._make_reflectors(kube, namespaces)
        # What an operator may be forbidden to read: without it, it does less.
        self._optional: list[Reflector[Any]] = [
            *reflectors(kube, NODE, NodeView, self.world.nodes, clock=clock, random=random),
            *reflectors(
                kube,
                PVC,
                ClaimView,
                self.world.claims,
                clock=clock,
                random=random,
                namespaces=namespaces,
                label_selector=names.MANAGED_SELECTOR,
            ),
        ]
        Waking(self.world, self._queue)

    def _make_reflectors(self, kube: Kube, namespaces: Sequence[str]) -> list[Reflector[Any]]:
        world = self.world
        made: list[tuple[Any, Any, Any, str | None]] = [
            (CLUSTERS, BrokerCluster, world.clusters, None),
            (NAME_SERVERS, NameServer, world.name_servers, None),
            (POD, PodView, world.pods, names.MANAGED_SELECTOR),
            *((each, Made, world.made[each.kind], _selector(each)) for each in MADE),
        ]
        found: list[Reflector[Any]] = []
        for resource, type_, store, selector in made:
            found += reflectors(
                kube,
                resource,
                type_,
                store,
                clock=self._clock,
                random=self._random,
                namespaces=namespaces,
                label_selector=selector,
            )
        return found

    async def watch(self) -> None:
        """Keep the stores like the API server, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in [*self._reflectors, *self._optional]:
                group.create_task(each.run())

    async def lead(self) -> None:
        """Reconcile until cancelled; begins with a look at everything."""
        await asyncio.gather(*(store.wait_synced() for store in self._stores()))
        # What it may not read, it goes without; but what it does not know yet must not be taken for that.
        await asyncio.gather(*(each.answered(ANSWER_SECONDS) for each in self._optional))
        self._look()
        runner = Runner(
            self._queue,
            self._reconcile,
            clock=self._clock,
            workers=self._workers,
            on_error=_log_error,
            on_run=self._on_run,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(runner.run())
                group.create_task(self._resync())
        finally:
            self._queue.clear()

    def _look(self) -> None:
        self.world.sees_nodes = self.world.nodes.synced
        self.world.sees_claims = self.world.claims.synced

    def _stores(self) -> list[Any]:
        world = self.world
        return [world.clusters, world.name_servers, world.pods, *world.made.values()]

    async def _reconcile(self, key: Key) -> float | None:
        self._look()
        return await self._kinds[key.kind](key)

    async def _resync(self) -> None:
        """Everything at once at the start, then spread over the period, so that a thousand clusters are no burst."""
        spread = 0.0
        while True:
            for key in self._keys():
                self._queue.add_after(key, self._random.uniform(0, spread))
            spread = self._resync_seconds
            await self._clock.sleep(self._resync_seconds)

    def _keys(self) -> list[Key]:
        kinds = ((BROKER_CLUSTER.kind, self.world.clusters), (NAME_SERVER.kind, self.world.name_servers))
        return [
            Key(kind, each.metadata.namespace, each.metadata.name) for kind, store in kinds for each in store.values()
        ]

    def health(self) -> list[Health]:
        """How each watch is; nodes and claims apart, which an operator may be forbidden to read."""
        return [each.health for each in self._reflectors]


def _selector(resource: Resource) -> str:
    """StatefulSets give their own revisions the labels of their pods; only ours are watched."""
    if resource is CONTROLLER_REVISION:
        return f"{names.MANAGED_SELECTOR},{names.REVISION_LABEL}=true"
    return names.MANAGED_SELECTOR


def _log_error(key: Key, error: Exception, failures: int) -> None:
    log.warning(
        "reconcile failed, it will be retried",
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        failures=failures,
        error=f"{type(error).__name__}: {error}",
    )
