"""Conditions: what they say, and when their time changes (Kubernetes API conventions, *Typical status properties*)."""

from collections.abc import Iterable, Sequence

import msgspec

from rocketmq_operator.api import BrokerClusterStatus, NameServerStatus
from rocketmq_operator.api.common import Condition, condition

from .facts import Problem
from .plan import Event

Status = BrokerClusterStatus | NameServerStatus
RECOVERED = "Recovered"


class Verdict(msgspec.Struct, frozen=True):
    """A condition without its time."""

    type: str
    status: bool | None
    reason: str
    message: str = ""


def settle(verdicts: Iterable[Verdict], before: Sequence[Condition], generation: int, now: str) -> list[Condition]:
    """Conditions with their times: a time changes when the status does, and only then. ``now`` in RFC 3339."""
    return [_settled(verdict, condition(list(before), verdict.type), generation, now) for verdict in verdicts]


def _settled(verdict: Verdict, before: Condition | None, generation: int, now: str) -> Condition:
    status = {True: "True", False: "False", None: "Unknown"}[verdict.status]
    since = before.last_transition_time if before and before.status == status else now
    return Condition(verdict.type, status, verdict.reason, verdict.message, since, generation)


def degraded(problems: Sequence[Problem]) -> Verdict:
    """The ``Degraded`` condition: the first problem's reason, and all their sentences."""
    distinct = list(dict.fromkeys(problems))
    if not distinct:
        return Verdict("Degraded", False, "AsExpected")
    return Verdict("Degraded", True, distinct[0].reason, "; ".join(problem.message for problem in distinct))


def events(before: Sequence[Condition], after: Sequence[Condition]) -> tuple[Event, ...]:
    """What changed in words worth telling: readiness both ways, each new kind of trouble."""
    told = []
    for each in after:
        earlier = condition(list(before), each.type)
        if earlier and (earlier.status, earlier.reason) == (each.status, each.reason):
            continue
        if each.type == "Degraded" and each.status == "True":
            told.append(Event("Warning", each.reason, each.message))
        elif each.type == "Degraded" and earlier and earlier.status == "True":
            told.append(Event("Normal", RECOVERED, "no problem is known any more"))
        elif each.type == "Ready" and each.status == "True":
            told.append(Event("Normal", "Ready", each.message))
        elif each.type == "Ready" and earlier and earlier.status == "True":
            told.append(Event("Warning", each.reason, each.message))
    return tuple(told)


def with_problems(
    status: Status, before: Sequence[Condition], problems: Sequence[Problem], now: str
) -> tuple[Status, tuple[Event, ...]]:
    """The status with what went wrong while acting put into ``Degraded``, and the events that follow from it."""
    if not problems:
        return status, ()
    planned = condition(status.conditions, "Degraded")
    known = [Problem(planned.reason, planned.message)] if planned and planned.status == "True" else []
    verdict = degraded([*known, *problems])
    changed = settle([verdict], before, status.observed_generation, now)
    others = [each for each in status.conditions if each.type != "Degraded"]
    return msgspec.structs.replace(status, conditions=[*others, *changed]), events(before, changed)
