"""All groups of a cluster on their way to the target: who may begin, who has to wait and for what.

One group at a time by default, the lowest first, but one that is ill before those that serve. All others must serve before
the next begins.
"""

from collections.abc import Mapping

import msgspec

from ..facts import ClusterSnapshot, Problem
from ..groups.life import Phase
from ..groups.view import GroupView, Views
from ..volumes import anew
from . import hold, survey, versions
from .standing import Standing, broken
from .target import Target

IN_TURN = frozenset({Phase.YIELDING, Phase.RESTARTING})
AWAY = IN_TURN | {Phase.MOVING}
"""Phases in which a group is closed for a while because of us, or about to be; others wait with theirs."""


class Course(msgspec.Struct, frozen=True):
    """``gates`` says by group why it may not take its next step; ``stop`` is what also stops a group that has begun.
    ``going`` are the standings of groups that leave; ``most`` groups may be closed at a time. ``problems`` need a person.
    ``ills`` says what is not well with which group."""

    target: Target
    standings: Mapping[int, Standing] = {}
    gates: Mapping[int, str] = {}
    stop: str = ""
    halted: Problem | None = None
    problems: tuple[Problem, ...] = ()
    ills: Mapping[int, str] = {}
    upgrading: bool = False
    going: Mapping[int, Standing] = {}
    most: int = 1

    @property
    def due(self) -> bool:
        """Whether pods are still to restart."""
        return any(standing.due for standing in self.standings.values())

    def gate(self, index: int) -> str:
        """Why a group may not begin; empty if it may."""
        return self.gates.get(index, "")


def chart(snapshot: ClusterSnapshot, views: Views, target: Target, now_ms: int) -> Course:
    """Where the cluster stands; nothing while an input is missing, since what is wanted is not known then."""
    if snapshot.problems:
        return Course(target)
    wanted = {index: view for index, view in views.items() if index < snapshot.cluster.spec.group_replica}
    standings = survey.standings(snapshot, wanted, target, now_ms)
    running = (fact.version for fact in snapshot.brokers.values())
    refused = versions.refused(snapshot.cluster.spec.broker_image, running)
    if refused:
        # Not that nothing differs: a workload would then be noted, and written anew, as what it must not become.
        kept = {index: msgspec.structs.replace(each, changes=None) for index, each in standings.items()}
        return Course(target, kept, dict.fromkeys(kept, "it is refused"), "it is refused", problems=(refused,))
    leaving = {index: view for index, view in views.items() if index not in wanted}
    going = survey.standings(snapshot, leaving, target, now_ms)
    found = hold.find(snapshot, views, standings, going, target, now_ms)
    turns = Turns(snapshot, wanted, standings, survey.ills(snapshot, wanted, now_ms), now_ms)
    if found.proves:
        turns.one_first()
    gates = {index: found.hard or turns.gate(index, found.soft, found.tries) for index in standings}
    return Course(
        target,
        standings,
        gates,
        found.hard,
        found.halted,
        found.problems,
        turns.ills,
        found.upgrading,
        going,
        turns.most,
    )


class Turns:
    """Whose turn it is."""

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        views: Views,
        standings: Mapping[int, Standing],
        ills: Mapping[int, str],
        now_ms: int,
    ) -> None:
        self.now_ms = now_ms
        rules = snapshot.cluster.spec.rollout
        # One stays open: groups that close together find nobody to take over, and open again together, for ever.
        self.most = max(1, min(rules.max_unavailable_groups if rules else 1, len(views) - 1))
        self.views, self.standings, self.ills = views, standings, ills
        self.due = sorted(index for index, each in standings.items() if each.due and views[index].life.initialized)
        begun = [index for index in self.due if in_turn(views[index], standings[index])]
        closed = [index for index, view in views.items() if view.life.phase in IN_TURN]
        self.holders = list(dict.fromkeys([*closed, *begun]))[: max(self.most, len(closed))]

    def one_first(self) -> None:
        """A canary is one group, however many may go at a time later."""
        self.most = 1
        self.holders = self.holders[:1] or self.holders

    @property
    def sequence(self) -> list[int]:
        """The groups that are due in the order in which they go when all are well; who was never open waits for nobody."""
        fresh = (index for index, each in sorted(self.standings.items()) if each.due and index not in self.due)
        begun = (index for index in self.holders if self.standings[index].due)
        return list(dict.fromkeys([*fresh, *begun, *self.due]))

    def gate(self, index: int, soft: str, tries: str) -> str:
        """Why a group may not begin, or go on to its next pod; empty if it may."""
        view, standing = self.views[index], self.standings[index]
        begun = index in self.holders
        if not standing.due or not view.life.initialized or (begun and view.life.phase in IN_TURN):
            # One that was never open has nobody to disturb; one that is closed comes to its end.
            return ""
        if anew.begun(view):
            # Without its set nothing says of it that it is to restart, and another group would take its turn beside it.
            return "its StatefulSet is made anew around its pods"
        lost = any(broken(pod, self.now_ms) for pod in view.pods)
        if not begun and len(self.holders) >= self.most and not (lost and self._open_holders()):
            return f"waits for {self.views[self.holders[0]].name}"
        if tries and not lost:
            # Where somebody does not serve that may be whom all wait for; who serves beside it waits for it in any case (``members.others``).
            return tries
        if (begun and index in self.ills) or lost:
            # Its own member is away because of us, or it does not serve anyway.
            return ""
        for other, trouble in sorted(self.ills.items()):
            if other not in self.holders and self.views[other].life.initialized:
                return f"waits until {self.views[other].name} serves: {trouble}"
        if begun or soft:
            return "" if begun else soft
        ahead = [each for each in self.due if each not in self.holders][: self.most - len(self.holders)]
        return "" if index in ahead else f"waits for its turn after {self.views[ahead[-1]].name}"

    def _open_holders(self) -> bool:
        """Whether those whose turn it is are all open: they wait for groups that are ill, which may only be mended here."""
        return not any(self.views[index].life.phase in IN_TURN for index in self.holders)


def in_turn(view: GroupView, standing: Standing) -> bool:
    """Whether a group has begun: it is closed for it, or its pods are on their way."""
    return view.life.phase in IN_TURN or standing.begun(len(view.pods))
