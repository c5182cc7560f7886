"""A rollout begins, a group with order topics gives way to it, and right then the rollout is taken back or paused: the group, which
never closed, must come back into the routes by itself."""

from typing import TYPE_CHECKING, Any

from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from .event import Event
from .events_rollouts import note, resume
from .events_scaling import CLUSTER
from .events_users import edit
from .plays import OPEN_SECONDS, masters_of, spec_of, when_open

if TYPE_CHECKING:
    from .history import History

LOOK_SECONDS, SOON_SECONDS = 2.0, 0.1
YIELD_SECONDS = 150.0
"""Until a group gives way, if one does: pods are to be well, and name servers not to restart."""
BACK_SECONDS = 220.0
"""Until one that is in no route must have been found."""


class Yielding:
    """One such play; ``before`` is the memory that pods had."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.before: dict[str, Any] = {}
        self.over = False
        history.rest, history.rested = OPEN_SECONDS + YIELD_SECONDS + BACK_SECONDS, lambda: self.over

    def begin(self, masters: list[Broker]) -> bool:
        """Somebody edits the spec."""
        spec = spec_of(self.history)
        if spec is None or not _ordered(masters):
            return False
        self.before = {key: spec.get(key) for key in ("limits", "requests")}
        now = (self.before["limits"] or {}).get("memory")
        size = self.history.random.choice([each for each in ("2Gi", "3Gi", "4Gi") if each != now])
        edit(self.history, CLUSTERS, CLUSTER, {"limits": {"memory": size}, "requests": {"memory": size}})
        self.when_yielding()
        return True

    def when_yielding(self, left: float = YIELD_SECONDS) -> None:
        """A group gives way to the rollout."""
        spec = spec_of(self.history)
        if spec is None or left < 0 or self.history.world.weather.quiet:
            self.end()
            return
        if self.in_phase("Yielding"):
            if self.history.random.random() < 0.5:
                # Name servers are told a moment later.
                self.history.kernel.later(self.history.random.uniform(2, 20), self.take_back)
            else:
                self.when_closing()
        else:
            self.history.kernel.later(LOOK_SECONDS, self.when_yielding, left - LOOK_SECONDS)

    def when_closing(self, left: float = YIELD_SECONDS) -> None:
        """It has given way, and is to be closed at the next look."""
        if left < 0 or self.in_phase("Restarting"):
            self.take_back()
        else:
            self.history.kernel.later(SOON_SECONDS, self.when_closing, left - SOON_SECONDS)

    def in_phase(self, phase: str) -> bool:
        """Whether some group is there."""
        spec = spec_of(self.history)
        groups = range(spec["groupReplica"] if spec else 0)
        return any(facts.phase(self.history.world, NAMESPACE, CLUSTER, each) == phase for each in groups)

    def take_back(self) -> None:
        """The edit is undone, or its rollout held until long after."""
        if not self.history.world.weather.quiet:
            if self.history.random.random() < 0.5:
                edit(self.history, CLUSTERS, CLUSTER, self.before)
            elif note(self.history, CLUSTERS, CLUSTER, rollout_paused="true"):
                self.history.kernel.later(BACK_SECONDS, resume, self.history, CLUSTERS, CLUSTER)
        self.history.kernel.later(BACK_SECONDS, self.end)

    def end(self) -> None:
        """Life goes on."""
        self.over = True


def _ordered(masters: list[Broker]) -> list[Broker]:
    return [each for each in masters if any(topic.order for topic in each.store.topics.values())]


def taken_back(history: "History") -> bool:
    """Of a cluster that has a topic whose order is kept."""
    if spec_of(history) is None or not _ordered(masters_of(history)):
        return False
    play = Yielding(history)
    when_open(history, play.begin, play.end)
    return True


EVENTS = (Event("rollout-taken-back-midway", 1.0, taken_back),)
