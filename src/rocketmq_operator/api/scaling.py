"""How a cluster shrinks: what a broker group that leaves is waited for, and who decides about what nobody reads."""

from enum import Enum
from typing import Annotated, ClassVar

from .common import Wire
from .schema import Rule, doc


class OnTimeout(Enum):
    """Block: the group stays, closed, until it is drained. Force: a group that ``force`` names is removed as it is."""

    BLOCK = "Block"
    FORCE = "Force"


class ScaleDown(Wire, frozen=True):
    """Rules for groups that leave."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.onTimeout != 'Force' || (has(self.force) && size(self.force) > 0 && has(self.timeoutSeconds))",
            "onTimeout Force gives up messages: name the groups in force, and set timeoutSeconds",
            field_path=".onTimeout",
        ),
    )

    timeout_seconds: Annotated[
        int | None,
        doc(
            "How long a fenced group may take to be read to its end before that is reported. Default: for ever.",
            ge=10,
            le=2_592_000,
        ),
    ] = None
    on_timeout: Annotated[
        OnTimeout,
        doc(
            "Block: a group that is not drained stays, closed. Force: the groups named in force are removed with what is in them."
        ),
    ] = OnTimeout.BLOCK
    force: Annotated[
        list[Annotated[str, doc(max_length=127)]],
        doc(
            "Broker names (such as broker-2) of groups that may be removed undrained after the time-out.",
            list_type="set",
            max_length=64,
        ),
    ] = []
    discard_topics: Annotated[
        list[Annotated[str, doc(max_length=255)]],
        doc("Topics whose messages on leaving groups are given up, read or not.", list_type="set", max_length=256),
    ] = []
    close_seconds: Annotated[
        int,
        doc(
            "How long clients may take to learn that a group takes no more messages: their pollNameServerInterval (30 s) and a little. "
            "With proxies 65.",
            ge=31,
            le=600,
        ),
    ] = 35
