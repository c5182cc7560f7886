"""Members of a broker group, up and down: slaves only, the highest first, one at a time, and never the last full copy.

A slave counts when it is a *full copy*: it holds the master's log from the first record on, and has kept up. RocketMQ
itself compares the ends only, and a slave that began with the last file looks caught up. ``Resize`` is the only thing that
changes; what a restarting broker must know of it stands in the group's intent.

What acknowledges a message depends on the version (ROCKETMQ.md §2, §8): from 5.0 on on ``inSyncReplicas``, which a master
takes live; before on the master's role, which it takes at its start only.
"""

from collections.abc import Mapping

import msgspec

from .facts import BrokerFact, PodFact, Problem
from .pods import UNSCHEDULABLE

KEEPS_UP = 16 << 20
"""Bytes that a slave may be behind and still count as a copy: what is under way while messages stream in."""


class Group(msgspec.Struct, frozen=True):
    """What decides about a group's members.

    ``wanted`` members by the spec; ``replicas`` by the StatefulSet that runs, None if there is none; ``copies`` what the
    intent says of inSyncReplicas, 0 if nothing; ``user_copies`` what the spec's properties say, None if nothing. ``sync``:
    the spec's replicationMode. ``master_lost``: the master's messages are lost, or go with its pod. ``closed``: the master has started
    again, and was not opened since.
    """

    name: str
    wanted: int
    sync: bool
    replicas: int | None = None
    copies: int = 0
    user_copies: int | None = None
    pods: tuple[PodFact, ...] = ()
    brokers: Mapping[str, BrokerFact] = {}
    master_lost: bool = False
    closed: bool = False
    now_ms: int = 0

    def slaves(self, below: int | None = None) -> list[PodFact]:
        """Slaves, lowest first; ``below`` leaves out those that a smaller group would not have."""
        found = [pod for pod in self.pods if pod.member and (below is None or pod.member < below)]
        return sorted(found, key=lambda pod: pod.member)

    def fact(self, member: int) -> BrokerFact | None:
        """What a member says of itself; None if it does not answer or is on its way out."""
        pod = next((pod for pod in self.pods if pod.member == member), None)
        return self.brokers.get(pod.name) if pod and not pod.deleting else None

    def serves(self, pod: PodFact) -> bool:
        """Whether a member is there: one that only answers is still starting, and no name server may know it yet."""
        return pod.ready and self.fact(pod.member) is not None


class Decision(msgspec.Struct, frozen=True):
    """``replicas``: what the StatefulSet and the intent's ``members`` should say now; ``copies``: the intent's inSyncReplicas;
    ``live``: what to tell the running master, None if nothing. ``waiting``, ``pending``, ``problem`` say what is in the way."""

    replicas: int
    copies: int
    live: int | None = None
    waiting: str = ""
    pending: str = ""
    problem: Problem | None = None


def full_copy(master: BrokerFact, slave: BrokerFact) -> bool:
    """Whether a slave holds what its master holds, but for what is under way."""
    return holds_all_from_start(master, slave) and slave.max_offset >= master.max_offset - KEEPS_UP


def caught_up(master: BrokerFact, slave: BrokerFact) -> bool:
    """Whether a slave, when it was asked, held all that its master had held before: no message depends on another copy."""
    return holds_all_from_start(master, slave) and slave.max_offset >= master.held_before


def holds_all_from_start(master: BrokerFact, slave: BrokerFact) -> bool:
    """Whether nothing is missing at the beginning of a slave's log. A log without any file begins at -1."""
    if master.max_offset <= max(0, master.min_offset):
        return True
    return 0 <= slave.min_offset <= master.min_offset and slave.max_offset > master.min_offset


def left_behind(master: BrokerFact, slave: BrokerFact) -> bool:
    """Whether the master has deleted what the slave needs next: it asks for that for ever, and gets nothing. Also one that holds
    nothing: it was connected while its master was empty, and waits for the first record since."""
    return slave.max_offset < master.min_offset


