"""Which pods a rollout takes, in which order, and which groups close for it: what ``turn`` would do one step after the other.

It asks the same rules as the deed (who is due, who goes first, who can be spared, who stays put) and supposes that every
restarted pod comes back well. Groups that are ill go first; that is a matter of the moment and not foreseen.
"""

from collections.abc import Mapping

import msgspec

from ..facts import ClusterSnapshot, PodFact, Problem
from ..groups.closing import rules
from ..groups.decide import views_of
from ..groups.life import Phase
from ..groups.view import GroupView, Views
from ..members import member_count
from . import hold, survey
from .course import Turns
from .members import has_others, in_pod, spared, stays_open, stays_put
from .settled import settled
from .standing import Standing
from .target import Target


class Restart(msgspec.Struct, frozen=True, rename="camel"):
    """A pod that restarts: why, in the words of its event; whether its group is closed for writing then; what is waited
    for before it (promotion of the canary), if anything."""

    pod: str
    group: str
    role: str
    reasons: tuple[str, ...]
    closed: bool = False
    waits: str = ""


class Closing(msgspec.Struct, frozen=True, rename="camel"):
    """A group that is closed for writing before ``pod`` restarts, and opens when its last member is back. ``seconds``: how
    long clients are given to learn it first; 0 where there is no other group that they could turn to."""

    group: str
    pod: str
    seconds: int
    order_topics: bool | None = None


class Foreseen(msgspec.Struct, frozen=True):
    """``pauses`` are what clients notice whatever the operator does; ``refusals`` are what it will not do; ``at_once``
    groups may be on their way at a time."""

    restarts: tuple[Restart, ...] = ()
    closings: tuple[Closing, ...] = ()
    pauses: tuple[str, ...] = ()
    refusals: tuple[Problem, ...] = ()
    at_once: int = 1


def foresee(snapshot: ClusterSnapshot, target: Target, now_ms: int) -> Foreseen:
    """The whole rollout of a cluster whose spec is the target's."""
    spec, snapshot = snapshot.cluster.spec, settled(snapshot, now_ms)
    known = views_of(snapshot, now_ms)
    views = {index: _going_on(view, now_ms) for index, view in known.items() if index < spec.group_replica}
    standings = survey.standings(snapshot, views, target, now_ms)
    turns = _turns(snapshot, views, standings, target, now_ms)
    proof = _proof(snapshot, standings, target)
    if proof:
        turns.one_first()
    found: list[Foreseen] = []
    free = turns.most
    for place, index in enumerate(turns.sequence):
        if not free:
            # A group that cannot come to its end keeps its turn.
            break
        waits = proof if place >= turns.most and views[index].life.initialized else ""
        ways = _group(views[index], turns.standings[index], waits)
        found.append(ways)
        free -= bool(ways.refusals)
    return Foreseen(
        tuple(each for ways in found for each in ways.restarts),
        tuple(each for ways in found for each in ways.closings),
        tuple(dict.fromkeys(each for ways in found for each in ways.pauses)),
        tuple(each for ways in found for each in ways.refusals),
        turns.most,
    )


def _going_on(view: GroupView, now_ms: int) -> GroupView:
    """A closed group whose master has come back opens before anything else is done with it: it stands where others do that serve."""
    if view.life.phase is not Phase.RESTARTING or not view.came_since:
        return view
    return GroupView(view.snapshot, view.index, view.life.to(Phase.SERVING, now_ms))


def _turns(
    snapshot: ClusterSnapshot, views: Views, standings: Mapping[int, Standing], target: Target, now_ms: int
) -> Turns:
    renewed = {index: survey.renewed(snapshot, views[index], each, target, now_ms) for index, each in standings.items()}
    return Turns(snapshot, views, renewed, {}, now_ms)


def _proof(snapshot: ClusterSnapshot, standings: Mapping[int, Standing], target: Target) -> str:
    """What those wait for who are not the canary."""
    canary = snapshot.cluster.spec.rollout.canary if snapshot.cluster.spec.rollout else None
    if canary is None or not hold.to_prove(snapshot, standings, target):
        return ""
    return "promotion" if canary.soak_seconds is None else f"{canary.soak_seconds} s of the canary"


def _group(view: GroupView, standing: Standing, waits: str) -> Foreseen:
    """One group's way."""
    restarts: list[Restart] = []
    closings: list[Closing] = []
    pauses: list[str] = []
    closed = view.life.phase is Phase.RESTARTING
    for pod in standing.outdated:
        if view.life.initialized:
            if stays_put(view, pod):
                return Foreseen(tuple(restarts), tuple(closings), tuple(pauses), (in_pod(view),))
            if not closed and not stays_open(view, pod):
                closed = True
                closings.append(_closing(view, pod))
            pauses += _pauses(view, pod)
        role = "slave" if pod.member else "master"
        restarts.append(Restart(pod.name, view.name, role, standing.why[pod.name], closed, waits))
    return Foreseen(tuple(restarts), tuple(closings), tuple(pauses))


def _closing(view: GroupView, pod: PodFact) -> Closing:
    data = view.data
    ordered = None if data is None else any(topic.order for topic in data.topics.values())
    return Closing(view.name, pod.name, rules(view).close_seconds if has_others(view) else 0, ordered)


def _pauses(view: GroupView, pod: PodFact) -> list[str]:
    """What nobody can avoid while a member is away."""
    away = f"while {pod.name} restarts"
    if pod.member:
        if has_others(view) or spared(view, pod):
            return []
        return [
            f"{view.name} is the only group, and SYNC needs this slave: sends are stored but not acknowledged {away}"
        ]
    alone = member_count(view.cluster.spec) == 1
    if has_others(view):
        # In the same words for each group, so that they are said once.
        words = "sends that must go to its group fail, and what the group holds cannot be read"
        return [f"groups of one member: while a master restarts, {words}"] if alone else []
    unread = ", and nothing can be read" if alone else ""
    return [f"{view.name} is the only group, no other takes over: sends fail{unread} {away}"]
