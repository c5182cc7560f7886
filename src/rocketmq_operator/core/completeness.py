"""When a name server may be listed for clients: once it knows what the others know.

Name servers share no state. A client takes whatever list the one it asks gives it, so one that has just started would
hide brokers and order configuration that the others have. Its readiness gate is opened when every broker of ours that
any other name server lists is listed here, too, and the order configuration is the same; after that only a restart of
the container closes it: a broker that goes down must not take name servers from clients.
"""

from collections.abc import Iterator, Sequence

from . import names, registration
from .facts import NameServerSnapshot, PodFact, Referring
from .order_memory import lacks
from .plan import Action, PutOrders, SetGate


def decide(snapshot: NameServerSnapshot) -> list[Action]:
    """What to do about each name server that runs and was not opened yet: order configuration first, then the gate."""
    actions = (_one(snapshot, pod) for pod in snapshot.pods if pod.runs and not pod.opened)
    return [action for action in actions if action]


def unasked(pods: Sequence[PodFact]) -> bool:
    """Whether gates are to be decided, so that name servers must be asked."""
    return any(pod.runs and not pod.opened for pod in pods)


def _one(snapshot: NameServerSnapshot, pod: PodFact) -> Action | None:
    why = waiting(snapshot, pod)
    lacking = lacks(snapshot, pod)
    if lacking:
        message = f"{pod.name} gets the order configuration of {', '.join(sorted(lacking))[:512]}"
        return PutOrders("OrderConfigurationCopied", message, f"{pod.ip}:{names.NAME_SERVER_PORT}", dict(lacking))
    if why:
        # Kubernetes knows nothing of containers: what was said for an earlier one must be taken back.
        return _gate(pod, False, "NameServerIncomplete", f"{pod.name} {why}") if pod.gate == "True" else None
    return _gate(pod, True, "NameServerComplete", f"{pod.name} knows every broker that the others know")


def _gate(pod: PodFact, opened: bool, reason: str, message: str) -> SetGate:
    return SetGate(reason, message, pod.name, pod.uid, opened, pod.container, names.COMPLETE_GATE, told=True)


def waiting(snapshot: NameServerSnapshot, pod: PodFact) -> str:
    """What a name server waits for before it is complete, in words; empty if for nothing."""
    if snapshot.registrations.get(pod.name) is None or snapshot.orders.get(pod.name) is None:
        return "does not answer yet"
    unheard = _unheard(snapshot, pod)
    if unheard:
        return f"waits for the order configuration of {some(unheard)}, which does not answer"
    missing = [broker.name for cluster, broker in running(snapshot.clusters) if _lacks(snapshot, pod, cluster, broker)]
    if missing:
        return f"does not list {some(missing)} yet"
    return "lacks order configuration" if lacks(snapshot, pod) else ""


def _unheard(snapshot: NameServerSnapshot, pod: PodFact) -> list[str]:
    """Name servers whose order configuration is meant, if none of them can be heard: what they hold would be lost here."""
    others = [each for each in snapshot.pods if each.opened and each.runs and each.name != pod.name]
    if any(snapshot.orders.get(each.name) is not None for each in others):
        return []
    return [each.name for each in others]


def _lacks(snapshot: NameServerSnapshot, pod: PodFact, cluster: Referring, broker: PodFact) -> bool:
    servers = registration.registered_on(cluster.cluster, broker, snapshot.registrations)
    return bool(servers) and pod.name not in servers


def running(clusters: Sequence[Referring]) -> Iterator[tuple[Referring, PodFact]]:
    """Every broker that runs, with its cluster."""
    for each in clusters:
        yield from ((each, pod) for pod in each.pods if pod.runs)


def some(found: Sequence[str], limit: int = 5) -> str:
    """The first few of many, in order, and how many more."""
    distinct = sorted(set(found))
    more = len(distinct) - limit
    return ", ".join(distinct[:limit]) + (f" and {more} more" if more > 0 else "")
