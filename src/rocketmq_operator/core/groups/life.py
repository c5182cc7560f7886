"""Where a broker group stands: kept as text in its intent ConfigMap, so that the operator may die at any moment.

    Serving -> [ClosingOrder ->] Closing -> Fenced -> Drained -> Removing -> Left -> (asked for again) Joining
    Joining -> Opening -> Serving;  any of the closing phases -> Opening when the group is wanted again, Removing excepted:
    views lag, and its workload may be gone already
    Serving -> Moving -> Serving: the master leaves a cordoned node
    Serving -> [Yielding ->] Restarting -> Serving: members restart that cannot while the group takes messages

A transition is written first, with the resourceVersion it was decided on; what a phase asks for is done in a later pass,
when the phase has been read back. So a restarting broker always finds in its intent what is being done to it.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec


class Phase(Enum):
    """A step in the life of a group."""

    SERVING = ""
    JOINING = "Joining"
    OPENING = "Opening"
    CLOSING_ORDER = "ClosingOrder"
    CLOSING = "Closing"
    FENCED = "Fenced"
    DRAINED = "Drained"
    REMOVING = "Removing"
    LEFT = "Left"
    MOVING = "Moving"
    YIELDING = "Yielding"
    RESTARTING = "Restarting"


OPEN_PHASES = frozenset({Phase.SERVING, Phase.OPENING})
"""Phases in which a master may accept messages from everybody."""

LEAVING_PHASES = frozenset({Phase.CLOSING_ORDER, Phase.CLOSING, Phase.FENCED, Phase.DRAINED, Phase.REMOVING})
OVER = frozenset({Phase.REMOVING, Phase.LEFT})
"""Nothing brings such a group back."""
"""Phases of a group that is on its way out and can still be called back."""

DRAINED, FORCED = "drained", "forced"
"""How a life ended: with nothing unread in it, or because the user said so."""


class Life(msgspec.Struct, frozen=True):
    """A group's state. ``since`` (ms since 1970) is when the phase began; ``number`` counts the group's lives from 1, and
    ``previous`` says how the one before ended. ``boot`` and ``reading`` are what was noted when nothing was left to read;
    ``total`` is how many messages were unread when the fence fell. ``filling``: topics of groups that leave are being made on it."""

    phase: Phase = Phase.SERVING
    since: int = 0
    number: int = 1
    previous: str = ""
    initialized: bool = False
    boot: int = 0
    reading: str = ""
    total: int = 0
    filling: bool = False

    def to(self, phase: Phase, now_ms: int) -> "Life":
        """The same group in another phase."""
        return msgspec.structs.replace(self, phase=phase, since=now_ms, boot=0, reading="")

    def again(self, phase: Phase, now_ms: int) -> "Life":
        """The group's next life."""
        return Life(phase, now_ms, self.number + 1, self.previous)

    @property
    def permission(self) -> str:
        """``brokerPermission`` as a restarting broker must have it: 6 open, 4 closed for writing."""
        return "6" if self.phase in {*OPEN_PHASES, Phase.CLOSING_ORDER, Phase.YIELDING} else "4"


def read(data: Mapping[str, str]) -> Life:
    """A life from an intent's data; what cannot be read counts as not said."""
    return Life(
        _phase(data.get("phase", "")),
        _number(data.get("since")),
        _number(data.get("life"), 1),
        data.get("previousLife", ""),
        data.get("initialized") == "true",
        _number(data.get("boot")),
        data.get("reading", ""),
        _number(data.get("total")),
        data.get("filling") == "true",
    )


def written(life: Life) -> dict[str, str]:
    """A life as an intent's data."""
    return {
        "initialized": "true" if life.initialized else "false",
        "brokerPermission": life.permission,
        "phase": life.phase.value,
        "since": str(life.since),
        "life": str(life.number),
        "previousLife": life.previous,
        "boot": str(life.boot),
        "reading": life.reading,
        "total": str(life.total),
        **({"filling": "true"} if life.filling else {}),
    }


def _phase(text: str) -> Phase:
    try:
        return Phase(text)
    except ValueError:
        return Phase.SERVING


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() else default
