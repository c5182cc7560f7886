"""Restarts that users ask for by the annotation ``restart``: of a resource, a workload or a pod."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from .. import names
from ..facts import ObjectFact, PodFact, Problem


def come(fact: ObjectFact, pods: Iterable[PodFact], asked_at: str, now_ms: int) -> tuple[str, ...]:
    """The requests for a restart whose time has come: all that the moment decides about a standing."""
    texts = (asked_at, fact.notes.get(names.RESTART, ""), *(pod.restart for pod in pods))
    return tuple(text for text in texts if text and (time := time_of(text)) is not None and time <= now_ms)


def bad_times(
    item: str, annotations: Mapping[str, str], workloads: Iterable[ObjectFact], pods: Iterable[PodFact]
) -> list[Problem]:
    """Requests for a restart that are no time: of the resource, whose kind and name ``item`` is, of its workloads and pods."""
    asked = {
        item: annotations.get(names.RESTART, ""),
        **{f"StatefulSet {fact.name}": fact.notes.get(names.RESTART, "") for fact in workloads},
        **{f"pod {pod.name}": pod.restart for pod in pods},
    }
    return [
        Problem(
            "BadRestartTime",
            f"annotation {names.RESTART} of {what} is not a time but {text[:64]!r}; use RFC 3339, as 'kubectl rocketmq restart' does",
        )
        for what, text in asked.items()
        if text and time_of(text) is None
    ]


def time_of(text: str) -> int | None:
    """An RFC 3339 time in ms since 1970; None if it is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return int(found.timestamp() * 1000) if found.tzinfo else None
