"""When a name server that is listed no more is known to nobody: how long that takes, and which brokers still have it in a list."""

from . import names
from .addresses import NameServers
from .completeness import running
from .facts import BrokerFact, NameServerSnapshot
from .following import looks_up

LOOKED_UP_MS = 60_000
"""After so long nobody finds an unlisted name server by DNS any more.

10 s until a broker looks the name up again (``updateNameServerAddrPeriod``, set by the entry script) + 10 s that its Java
remembers (``sun.net.inetaddr.ttl``, set there, too) + 30 s that a cluster's DNS caches (the TTL in kubeadm's Corefile; the
kubernetes plugin's own default is 5 s) + 10 s for label, EndpointSlice and DNS server to follow. A client, whose Java
remembers 30 s by default, may in the worst case try a gone one for 10 s more: it has its routes, and asks again.
"""

LOOKED_UP_SLOWLY_MS = 180_000
"""The same for brokers whose period cannot be set (before 5.3.1: fixed at 120 s), and for those that are given a list: told
within seconds by code 25, they use it at their next period."""

PERIOD_SET_FROM = (5, 3, 1)


def patience(snapshot: NameServerSnapshot) -> int:
    """How long after its unlisting a name server must still serve, in ms; brokers that do not say their version count as old."""
    slow = any(_slow(snapshot, cluster.brokers.get(broker.name)) for cluster, broker in running(snapshot.clusters))
    return LOOKED_UP_SLOWLY_MS if slow else LOOKED_UP_MS


def _slow(snapshot: NameServerSnapshot, fact: BrokerFact | None) -> bool:
    return fact is None or not looks_up(fact.version, _servers(snapshot)) or _version(fact.version) < PERIOD_SET_FROM


def _version(text: str) -> tuple[int, ...]:
    """``5.3.1`` or ``5.3.1-SNAPSHOT`` as numbers; what cannot be read is old."""
    parts = text.partition("-")[0].split(".")
    return tuple(int(part) for part in parts) if all(part.isascii() and part.isdecimal() for part in parts) else ()


def still_told(snapshot: NameServerSnapshot, leaving: int) -> list[str]:
    """Running brokers that are given a list (code 26 ``namesrvAddr``) which still names the leaving one, or that do not answer."""
    meta = snapshot.server.metadata
    known = {names.name_server_address(meta.namespace, meta.name, leaving)}
    # A cluster that names the Service in a mixture is given addresses instead of names.
    known |= {f"{pod.ip}:{names.NAME_SERVER_PORT}" for pod in snapshot.pods if pod.member == leaving}
    found = []
    for cluster, broker in running(snapshot.clusters):
        fact = cluster.brokers.get(broker.name)
        if fact is None or known & set(fact.name_servers.split(";")):
            found.append(broker.name)
    return found


def _servers(snapshot: NameServerSnapshot) -> NameServers:
    meta = snapshot.server.metadata
    return NameServers(dns=names.name_server_dns(meta.namespace, meta.name))
