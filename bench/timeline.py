"""Where an operation stands, in the words of its resource, and for how long. Pure."""

from collections.abc import Sequence

import msgspec

from .kubectl import Json

SETTLED = "settled"
UNSEEN = "not seen yet"
"""The operator has not said anything of this generation."""


class Seen(msgspec.Struct, frozen=True):
    """What a resource said, `at` seconds after the change."""

    at: float
    phase: str


class Stretch(msgspec.Struct, frozen=True):
    """A phase without a break, as long as it was seen."""

    phase: str
    seconds: float


def phase(resource: Json) -> str:
    """Where a BrokerCluster or a NameServer stands: its groups' phases, else why it scales, else why it is not ready."""
    status = resource.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    scaling, ready = conditions.get("Scaling"), conditions.get("Ready")
    generation = resource["metadata"]["generation"]
    if not scaling or not ready or min(each["observedGeneration"] for each in (scaling, ready)) < generation:
        return UNSEEN
    groups = dict.fromkeys(each["phase"] for each in status.get("brokerGroups", []) if each["phase"])
    if groups:
        return "+".join(groups)
    if scaling["status"] != "False":
        return str(scaling["reason"])
    return SETTLED if ready["status"] == "True" else str(ready["reason"])


def stretches(seen: Sequence[Seen], end: float) -> list[Stretch]:
    """The timeline from the change (0) to `end`: a phase lasts until another one is seen."""
    found: list[Stretch] = []
    starts = [0.0, *(each.at for each in seen[1:])]
    for each, start, stop in zip(seen, starts, [*starts[1:], end], strict=True):
        length = max(0.0, stop - start)
        if found and found[-1].phase == each.phase:
            length += found.pop().seconds
        found.append(Stretch(each.phase, length))
    return [each for each in found if each.seconds > 0]


def by_phase(timeline: Sequence[Stretch]) -> dict[str, float]:
    """Seconds in each phase, in the order in which phases were first seen."""
    sums: dict[str, float] = {}
    for each in timeline:
        sums[each.phase] = sums.get(each.phase, 0.0) + each.seconds
    return sums


def at(timeline: Sequence[Stretch], seconds: float) -> str:
    """The phase at that time after the change; empty where that is before or after all of it."""
    for each in timeline if seconds >= 0 else ():
        if seconds < each.seconds:
            return each.phase
        seconds -= each.seconds
    return ""


def words(timeline: Sequence[Stretch]) -> str:
    """The timeline as one line."""
    return ", ".join(f"{each.phase} {each.seconds:.1f} s" for each in timeline)