def decide(group: Group) -> Decision:
    """The next step towards the wanted number of members."""
    if group.replicas is None:
        return Decision(group.wanted, _goal(group, group.wanted))
    if group.wanted < group.replicas:
        return _down(group, group.replicas)
    if group.wanted > group.replicas and group.sync and group.replicas == 1:
        waiting, pending = _role_changes(group)
        if waiting or pending:
            return _stay(group, waiting=waiting, pending=pending)
    return _keep(group, group.wanted)


def _goal(group: Group, members: int) -> int:
    """How many copies an acknowledged message has, once all is in place."""
    return 2 if group.sync and members > 1 else 1


def _keep(group: Group, members: int, waiting: str = "") -> Decision:
    """So many members; inSyncReplicas is raised once there is a copy to wait for, or sends would wait for nothing."""
    goal = _goal(group, members)
    copies = min(goal, group.copies or goal)
    master = group.fact(0)
    if goal > copies and master and _has_copy(group, master):
        copies = goal
    waiting = waiting or _going(group, members) or _copying(group, master)
    return Decision(members, copies, _live(group, master, copies), waiting)


def _stay(group: Group, **why: str | Problem | None) -> Decision:
    """Everything as it is, and the reason."""
    kept = _keep(group, group.replicas or group.wanted)
    return msgspec.structs.replace(kept, **{"waiting": "", **why})


def _live(group: Group, master: BrokerFact | None, copies: int) -> int | None:
    """What the running master must be told; never where the user has set a value. The slave for which its intent was changed may have
    lost its volume since, as in a group that was to leave and was called back (found by the simulator)."""
    if master is None or master.role != "SYNC_MASTER" or group.user_copies is not None or _is_4(master):
        return None
    if copies > master.in_sync and not _has_copy(group, master):
        return None
    return copies if master.in_sync != copies else None


def _has_copy(group: Group, master: BrokerFact) -> bool:
    """Whether there is a slave to wait for."""
    return any(full_copy(master, fact) for fact in _answers(group))


def _answers(group: Group, below: int | None = None) -> list[BrokerFact]:
    facts = (group.fact(pod.member) for pod in group.slaves(below))
    return [fact for fact in facts if fact]


def _going(group: Group, members: int) -> str:
    """Slaves that a smaller group does not have, and that are still there."""
    gone = [pod.name for pod in group.slaves() if pod.member >= members]
    return f"waits until {', '.join(gone)} is gone" if gone else ""


def _copying(group: Group, master: BrokerFact | None) -> str:
    """Slaves that answer and are no full copies yet."""
    if master is None:
        return ""
    partial = [
        pod.name
        for pod in group.slaves()
        if (fact := group.fact(pod.member)) is not None and not full_copy(master, fact)
    ]
    return f"{', '.join(partial)} does not hold everything yet" if partial else ""


def _is_4(fact: BrokerFact) -> bool:
    return fact.version.startswith("4.")


def _role_changes(group: Group) -> tuple[str, str]:
    """Whether one member or more makes another role of the master (4.x in SYNC): what is waited for, what is held back."""
    master = group.fact(0)
    if master is None:
        return "waits for its master to answer before its members change", ""
    if _is_4(master):
        return "", (
            f"RocketMQ {master.version} needs a restart of the master to begin or to end waiting for slaves (SYNC with one member)"
        )
    return "", ""


def _down(group: Group, replicas: int) -> Decision:
    leaving = replicas - 1
    still = _going(group, replicas)
    if still:
        return _stay(group, waiting=still)
    if group.sync and group.user_copies is not None and group.user_copies > leaving:
        return _stay(group, problem=_too_many_copies(group, leaving))
    master = group.fact(0)
    if master is None:
        return _stay(group, waiting="waits for its master to answer before a member is removed")
    if group.master_lost:
        return _stay(group, waiting="keeps its slaves: the volume of its master is lost, or goes with its pod")
    if group.closed:
        # What it lost may be in a slave alone, which is found out before it opens (found by the simulator).
        return _stay(group, waiting="keeps its slaves until its master is open")
    waiting = _last(group, master) if leaving == 1 else _others(group, master, leaving)
    if waiting:
        return _stay(group, waiting=waiting)
    if leaving > 1 or not group.sync:
        return msgspec.structs.replace(_keep(group, leaving), replicas=leaving)
    return _alone(group, master)


