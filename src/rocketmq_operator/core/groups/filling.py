"""What lives on leaving groups alone is made on those that stay, before any of them closes.

A topic with readers takes no message there until their first offsets are told, in several requests. A group for which that was begun
has it in its intent, from before the first of them until all is there, whatever becomes of the group that leaves: called back, or
never open and gone within a second, it is no reason any more to look, and the topic would stay closed (found by the simulator).
"""

from collections.abc import Mapping

import msgspec

from ..plan import Action, Copy
from . import copying
from .closing import Circle
from .copying import Missing
from .data import BrokerData
from .life import OVER
from .step import Step
from .view import GroupView, Views, data_of

COPY_REASON = "MetadataCopied"


class Filled(msgspec.Struct, frozen=True):
    """What groups get, and their steps: with what is noted of it."""

    actions: tuple[Action, ...]
    steps: dict[int, Step]


def begun(views: Views) -> bool:
    """Whether some group is still to get all that was begun."""
    return any(view.life.filling for view in views.values())


def decide(circle: Circle, steps: Mapping[int, Step]) -> Filled:
    """Noted first, then copied, until nothing is missing."""
    filled, actions = dict(steps), []
    for view in circle.staying:
        missing = _missing(circle, view)
        if missing is None:
            continue
        filling = bool(missing.opens) or (view.life.filling and bool(missing))
        if filling != view.life.filling:
            step = steps[view.index]
            life = msgspec.structs.replace(step.life, filling=filling)
            filled[view.index] = msgspec.structs.replace(step, life=life, again=0.5)
        if missing and filling == view.life.filling and view.master:
            why = (
                "which groups that leave hold alone" if circle.leaving else "which was begun when a group was to leave"
            )
            message = f"copied {missing.words()} to {view.name}, {why}"
            actions.append(Copy(COPY_REASON, message, view.address, view.master.name, missing))
    return Filled(tuple(actions), filled)


def _missing(circle: Circle, view: GroupView) -> Missing | None:
    """What a group that stays is to get now; None as long as that cannot be said, and where there is nothing to ask."""
    # One whose workload is gone ends at any moment: nothing is begun for it any more.
    going = [each.data for each in circle.leaving if each.data is not None and not _gone(each)]
    staying = data_of(circle.staying)
    if not going or not staying:
        return _half_made(circle, view)
    assert view.data is not None
    return copying.for_staying(going, staying, view.data, circle.own) or _half_made(circle, view)


def _half_made(circle: Circle, view: GroupView) -> Missing | None:
    """What is left of an earlier try; every group may know the topic and its readers."""
    if not view.life.filling:
        return None
    others = [each for each in (*circle.knowing, *circle.leaving) if each.index != view.index and not _gone(each)]
    known: list[BrokerData] | None = data_of(others)
    return None if known is None or view.data is None else copying.for_half_made(known, view.data, circle.own)


def _gone(view: GroupView) -> bool:
    return view.life.phase in OVER and not view.exists
