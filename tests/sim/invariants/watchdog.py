"""Sees every write of every operator, right before it takes effect, and the world after it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..world import World
from . import state
from .addresses import Addresses
from .broker_writes import BROKER_RULES
from .hidden import Hidden
from .lasting import Given, Lasting, Wanted
from .object_writes import OBJECT_RULES
from .phases import Phases
from .reasons import Reasons
from .removal import Removal
from .taking import Taking

if TYPE_CHECKING:
    from ..driver.operator import Operator

LOOK_SECONDS, QUIET_SECONDS = 5.0, 20.0
"""Between two looks at what lasts, while things happen and once all is quiet; at each write the world is looked at in any case."""


class Watchdog:
    """One for a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.phases = Phases(world)
        self.taking = Taking(world)
        self.addresses = Addresses(world)
        self.removal = Removal(world)
        self.hidden = Hidden(world)
        self.reasons = Reasons(world)
        self.given = Given(world)
        self.wanted = Wanted(world)
        self.lasting = Lasting(world)
        self.operators: Callable[[], int] = lambda: 0
        """How many operators run."""
        self._planned = False
        world.kernel.later(LOOK_SECONDS, self._look_often)

    def object_write(self, operator: "Operator", verb: str, plural: str, key: tuple[str, str], body: Any) -> None:
        """A write to the API server arrives."""
        for name, rule in OBJECT_RULES:
            self._tell(name, rule(self.world, verb, plural, key, body))
        self._tell("one-member-at-a-time", self.taking.object_write(verb, plural, key, body))
        self._tell("opens-only-when-meant", self.wanted.object_write(verb, plural, key, body))
        self._tell("opens-where-clients-look", self.addresses.object_write(verb, plural, key, body))
        self._tell("removed-only-drained", self.removal.group_removed(verb, plural, key, body))
        self._tell("deletion-is-held", self.removal.deletion_allowed(verb, plural, key, body))
        for name, problem in self.reasons.object_write(verb, plural, key, body):
            self._tell(name, problem)
        self._look_soon()

    def broker_write(self, operation: str, address: str, what: Any) -> None:
        """A write to a RocketMQ server arrives."""
        for name, rule in BROKER_RULES:
            self._tell(name, rule(self.world, operation, address, what))
        self._tell("opens-with-everything", self.given.broker_write(operation, address, what))
        self._look_soon()

    def eviction(self, key: tuple[str, str]) -> None:
        """``kubectl drain`` is about to take a pod, as our budgets allow it."""
        self._tell("one-member-at-a-time", self.taking.evicted(key))

    def look(self) -> None:
        """The rules about the world itself."""
        self._planned = False
        self.addresses.look()
        for name, rule in state.RULES:
            self._tell(name, rule(self.world))

    def _tell(self, name: str, problem: str | None) -> None:
        self.world.kernel.count(f"invariant/{name}")
        if problem:
            self.world.kernel.fail(name, problem)

    def _look_soon(self) -> None:
        if not self._planned:
            self._planned = True
            self.world.kernel.loop.call_soon(self.look)

    def _look_often(self) -> None:
        self.look()
        self.reasons.look()
        self._tell("serves-in-the-routes", self.hidden.look())
        for name, problem in self.lasting.look(self.operators()):
            self._tell(name, problem)
        if not self.world.clients.stopped:
            quiet = self.world.weather.quiet
            self.world.kernel.later(QUIET_SECONDS if quiet else LOOK_SECONDS, self._look_often)
