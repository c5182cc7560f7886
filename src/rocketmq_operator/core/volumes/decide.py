"""The rules about volumes, put together: what is refused, how they grow, which sets are made anew, which volumes are lost."""

from collections.abc import Sequence

import msgspec

from ..cluster_owner import owner_of
from ..facts import ClusterSnapshot, Problem
from ..groups.decide import Groups
from ..plan import Action, Create
from . import anew, growth, lost, refused
from .view import groups as with_volumes


class Decision(msgspec.Struct, frozen=True):
    """What to do, what needs a person, what goes on in words."""

    actions: list[Action]
    problems: list[Problem]
    waiting: list[str]


def decide(snapshot: ClusterSnapshot, groups: Groups, others: Sequence[Action], now_ms: int) -> Decision:
    """Everything about volumes at this moment; ``others`` are the actions decided before."""
    found = with_volumes(snapshot)
    problems = refused.problems(snapshot, found)
    if not snapshot.claims:
        return Decision([], problems, [])
    grown = growth.decide(snapshot, found)
    gone = lost.decide(snapshot, found, groups.views, others, now_ms)
    released = (anew.release(snapshot, view) for view in groups.views.values())
    return Decision(
        [*grown.actions, *gone.actions, *(each for each in released if each)],
        [*problems, *grown.problems, *gone.problems],
        list(grown.waiting),
    )


def restore(snapshot: ClusterSnapshot, groups: Groups) -> list[Create]:
    """Sets that went and are to come again."""
    owner = owner_of(snapshot.cluster)
    found = (anew.restore(snapshot, index, view.life, owner) for index, view in groups.views.items())
    return [each for each in found if each]
