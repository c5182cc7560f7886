"""A kind of event in the world."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .history import History


class Event(NamedTuple):
    """``happen`` does it and returns True, or False where the world is not such that it can."""

    name: str
    weight: float
    happen: Callable[["History"], bool]


def never() -> bool:
    """What never comes to its end."""
    return False
