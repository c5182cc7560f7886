"""What the conditions of a BrokerCluster say, each by its own rule."""

from collections.abc import Iterable, Sequence

from rocketmq_operator.api.brokercluster import ReplicationMode
from rocketmq_operator.api.brokercluster_status import BrokerGroup

from . import registration, sizes
from .conditions import Verdict
from .facts import ClusterSnapshot, Problem
from .members import member_count
from .membership import full_copy


def _no_copy(snapshot: ClusterSnapshot, index: int) -> str:
    """Why an acknowledged message of a group may lie on its master alone; empty if it does not, or if nobody can tell."""
    group = sizes.group_of(snapshot, index)
    master = group.fact(0)
    known = {pod.name: fact for pod in group.slaves() if (fact := group.fact(pod.member))}
    if master is None:
        return ""
    if known and not any(full_copy(master, fact) for fact in known.values()):
        return f"{group.name}: {', '.join(known)} is being copied and does not hold all messages yet"
    if master.in_sync == 1 and group.user_copies is None:
        return f"{group.name} waits for no slave yet"
    return ""


def ready(snapshot: ClusterSnapshot, groups: Sequence[BrokerGroup], waiting: Sequence[str]) -> Verdict:
    """Whether every broker that the spec asks for is registered, and every master accepts messages."""
    wanted = snapshot.cluster.spec.group_replica * member_count(snapshot.cluster.spec)
    count = member_count(snapshot.cluster.spec)
    ready = sum(member.ready for group in groups for member in group.members[:count])
    if all(group.ready for group in groups):
        return Verdict(
            "Ready", True, "AllBrokersReady", f"all {wanted} brokers are registered, masters accept messages"
        )
    if ready == wanted:
        return Verdict("Ready", False, "MastersClosed", "; ".join(waiting) or "not every master accepts messages")
    missing = f"{ready} of {wanted} brokers are ready"
    return Verdict("Ready", False, "BrokersNotReady", "; ".join([missing, *waiting]))


def progressing(snapshot: ClusterSnapshot, groups: Sequence[BrokerGroup], waiting: Sequence[str]) -> Verdict:
    """Whether something is on its way."""
    if snapshot.cluster.spec.paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    if all(group.ready for group in groups):
        # Masters that wait to be opened are not ready, so this is about members and groups that come or go.
        return Verdict("Progressing", bool(waiting), "Changing" if waiting else "Settled", "; ".join(waiting))
    if all(group.initialized for group in groups):
        return Verdict("Progressing", True, "Recovering", "brokers are coming back")
    return Verdict("Progressing", True, "Creating", "brokers are being started")


def name_server_problems(snapshot: ClusterSnapshot) -> list[Problem]:
    """No name server is known, or none answers."""
    servers = snapshot.name_servers
    if servers.problem:
        return [Problem(servers.reason or "NameServersUnknown", servers.problem)]
    silent = registration.silent(snapshot.registrations)
    if not silent or registration.answering(snapshot.registrations):
        return []
    return [
        Problem(
            "NameServersUnreachable",
            f"no name server answers: {', '.join(silent)}; check that they run and can be reached",
        )
    ]


def name_servers(snapshot: ClusterSnapshot) -> Verdict:
    """Whether all name servers answer."""
    problems = name_server_problems(snapshot)
    silent = registration.silent(snapshot.registrations)
    if problems:
        return Verdict("NameServersReachable", False, problems[0].reason, problems[0].message)
    if silent:
        return Verdict(
            "NameServersReachable", False, "SomeNameServersSilent", f"these do not answer: {', '.join(silent)}"
        )
    if not snapshot.registrations:
        return Verdict("NameServersReachable", None, "NotAsked", "no name server was asked yet")
    return Verdict("NameServersReachable", True, "AllAnswer")


def replicated(snapshot: ClusterSnapshot, indexes: Iterable[int]) -> Verdict:
    """Whether SEND_OK means that a slave holds the message, too."""
    spec = snapshot.cluster.spec
    if member_count(spec) == 1:
        message = (
            "a group has one member: an acknowledged message lies on one broker only, whatever replicationMode says"
        )
        return Verdict("Replicated", False, "SingleMember", message)
    if spec.replication_mode is ReplicationMode.ASYNC:
        return Verdict("Replicated", False, "Asynchronous", "a message is acknowledged before a slave holds it")
    behind = [words for index in indexes if (words := _no_copy(snapshot, index))]
    if behind:
        return Verdict("Replicated", False, "CatchingUp", "; ".join(behind))
    return Verdict("Replicated", True, "Synchronous", "a message is acknowledged (SEND_OK) when a slave holds it, too")


def held_back(held: Sequence[str]) -> list[Verdict]:
    """``held``: what keeps members from coming or going."""
    return [Verdict("ChangesPending", True, "MembersHeld", "; ".join(held))] if held else []
