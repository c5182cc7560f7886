"""One operator process: the real controller on links of its own, which can die between any two calls."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.names import FIELD_MANAGER
from rocketmq_operator.core.release import THIS, Release
from rocketmq_operator.reconcile.controller import Controller
from rocketmq_operator.reconcile.world import Key
from rocketmq_operator.runtime.election import Terms
from rocketmq_operator.runtime.lease import Elector

from ..invariants import Watchdog
from ..loop import SimClock
from ..world import Link, SimAdmin, World
from ..world.kernel import EPOCH, Kernel

TERMS = Terms(lease_seconds=60, renew_seconds=45.0, retry_seconds=15.0)
"""Slower than in life, because each renewal costs time; the proportions are the same."""


class Looks(Controller):
    """Looks less often than in life for what only brokers and name servers know, and in the quiet end later at what has changed, with
    what changes meanwhile; ``kernel`` says how often and how late."""

    kernel: Kernel

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._add_after = self._queue.add_after
        self._queue.add_after = self._settle  # type: ignore[method-assign]

    def _settle(self, key: Key, seconds: float) -> None:
        self._add_after(key, max(seconds, self.kernel.settle_seconds) if seconds > 0 else seconds)

    async def _reconcile(self, key: Key) -> float | None:
        after = await super()._reconcile(key)
        return None if after is None else max(after, self.kernel.look_seconds)


class Died(asyncio.CancelledError):
    """The process ended here; nothing of it runs on."""


class Operator:
    """``elect``: it leads only while it holds the lease; else at once. ``doom`` counts calls down to its death."""

    def __init__(self, world: World, watchdog: Watchdog, number: int, *, elect: bool, release: Release = THIS) -> None:
        self.world = world
        self._watchdog = watchdog
        self.name = f"operator-{number}"
        self.release = release
        self.dead = False
        self.doom: int | None = None
        self.last_write = -1.0
        self.on_death: Callable[[], None] = lambda: None
        random = world.kernel.random(self.name)
        self.link = Link(world.api, world.weather, random, FIELD_MANAGER, self._step)
        self.admin = SimAdmin(world.rocketmq, world.clients, world.weather, random, self._step)
        self.link.on_write = self._wrote
        self.admin.on_write = watchdog.broker_write
        clock = SimClock(asyncio.get_running_loop(), EPOCH)
        self._elector: Elector | None = None
        self.controller = Looks(
            self.link,
            cast(Admin, self.admin),
            self,
            clock=clock,
            random=random,
            workers=3,
            guard=self._guard,
            release=release,
        )
        self.controller.kernel = world.kernel
        if elect:
            own = Link(world.api, world.weather, random, FIELD_MANAGER, self._step)
            self._elector = Elector(
                own,
                namespace="operators",
                name="rocketmq-operator",
                identity=self.name,
                clock=clock,
                random=random,
                terms=TERMS,
            )
            self.link.guard = self._elector.guard
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self) -> "Operator":
        """Its life begins."""
        self.world.kernel.tell(self.name, "starts, as", self.release)
        lead = self._elector.run(self.controller.lead) if self._elector else self.controller.lead()
        self._tasks = [asyncio.create_task(self.controller.watch()), asyncio.ensure_future(lead)]
        for each in self._tasks:
            each.add_done_callback(self._ended)
        return self

    def kill(self) -> None:
        """SIGKILL: whatever it was at, it does nothing more."""
        if not self.dead:
            self.dead = True
            self.world.kernel.tell(self.name, "is killed")
            for each in self._tasks:
                each.cancel()
            self.on_death()

    async def gone(self) -> None:
        """Wait until nothing of it is left."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def event(self, regarding: dict[str, str], type_: str, reason: str, message: str) -> None:
        """Its recorder."""
        self.world.kernel.count(f"event/{type_}/{reason}")
        self.world.kernel.tell(self.name, f"event on {regarding['kind']} {regarding['name']}:", type_, reason, message)

    def _wrote(self, verb: str, plural: str, key: tuple[str, str], body: Any) -> None:
        if plural != "leases":
            self.last_write = self.world.kernel.now()
            self.world.kernel.tell(self.name, verb, plural, key[1])
            self._watchdog.object_write(self, verb, plural, key, body)

    def _guard(self) -> None:
        if self.link.guard is not None:
            self.link.guard()

    def _step(self, *what: str) -> None:
        if self.dead:
            raise Died
        if self.doom is not None:
            self.doom -= 1
            if self.doom < 0:
                self.world.kernel.tell(self.name, "dies at:", *what)
                self.world.kernel.count("fault/operator/killed-between-calls")
                self.kill()
                raise Died

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not self.dead and not task.cancelled():
            self.world.kernel.fail("operator-runs", f"{self.name} ended by itself: {task.exception()!r}")
