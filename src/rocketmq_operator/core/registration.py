"""Who is registered where, under which name, and whether it is us (RocketMQ: RouteInfoManager keys by brokerName alone)."""

from collections.abc import Iterable

from rocketmq_operator.api import BrokerCluster

from . import names
from .facts import PodFact, Problem, Registrations
from .members import broker_name


def host_of(address: str) -> str:
    """``host:port`` without its port."""
    return address.rpartition(":")[0].strip("[]")


def is_pod(address: str, pod: PodFact, cluster: BrokerCluster) -> bool:
    """Whether a registered address is that pod: by its stable name or by the IP it has now."""
    host = host_of(address)
    if pod.ip and host == pod.ip:
        return True
    name = f"{pod.name}.{names.broker_service(cluster.metadata.name)}.{cluster.metadata.namespace}.svc"
    return host.startswith(name) and host[len(name) :][:1] in ("", ".")


def registered_on(cluster: BrokerCluster, pod: PodFact, registrations: Registrations) -> list[str]:
    """The name servers that list this pod under its own group and id."""
    group = broker_name(cluster.spec, pod.group)
    found = []
    # Nearly always all list it at one address.
    known = ""
    for server, groups in registrations.items():
        entry = groups.get(group) if groups else None
        address = entry.addresses.get(pod.member) if entry else None
        if address and (address == known or is_pod(address, pod, cluster)):
            known = address
            found.append(server)
    return sorted(found)


def foreign(
    cluster: BrokerCluster, group: int, pods: Iterable[PodFact], registrations: Registrations
) -> Problem | None:
    """Somebody else's broker under our group's name: both would see their masters and slaves mixed up."""
    name = broker_name(cluster.spec, group)
    ips = {pod.ip for pod in pods}
    for server, groups in sorted(registrations.items()):
        entry = groups.get(name) if groups else None
        if entry is None:
            continue
        strangers = [address for address in entry.addresses.values() if not _ours(cluster, group, address, ips)]
        if strangers:
            return Problem(
                "BrokerNameTaken",
                f"name server {server} lists {name} at {strangers[0]} (cluster {entry.cluster}), which is not a broker of this "
                "resource; give this one its own spec.brokerNamePrefix or its own name servers",
            )
    return None


def _ours(cluster: BrokerCluster, group: int, address: str, ips: set[str]) -> bool:
    """Whether an address is a name of this group's pods, or an IP that one of them has now."""
    host = host_of(address)
    workload = names.workload(cluster.metadata.name, group)
    service = f".{names.broker_service(cluster.metadata.name)}.{cluster.metadata.namespace}.svc"
    return host in ips or (host.startswith(f"{workload}-") and service in host)


def answering(registrations: Registrations) -> list[str]:
    """Name servers that answered."""
    return sorted(server for server, groups in registrations.items() if groups is not None)


def silent(registrations: Registrations) -> list[str]:
    """Name servers that did not answer."""
    return sorted(server for server, groups in registrations.items() if groups is None)


def pods_of(pods: Iterable[PodFact], group: int) -> list[PodFact]:
    """The pods of a group, master first."""
    return sorted((pod for pod in pods if pod.group == group), key=lambda pod: pod.member)
