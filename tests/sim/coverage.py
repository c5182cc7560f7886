"""What happened how often, over all histories; and what must have happened at least once, or the run proves too little."""

from collections import Counter
from collections.abc import Iterator

from rocketmq_operator.reconcile.act import Actor, Outcome

from .driver.plot import CATALOGUE, SCENES
from .world.kernel import Kernel
from .world.weather import ADMIN_FAULTS, API_FAULTS, WATCH_FAULTS

FAULTS = {
    *(f"fault/api/{each}" for each in API_FAULTS),
    *(f"fault/admin/{each}" for each in ADMIN_FAULTS),
    *(f"fault/watch/{each}" for each in (*WATCH_FAULTS, "gone")),
    *(f"fault/pod/{each}" for each in ("unschedulable", "slow-start", "image-pull", "slow-stop")),
    "fault/operator/killed-between-calls",
    "fault/operator/two-at-once",
    "fault/volume/cannot-grow",
}
HAPPENINGS = {f"event/world/{each.name}" for each in CATALOGUE} | {f"scene/{each.name}" for each in SCENES}
# An intent is the only ConfigMap that is ever changed, and its changes have no word of their own.
ACTIONS = {
    f"action/{each}"
    for each in (
        "Apply/", "Apply/PodDisruptionBudgetUpdated", "Apply/ServiceUpdated",
        "Configure/MasterFenced", "Configure/MasterOpened", "Configure/NameServersChanged",
        "Create/ConfigMapCreated", "Create/PodDisruptionBudgetCreated", "Create/ServiceCreated", "Create/StatefulSetCreated",
        "SetGate/BrokerNotRegistered", "SetGate/BrokerRegistered",
    )
}  # fmt: skip
SCALING = {
    f"action/{each}"
    for each in (
        "Configure/CopiesChanged", "Configure/GroupClosed", "Configure/GroupFenced", "Configure/MasterClosed",
        "Configure/SlaveKicked", "Copy/MetadataCopied", "PutOrders/OrderConfigurationChanged",
        "PutOrders/OrderConfigurationCopied", "Remove/GroupRemoved", "Remove/MasterMoved", "Remove/SlaveRestarted",
        "Resize/MemberAdded", "Resize/MemberRemoved", "Resize/NameServerRemoved", "Resize/ScaledUp",
        "SetFinalizer/DeletionAllowed", "SetFinalizer/MessagesProtected", "SetGate/NameServerComplete",
        "SetGate/NameServerIncomplete", "SetListed/NameServerListed", "SetListed/NameServerUnlisted",
        "WipeWritePermission/",
    )
}  # fmt: skip
ROLLOUTS = {
    f"action/{each}"
    for each in (
        "Annotate/ConfigChangedLive", "Annotate/RolledBack", "Annotate/RolloutComplete", "Apply/StatefulSetUpdated",
        "Configure/SettingsChanged", "Create/", "NumberRevision/", "Remove/ImageChanged", "Remove/RestartRequested",
        "SetPartition/ConfigNeedsRestart", "SetPartition/ImageChanged", "SetPartition/ReplicationModeChanged",
        "SetPartition/ResourcesChanged", "SetPartition/OperatorUpgraded", "SetPartition/",
    )
}  # fmt: skip
GROWTH = {"action/GrowClaim/VolumeGrows", "action/Orphan/VolumeResized", "volume/grown", "set/adopted-a-pod"}
RESTS = {
    f"rest/{kind}/{each}"
    for kind, causes in (("brokerclusters", ("growth-", "upgrade-")), ("nameservers", ("upgrade-",)))
    for each in (f"{cause}restarts-nobody" for cause in causes)
}
"""Looks at what rests after something has happened to it that is no reason to restart."""
GROUPS = {
    f"transition/group/{each}"
    for each in (
        "Joining->Opening", "Opening->Serving", "Serving->ClosingOrder", "Serving->Closing", "Serving->Fenced",
        "ClosingOrder->Closing", "Closing->Fenced", "Fenced->Drained", "Drained->Removing", "Removing->Left",
        "Left->Joining", "Drained->Fenced", "Fenced->Removing", "Joining->Removing", "ClosingOrder->Opening",
        "Closing->Opening", "Fenced->Opening", "Drained->Opening", "Serving->Moving",
        "Moving->Serving", "Serving->Yielding", "Yielding->Restarting", "Yielding->Serving", "Serving->Restarting",
        "Restarting->Serving",
    )
}  # fmt: skip
MEMBERS = {
    *(f"transition/members/{a}->{b}" for a, b in ((1, 2), (1, 3), (2, 3), (3, 2), (2, 1))),
    "transition/copies/1->2", "transition/copies/2->1",
    "entry/seeded", "entry/made-anew", "entry/VolumeLost", "entry/VolumeOfEarlierLife", "removal/forced",
}  # fmt: skip
ENDS = {
    "end/converged",
    "play/held",
    "send/0",
    "send/1",
    "send/12",
    "send/16",
    "consumer/sent-back",
    "consumer/resent",
    "consumer/sent-back-to-a-torn-log",
    "eviction/evicted",
}
REQUIRED = FAULTS | HAPPENINGS | ACTIONS | SCALING | ROLLOUTS | GROWTH | RESTS | GROUPS | MEMBERS | ENDS

ENOUGH = 1000
"""From so many histories on, what never happened fails the run."""

_current: list[Kernel] = []


def watch(kernel: Kernel) -> None:
    """Count the actions of plans for this history from now on."""
    _current[:] = [kernel]


_carry_out = Actor.carry_out


async def _counted(self: Actor, actions):  # type: ignore[no-untyped-def]
    for each in actions:
        name = f"{type(each).__name__}/{each.reason}"
        _current[0].count(f"action/{name}")
        _current[0].tell("plan:", name, each.message)
    outcome: Outcome = await _carry_out(self, actions)
    return outcome


Actor.carry_out = _counted  # type: ignore[method-assign]


def missing(seen: Counter[str]) -> list[str]:
    """What must have happened and did not."""
    return sorted(REQUIRED - set(seen))


def table(seen: Counter[str]) -> Iterator[str]:
    """The table, by family."""
    family = ""
    for name, count in sorted(seen.items()):
        head, _, rest = name.partition("/")
        if head != family:
            family = head
            yield f"{family}:"
        yield f"  {rest:<56} {count:>9}{'' if name in REQUIRED else '  (not required)'}"