def _too_many_copies(group: Group, leaving: int) -> Problem:
    return Problem(
        "InSyncReplicasTooHigh",
        f"{group.name} keeps its members: spec.properties (or spec.config) says inSyncReplicas={group.user_copies}, and with "
        f"{leaving} no message would be acknowledged; lower inSyncReplicas or raise membersPerGroup",
    )


def _others(group: Group, master: BrokerFact, leaving: int) -> str:
    """What keeps a slave from leaving while others stay; empty if nothing does."""
    staying = _answers(group, leaving)
    there = {pod.member for pod in group.slaves(leaving)}
    missing = [str(member) for member in range(1, leaving) if member not in there]
    if missing:
        # Evicted, and not made again yet.
        return f"waits for member {', '.join(missing)} to come back before another slave is removed"
    coming = [pod.name for pod in group.slaves(leaving) if not group.serves(pod) and not _homeless(pod)]
    if coming:
        # One that is away, perhaps evicted, comes back first; one that finds no node may need the place of this one.
        return f"waits for {', '.join(coming)} to answer and be ready before another slave is removed"
    if any(caught_up(master, fact) for fact in staying):
        return ""
    fact = group.fact(leaving)
    if not group.sync and (
        any(full_copy(master, each) for each in staying) or (fact and _spare(master, fact, staying))
    ):
        return ""
    names = ", ".join(pod.name for pod in group.slaves(leaving)) or "the others"
    return f"waits for a full copy on {names} before its last slave is removed"


def _spare(master: BrokerFact, leaving: BrokerFact, staying: list[BrokerFact]) -> bool:
    """Whether a slave that is no full copy leaves one behind that is as good. What lacks only the end is about to be a full copy."""
    if not holds_all_from_start(master, leaving):
        return True
    if caught_up(master, leaving):
        # Its master may have grown a lot since before it was asked: one that had all until then is a copy still.
        return False
    least = leaving.max_offset - KEEPS_UP
    whole = any(holds_all_from_start(master, each) and each.max_offset >= least for each in staying)
    return whole and not full_copy(master, leaving)


def _homeless(pod: PodFact) -> bool:
    return pod.problem is not None and pod.problem.reason == UNSCHEDULABLE


def _last(group: Group, master: BrokerFact) -> str:
    """What keeps the last slave from leaving; empty if nothing does."""
    if group.sync:
        waiting, _ = _role_changes(group)
        if waiting:
            return waiting
    pod = next((pod for pod in group.pods if pod.member == 1), None)
    fact = group.fact(1)
    if fact and fact.max_offset > master.max_offset:
        return f"{pod.name if pod else 'its slave'} holds more than its master, and is not removed"
    if pod and pod.container and fact is None and not pod.deleting:
        return f"waits for {pod.name} to answer before it is removed"
    if fact is None and master.accepts_from > group.now_ms:
        # Nobody can say whether the slave holds more: the master waits to hear of it, and would be opened for want of it.
        return "waits for its master to be opened before its last slave is removed"
    return ""


def _alone(group: Group, master: BrokerFact) -> Decision:
    """The last slave leaves a master that waits for it: first the master is told to wait no longer, and remembers it."""
    if _is_4(master):
        return _stay(group, pending=_role_changes(group)[1])
    told = group.user_copies is not None or master.role != "SYNC_MASTER" or master.in_sync == 1
    if group.copies == 1 and told:
        return Decision(1, 1, waiting=_going(group, 1))
    return Decision(
        2, 1, _live(group, master, 1), waiting="tells its master to wait for no slave, before the last one leaves"
    )
