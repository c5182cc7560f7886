"""The readiness gate of a broker's pod: "registered", said for the container that runs now.

A pod condition survives a container's restart, so it carries the container's id and counts for that one only. Any one
name server is enough; if none answers, the gate stays as it is: a pod that serves must not become unready because
name servers, or the operator, are down.
"""

from rocketmq_operator.api import BrokerCluster

from . import registration
from .facts import BrokerFact, PodFact, Registrations
from .plan import SetGate


def decide(
    cluster: BrokerCluster, pod: PodFact, fact: BrokerFact | None, registrations: Registrations
) -> SetGate | None:
    """The gate's change, or None if it is right as it is."""
    if not pod.container or pod.deleting or not registration.answering(registrations):
        return None
    servers = registration.registered_on(cluster, pod, registrations)
    current = pod.gate_container == pod.container
    if servers and (fact is not None or (current and pod.gate == "True")):
        if current and pod.gate == "True":
            return None
        return SetGate(
            "BrokerRegistered",
            f"{pod.name} is registered on {', '.join(servers)}",
            pod.name,
            pod.uid,
            True,
            pod.container,
        )
    if pod.gate != "True":
        return None
    why = "is not registered on any name server" if not servers else "is registered but does not answer"
    return SetGate("BrokerNotRegistered", f"{pod.name} {why}", pod.name, pod.uid, False, pod.container)
