"""What a rule decided about one group at this moment."""

import msgspec

from ..facts import Problem
from ..plan import Action
from .life import Life


class Step(msgspec.Struct, frozen=True):
    """``life`` is what the intent should say now; ``actions`` belong to the phase that was read, not to a new one.

    ``doing`` tells a user what goes on (empty: nothing), ``problem`` what needs a person. ``left`` and ``total`` count
    messages that are to be read, now and when the fence fell. ``again``: seconds until the next look is worth it.
    ``rolling`` tells what a rollout does here or waits for; ``template`` that the new template may be written now.
    """

    life: Life
    actions: tuple[Action, ...] = ()
    doing: str = ""
    problem: Problem | None = None
    left: int | None = None
    total: int = 0
    again: float | None = None
    rolling: str = ""
    template: bool = False
