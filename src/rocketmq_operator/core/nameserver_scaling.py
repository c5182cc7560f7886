"""Name servers up and down, without a broker's restart and without a list that is empty, partial or names a leaving one alone.

Up is one step: new pods are listed for brokers at once, for clients when they are complete (``completeness``). Down is one
at a time, the highest ordinal first: the pod is unlisted (Services select by its label), brokers and clients look the name
up again in their own time, and only then the pod goes. Before each step every running broker is registered on every name
server that remains. Everything is derived from labels, annotations and answers; a changed mind is just another wish.
"""

from collections.abc import Sequence

import msgspec

from . import names, order_memory, registration
from .completeness import running, some
from .facts import NameServerSnapshot, ObjectFact, PodFact
from .lookups import patience, still_told
from .plan import Action, Leaving, PutOrders, Resize, SetListed


class Scaling(msgspec.Struct, frozen=True):
    """What to do now, and the condition: ``reason`` is empty when the size is as wanted."""

    actions: tuple[Action, ...] = ()
    reason: str = ""
    message: str = ""

    @property
    def patient(self) -> bool:
        """Whether nothing but time is waited for."""
        return self.reason == "WaitingForLookups" and not self.actions


def size_of(snapshot: NameServerSnapshot) -> int | None:
    """How many name servers the StatefulSet asks for now; None before there is one of ours."""
    fact = _workload(snapshot)
    return fact.replicas if fact else None


def shrinking(snapshot: NameServerSnapshot) -> bool:
    """Whether name servers are to be taken away, so that they and all brokers must be asked."""
    size = size_of(snapshot)
    return size is not None and size > wanted(snapshot)


def wanted(snapshot: NameServerSnapshot) -> int:
    """How many there shall be: never none."""
    return max(1, snapshot.server.spec.replicas)


def decide(snapshot: NameServerSnapshot, now_ms: int) -> Scaling:
    """The next step, and what it waits for."""
    fact, size = _workload(snapshot), size_of(snapshot)
    if fact is None or size is None:
        return Scaling()
    if size > wanted(snapshot):
        return _down(snapshot, fact, size, now_ms)
    # Also a pod that was to go and is wanted again before it went: nothing else may answer just now.
    actions = _list_again(snapshot, wanted(snapshot))
    if size < wanted(snapshot):
        message = f"from {size} to {wanted(snapshot)} name servers"
        actions.append(Resize("ScaledUp", message, fact.name, fact.uid, fact.resource_version, wanted(snapshot)))
        return Scaling(tuple(actions), "StartingNameServers", message)
    return Scaling(tuple(actions), *_starting(snapshot))


def _workload(snapshot: NameServerSnapshot) -> ObjectFact | None:
    meta = snapshot.server.metadata
    fact = snapshot.objects.get(("StatefulSet", names.name_server_workload(meta.name)))
    return fact if fact and fact.owner_uid == meta.uid else None


def _starting(snapshot: NameServerSnapshot) -> tuple[str, str]:
    # A pod whose gate was never judged is new; one that only restarts is no scaling.
    known = {pod.member for pod in snapshot.pods if pod.gate}
    missing = [each for each in range(wanted(snapshot)) if each not in known]
    going = [pod.name for pod in snapshot.pods if pod.member >= wanted(snapshot)]
    if going:
        return "RemovingNameServer", f"{some(going)} is being stopped"
    if missing:
        pods = [names.name_server_pod(snapshot.server.metadata.name, each) for each in missing]
        return "StartingNameServers", f"{some(pods)}: not complete yet"
    return "", ""


def _list_again(snapshot: NameServerSnapshot, stay: int) -> list[Action]:
    """Every pod below an ordinal is listed; also one whose label somebody took, or that is older than the label."""
    return [
        action
        for pod in snapshot.pods
        if pod.listed != "true" and not pod.deleting and pod.member < stay
        for action in _listed(snapshot, pod, f"{pod.name} is listed for brokers and clients")
    ]


def _listed(snapshot: NameServerSnapshot, pod: PodFact, message: str) -> list[Action]:
    """Listed, but first it hears what it missed while it was not: clusters tell only those that are listed, so that it would hold for
    good that an order topic uses a group that left, or not one that came (found by the simulator)."""
    listed = SetListed("NameServerListed", message, pod.name, pod.uid, True)
    values = order_memory.missed(snapshot, pod)
    if not values:
        return [] if values is None else [listed]
    told = f"{pod.name} gets the order configuration of {', '.join(sorted(values))[:512]}"
    address = f"{pod.ip}:{names.NAME_SERVER_PORT}"
    return [PutOrders("OrderConfigurationCopied", told, address, dict(values)), listed]


