"""What plays begin with: a cluster that is as its users want it, with two groups or more, all of them open."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from .events_scaling import CLUSTER, scale_to

if TYPE_CHECKING:
    from .history import History

LOOK_SECONDS = 5.0
OPEN_SECONDS = 150.0
"""A group more, and until all are open."""


def when_open(
    history: "History", begin: Callable[[list[Broker]], bool], end: Callable[[], None], left: float = OPEN_SECONDS
) -> None:
    """``begin``, as soon as there are two groups at least, all of which take messages, and it can; else ``end``."""
    spec = spec_of(history)
    if spec is None or left < 0 or history.world.weather.quiet:
        end()
        return
    if spec["groupReplica"] < 2:
        scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 2)
    masters = masters_of(history)
    if not (1 < len(masters) == spec["groupReplica"] and begin(masters)):
        history.kernel.later(LOOK_SECONDS, when_open, history, begin, end, left - LOOK_SECONDS)


def spec_of(history: "History") -> dict[str, Any] | None:
    """What is asked of the cluster, if it is there, and not paused."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    if found is None or found["metadata"].get("deletionTimestamp") or found["spec"].get("paused"):
        return None
    return dict(found["spec"])


def masters_of(history: "History") -> list[Broker]:
    """Masters that take messages, the first group's first."""
    found = [each for each in history.world.rocketmq.brokers() if each.is_master and facts.accepts(each)]
    return sorted(found, key=lambda each: each.pod.name)
