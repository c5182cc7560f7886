"""How a running cluster is changed: how many groups at once, what is tried first, when pods may restart at all."""

from typing import Annotated, ClassVar

from .common import Wire
from .schema import Rule, doc

CRON = r"^\s*\S+(\s+\S+){4}\s*$"
TIME_ZONE = r"^[A-Za-z][-A-Za-z0-9_+/]*$"


class MaintenanceWindow(Wire, frozen=True):
    """A time in which pods may be restarted."""

    schedule: Annotated[
        str,
        doc(
            "When it opens, in cron's five fields: minute, hour, day of month, month, day of week.",
            max_length=128,
            pattern=CRON,
        ),
    ]
    duration_minutes: Annotated[int, doc("How long it stays open.", ge=10, le=10_080)] = 60
    time_zone: Annotated[
        str, doc("Time zone of the schedule, as in Europe/Berlin.", max_length=64, pattern=TIME_ZONE)
    ] = "UTC"


class Canary(Wire, frozen=True):
    """One group first; the others wait."""

    soak_seconds: Annotated[
        int | None,
        doc(
            "How long the first group must serve without a restart and with full copies before the others follow by themselves. "
            "Default: they wait for 'kubectl rocketmq promote'.",
            ge=10,
            le=2_592_000,
        ),
    ] = None


class Restarts(Wire, frozen=True):
    """Rules for restarts of any kind of pod."""

    step_timeout_seconds: Annotated[
        int,
        doc("How long a restarted pod may take to be ready before the rollout halts.", ge=30, le=86_400),
    ] = 900
    auto_rollback: Annotated[
        bool,
        doc(
            "Go back to the last revision that ran everywhere when a rollout halts. The spec stays as it is: the status says that they differ."
        ),
    ] = False
    maintenance_windows: Annotated[
        list[MaintenanceWindow],
        doc("Rollouts begin only in these windows; without any, at any time.", list_type="atomic", max_length=16),
    ] = []
    history_limit: Annotated[int, doc("Revisions kept for undo.", ge=2, le=100)] = 10


class Rollout(Restarts, frozen=True):
    """Rules for changes of broker groups."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    max_unavailable_groups: Annotated[
        int, doc("Broker groups that may be closed or restarting at the same time because of a rollout.", ge=1, le=64)
    ] = 1
    canary: Annotated[Canary | None, doc("Change one group first.")] = None
