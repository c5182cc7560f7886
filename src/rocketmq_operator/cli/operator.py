"""The operator's process: connects, serves its port, waits for its turn to lead, reconciles, and stops cleanly on SIGTERM."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from random import Random

import structlog

from rocketmq_operator import __version__
from rocketmq_operator.admin import Admin, Credentials
from rocketmq_operator.api import BROKER_CLUSTER, NAME_SERVER
from rocketmq_operator.api.common import condition
from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import KubeError, Unconfigured
from rocketmq_operator.obs import logs
from rocketmq_operator.obs.metrics import Metrics
from rocketmq_operator.obs.server import Server
from rocketmq_operator.reconcile.clock import Now
from rocketmq_operator.reconcile.controller import Controller
from rocketmq_operator.reconcile.live import Live
from rocketmq_operator.reconcile.world import Key, World
from rocketmq_operator.remoting.codes import RequestCode
from rocketmq_operator.runtime.clock import SystemClock
from rocketmq_operator.runtime.events import EventRecorder
from rocketmq_operator.runtime.lease import Elector

from .credentials import from_environment
from .settings import Settings, SettingsError, from_arguments

log = structlog.get_logger(__name__)

LEASE = "rocketmq-operator"


class Process:
    """Everything that runs, put together; one instance, one life."""

    def __init__(self, settings: Settings, credentials: Credentials | None = None) -> None:
        self._settings = settings
        self._credentials = credentials
        self._metrics = Metrics()
        self._clock = SystemClock()
        self._random = Random()
        self._identity = f"{os.environ.get('POD_NAME', socket.gethostname())}_{self._random.getrandbits(32):08x}"

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with AsyncExitStack() as stack:
            kube = await stack.enter_async_context(
                Client.from_environment(user_agent=f"rocketmq-operator/{__version__}", on_request=self._requested)
            )
            admin = Admin(credentials=self._credentials, on_call=self._called)
            stack.push_async_callback(admin.close)
            recorder = EventRecorder(
                kube, controller="rocketmq-operator", instance=self._identity, clock=self._clock, random=self._random
            )
            controller = self._controller(kube, admin, recorder)
            server = self._server(controller, admin)
            await server.start("", self._settings.port)
            stack.push_async_callback(server.close)
            log.info("started", version=__version__, namespaces=[each or "all" for each in self._settings.watched()])
            await self._until(stop, kube, controller, recorder)
        log.info("stopped")

    async def _until(self, stop: asyncio.Event, kube: Client, controller: Controller, recorder: EventRecorder) -> None:
        tasks = [
            asyncio.create_task(recorder.run(), name="events"),
            asyncio.create_task(controller.watch(), name="watch"),
            asyncio.create_task(self._lead(kube, controller), name="lead"),
        ]
        stopped = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            # The lease is given back while the others still stand, so that the next operator need not wait for it.
            for each in [*reversed(tasks), stopped]:
                each.cancel()
                await asyncio.gather(each, return_exceptions=True)

    async def _lead(self, kube: Client, controller: Controller) -> None:
        if not self._settings.leader_election:
            self._metrics.leader.set(1)
            await controller.lead()
            return
        namespace = os.environ.get("POD_NAMESPACE", "default")
        elector = Elector(
            kube.unguarded(),
            namespace=namespace,
            name=LEASE,
            identity=self._identity,
            clock=self._clock,
            random=self._random,
        )
        kube.guard = elector.guard
        await elector.run(lambda: self._leading(controller))

    async def _leading(self, controller: Controller) -> None:
        log.info("leading", identity=self._identity)
        self._metrics.leader.set(1)
        try:
            await controller.lead()
        finally:
            self._metrics.leader.set(0)
            log.info("no longer leading", identity=self._identity)

    def _controller(self, kube: Client, admin: Admin, recorder: EventRecorder) -> Controller:
        return Controller(
            kube,
            admin,
            recorder,
            clock=self._clock,
            random=self._random,
            namespaces=[each for each in self._settings.watched() if each],
            resync_seconds=self._settings.resync_seconds,
            workers=self._settings.workers,
            on_run=self._ran,
            most_rolling=self._settings.max_concurrent_rollouts,
            guard=lambda: kube.guard() if kube.guard else None,
        )

    def _server(self, controller: Controller, admin: Admin) -> Server:
        def ready() -> str:
            unsynced = [each.resource for each in controller.health() if not each.synced]
            return f"not yet read: {', '.join(unsynced)}" if unsynced else ""

        def metrics() -> bytes:
            self._count(controller.world)
            self._metrics.show_progress(controller.board.all())
            return self._metrics.text()

        return Server(
            alive=lambda: "",
            ready=ready,
            metrics=metrics,
            live=Live(controller.world, admin, Now(self._clock.wall), controller.board).cluster,
        )

    def _requested(self, verb: str, resource: str, status: int, _seconds: float) -> None:
        self._metrics.requests.labels(verb, resource, str(status)).inc()

    def _called(self, code: RequestCode) -> None:
        self._metrics.calls.labels(code.name).inc()

    def _ran(self, key: Key, seconds: float, ok: bool) -> None:
        self._metrics.reconciles.labels(key.kind, "ok" if ok else "failed").inc()
        self._metrics.seconds.labels(key.kind).observe(seconds)

    def _count(self, world: World) -> None:
        for kind, store in ((BROKER_CLUSTER.kind, world.clusters), (NAME_SERVER.kind, world.name_servers)):
            states = [_is_ready(each.status.conditions if each.status else []) for each in store.values()]
            self._metrics.resources.labels(kind, "true").set(sum(states))
            self._metrics.resources.labels(kind, "false").set(len(states) - sum(states))
        statuses = [each.status for each in world.clusters.values() if each.status]
        self._metrics.brokers.labels("wanted").set(sum(status.brokers for status in statuses))
        self._metrics.brokers.labels("ready").set(sum(status.ready_brokers for status in statuses))


def _is_ready(conditions: list) -> bool:  # type: ignore[type-arg]
    ready = condition(conditions, "Ready")
    return ready is not None and ready.status == "True"


def main() -> None:
    """Entry point; exit code 2 for what the user must correct."""
    try:
        settings = from_arguments()
        credentials = from_environment(os.environ)
    except SettingsError as error:
        sys.exit(_say(str(error)))
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(Process(settings, credentials).run())
    except Unconfigured as error:
        sys.exit(_say(f"no Kubernetes cluster to talk to: {error}"))
    except KubeError as error:
        sys.exit(_say(str(error)))


def _say(message: str) -> int:
    print(f"rocketmq-operator: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