def _down(snapshot: NameServerSnapshot, fact: ObjectFact, size: int, now_ms: int) -> Scaling:
    leaving = next((pod for pod in snapshot.pods if pod.member == size - 1), None)
    actions = _list_again(snapshot, size - 1)
    stopping = [pod.name for pod in snapshot.pods if pod.member >= size]
    if stopping or (leaving and leaving.deleting):
        going = stopping or [names.name_server_pod(snapshot.server.metadata.name, size - 1)]
        return Scaling(tuple(actions), "RemovingNameServer", f"{some(going)} is being stopped")
    waits = remaining_incomplete(snapshot, size - 1)
    if waits:
        return Scaling((*actions, *_back(snapshot, leaving, size - 1)), *waits)
    step, reason, message = _step(snapshot, fact, leaving, size - 1, now_ms)
    return Scaling((*actions, *([step] if step else [])), reason, message)


def _step(
    snapshot: NameServerSnapshot, fact: ObjectFact, leaving: PodFact | None, rest: int, now_ms: int
) -> tuple[Action | None, str, str]:
    """With all brokers on all that remain: unlist, wait for look-ups, take away."""
    name = names.name_server_pod(snapshot.server.metadata.name, rest)
    if leaving is None:
        return _resize(fact, Leaving(name), rest), "RemovingNameServer", f"{name} is taken away"
    if leaving.listed != "false" or not 0 < leaving.unlisted_since <= now_ms:
        message = f"{name} is to go: it is no longer listed for brokers and clients"
        return SetListed("NameServerUnlisted", message, name, leaving.uid, False, now_ms), "WaitingForLookups", message
    if now_ms < leaving.unlisted_since + patience(snapshot):
        message = (
            f"{name} is no longer listed; brokers and clients have {patience(snapshot) // 1000} s to look its name up"
        )
        return None, "WaitingForLookups", message
    knowing = still_told(snapshot, rest)
    if knowing:
        return None, "WaitingForBrokers", f"{some(knowing)} was not yet told to leave {name}"
    return (
        _resize(fact, Leaving(name, leaving.uid, leaving.unlisted_since), rest),
        "RemovingNameServer",
        f"{name} is taken away",
    )


def _resize(fact: ObjectFact, leaving: Leaving, rest: int) -> Resize:
    message = f"took name server {leaving.pod} away; {rest} remain"
    return Resize("NameServerRemoved", message, fact.name, fact.uid, fact.resource_version, rest, leaving)


def _back(snapshot: NameServerSnapshot, leaving: PodFact | None, rest: int) -> list[Action]:
    """An unlisted pod is listed again if it serves and none of those that remain does: a list of dead ones is as bad as none."""
    if leaving is None or leaving.listed == "true" or snapshot.registrations.get(leaving.name) is None:
        return []
    remaining = [pod for pod in snapshot.pods if pod.member < rest]
    if any(snapshot.registrations.get(pod.name) is not None for pod in remaining):
        return []
    return _listed(snapshot, leaving, f"{leaving.name} is listed again: no other name server answers")


def remaining_incomplete(snapshot: NameServerSnapshot, rest: int) -> tuple[str, str] | None:
    """Why the name servers below an ordinal cannot do without the others: reason and sentence, or None if they can."""
    by_ordinal = {pod.member: pod for pod in snapshot.pods}
    for ordinal in range(rest):
        name, pod = names.name_server_pod(snapshot.server.metadata.name, ordinal), by_ordinal.get(ordinal)
        if pod is None or not pod.runs or snapshot.registrations.get(name) is None:
            return "WaitingForNameServers", f"{name}, which is to stay, does not answer"
        if not pod.opened or pod.listed != "true":
            return "WaitingForNameServers", f"{name}, which is to stay, is not complete yet"
    missing = missing_brokers(snapshot, [by_ordinal[ordinal].name for ordinal in range(rest)])
    return ("WaitingForBrokers", f"not registered: {some(missing)}") if missing else None


def missing_brokers(snapshot: NameServerSnapshot, servers: Sequence[str]) -> list[str]:
    """Brokers of ours that run and are not registered on each of these name servers."""
    found = []
    for cluster, broker in running(snapshot.clusters):
        listed = registration.registered_on(cluster.cluster, broker, snapshot.registrations)
        found += [f"{broker.name} on {server}" for server in servers if server not in listed]
    return found
