"""What RocketMQ and Kubernetes themselves demand of an operation, whoever carries it out. Pure.

`Measured` parts are taken from the very operation: starts and ends of pods from the audit log, registrations from the name
servers. `Stated` parts are waits without which messages or look-ups would be lost; the operator's own constants.
"""

from collections.abc import Iterable, Mapping

import msgspec

from rocketmq_operator.api.scaling import ScaleDown
from rocketmq_operator.core.groups.draining import SETTLE_MS
from rocketmq_operator.core.lookups import LOOKED_UP_MS

from .audit import PodLife
from .commands import BenchError
from .operations import Operation

Sightings = Mapping[tuple[str, str, int], float]
"""When (seconds since 1970) a name server's pod first listed a broker: (pod, broker name, broker id)."""


class Part(msgspec.Struct, frozen=True):
    """A part of a floor."""

    name: str
    seconds: float


LOOK_UPS = Part("look-ups of the leaving name server (stated)", LOOKED_UP_MS / 1000)
CLOSING = Part("clients learn that the group is closed (stated)", float(ScaleDown().close_seconds))
READINGS = Part("between two readings of the drain (stated)", SETTLE_MS / 1000)


def parts(
    operation: Operation, lives: Mapping[str, PodLife], sightings: Sightings, holding: Mapping[str, float]
) -> list[Part]:
    """The floor of an operation; `holding` is when a new broker first held all topics, in seconds since 1970."""
    match operation.what, operation.grows:
        case "groups", True:
            master, *slaves = operation.come()
            both = registered(sightings, operation.registrations())
            round_ = copying(both, holding[master], max(holding[each] for each in slaves))
            return [start(operation, lives, sightings), round_]
        case _, True:
            return [start(operation, lives, sightings)]
        case "name servers", False:
            return [LOOK_UPS, termination(operation, lives)]
        case "groups", False:
            return [CLOSING, READINGS, termination(operation, lives)]
        case _:
            return [termination(operation, lives)]


def around(
    operation: Operation,
    began: float,
    ended: float,
    lives: Mapping[str, PodLife],
    sightings: Sightings,
    ready: Mapping[str, float],
) -> dict[str, float]:
    """Where the rest of the time lies: before the first pod comes or goes, and after the last one did."""
    if not operation.grows:
        going = [lives[name] for name in operation.go()]
        first = min(life.leaving.timestamp() for life in going if life.leaving)
        last = max(life.gone.timestamp() for life in going if life.gone)
        return {"until the first pod is stopped": first - began, "after the end of the last pod": ended - last}
    listed = registered(sightings, operation.registrations())
    containers = max(ready[name] for name in operation.come())
    return {
        "until the first pod is made": made(lives, operation.come()) - began,
        "readiness probes after the last registration": max(0.0, containers - listed),
        "after that": ended - max(containers, listed),
    }


def start(operation: Operation, lives: Mapping[str, PodLife], sightings: Sightings) -> Part:
    """From the first new pod's creation until every broker was listed where it was not before."""
    listed = registered(sightings, operation.registrations())
    return Part("start of the pods (measured)", listed - made(lives, operation.come()))


def termination(operation: Operation, lives: Mapping[str, PodLife]) -> Part:
    """From the first leaving pod's deletion to the end of the last one; they end at the same time, or one after the other."""
    leaving, gone = [], []
    for name in operation.go():
        life = lives.get(name, PodLife())
        if life.leaving is None or life.gone is None:
            raise BenchError(f"the audit log shows no end of pod {name}")
        leaving.append(life.leaving.timestamp())
        gone.append(life.gone.timestamp())
    return Part("end of the pods (measured)", max(gone) - min(leaving))


def copying(registered_at: float, master_at: float, slaves_at: float) -> Part:
    """A slave takes topics and groups from its master in its own time: what of it came after both had registered.

    5.4.0: 60 s after its start at the earliest, looked at each 3 s (``BrokerController.lastSyncTimeMs``).
    """
    return Part("slaves take topics from their master (measured)", max(0.0, slaves_at - max(registered_at, master_at)))


def made(lives: Mapping[str, PodLife], pods: Iterable[str]) -> float:
    """When the first of the pods was made."""
    times = []
    for name in pods:
        at = lives.get(name, PodLife()).made
        if at is None:
            raise BenchError(f"the audit log shows no creation of pod {name}")
        times.append(at.timestamp())
    return min(times)


def registered(sightings: Sightings, wanted: Iterable[tuple[str, str, int]]) -> float:
    """When the last of the wanted registrations was seen first."""
    missing = [each for each in wanted if each not in sightings]
    if missing:
        raise BenchError(f"never seen on a name server: {missing}")
    return max(sightings[each] for each in wanted)
