"""What happens: a list of kinds of events with their weights, and a draw after each pause."""

import asyncio
from typing import TYPE_CHECKING

from ..branches import CROSSROADS
from . import (
    events_aimed,
    events_growth,
    events_kubernetes,
    events_leaving,
    events_operator,
    events_readers,
    events_rocketmq,
    events_rollouts,
    events_scaling,
    events_users,
    events_volumes,
    events_yielding,
    scenes_deleting,
    scenes_joining,
    scenes_leaving,
    scenes_pods,
    scenes_races,
    scenes_rollouts,
    scenes_servers,
    scenes_tails,
    scenes_upgrades,
    scenes_young,
)
from .event import Event, never
from .scenes import Scene

if TYPE_CHECKING:
    from .history import History

EVENTS = 50
LOOK_SECONDS = 5.0
CALM_SECONDS = 30.0
"""For so long after an event operators look as often as when more of them come."""
PACES = (1.0, 2.0, 4.0)
"""Mean seconds between two events, one for each history: some leave time to recover, some do not."""

CATALOGUE: tuple[Event, ...] = (
    *events_operator.EVENTS,
    *events_kubernetes.EVENTS,
    *events_rocketmq.EVENTS,
    *events_users.EVENTS,
    *events_scaling.EVENTS,
    *events_volumes.EVENTS,
    *events_growth.EVENTS,
    *events_aimed.EVENTS,
    *events_readers.EVENTS,
    *events_leaving.EVENTS,
    *events_rollouts.EVENTS,
    *events_yielding.EVENTS,
)
SCENES: tuple[Scene, ...] = (
    *scenes_leaving.SCENES,
    *scenes_joining.SCENES,
    *scenes_servers.SCENES,
    *scenes_rollouts.SCENES,
    *scenes_pods.SCENES,
    *scenes_races.SCENES,
    *scenes_young.SCENES,
    *scenes_deleting.SCENES,
    *scenes_tails.SCENES,
    *scenes_upgrades.SCENES,
)


def scene_of(seed: int) -> Scene:
    """The staged play of a history: one after the other, so that each comes up in few."""
    return SCENES[seed % len(SCENES)]


class Plot:
    """Draws events until there were enough. Each history has its own weights, so that some do much of one thing."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self._random = history.kernel.random("plot")
        self._draw()

    def _draw(self) -> None:
        self._weights = [each.weight * self._random.choice((0.0, 1.0, 1.0, 3.0)) for each in CATALOGUE]
        self._pace = self._random.choice(PACES)
        self._bursts = self._random.random() < 0.3

    async def run(self) -> None:
        """At least so many as the history is to have."""
        await asyncio.sleep(self._random.uniform(0, 0 if self._history.scene.at_once else 60))
        scene: Scene | None = self._history.scene
        while self._history.events < self._history.length:
            if scene is not None and self._history.events >= scene.after:
                self._history.kernel.tell("staged:", scene.name)
                if await scene.script(self._history):
                    self._history.kernel.count(f"scene/{scene.name}")
                scene = None
            event = self._random.choices(CATALOGUE, self._weights)[0]
            if event.happen(self._history):
                self._history.events += 1
                self._history.kernel.count(f"event/world/{event.name}")
                self._cross()
            await asyncio.sleep(self._pause())
            await self._rest()

    def _cross(self) -> None:
        history = self._history
        ways = CROSSROADS.get(history.events, 1)
        if ways > 1 and (way := history.crossing.take(ways, history.kernel.seen)):
            history.kernel.branch(f"{history.events}:{way}")
            self._draw()

    async def _rest(self) -> None:
        """As long as the event asked for, or until what it began has come to its end."""
        history, kernel = self._history, self._history.kernel
        ends, history.rest = kernel.now() + history.rest, 0.0
        # After the last event nothing else comes.
        calm = kernel.now() + (CALM_SECONDS if history.events < EVENTS else 0.0)
        while (left := ends - kernel.now()) > 0:
            await asyncio.sleep(min(LOOK_SECONDS, left))
            if history.rested():
                break
            if kernel.now() >= calm:
                kernel.looks(often=False)
        kernel.looks(often=True)
        history.rested = never

    def _pause(self) -> float:
        if self._bursts and self._random.random() < 0.6:
            return self._random.uniform(0, 1)
        return self._random.expovariate(1 / self._pace)
