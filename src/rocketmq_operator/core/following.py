"""Brokers that were given a list of name servers follow it live (code 25 ``namesrvAddr``, run on 5.4.0: within 2 minutes).

Brokers that look one name up by themselves (5.1 and later) need nothing. A list is never replaced by an empty one.
"""

from .addresses import NameServers
from .facts import BrokerFact, PodFact
from .names import BROKER_PORT
from .plan import Configure


def decide(pod: PodFact, fact: BrokerFact | None, servers: NameServers) -> Configure | None:
    """The change of a running broker's list, or None if it has the right one or none is known."""
    if fact is None or servers.problem or not servers.addresses or looks_up(fact.version, servers):
        return None
    if set(fact.name_servers.split(";")) == set(servers.addresses):
        return None
    values = {"namesrvAddr": ";".join(servers.addresses)}
    message = f"told {pod.name} its name servers: {values['namesrvAddr']}"
    return Configure("NameServersChanged", message, f"{pod.ip}:{BROKER_PORT}", pod.name, values)


def looks_up(version: str, servers: NameServers) -> bool:
    """Whether a broker of that version looks the name up itself (``fetchNameSrvAddrByDnsLookup`` exists from 5.1 on)."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdecimal() and minor.isdecimal()):
        return bool(servers.dns)
    return bool(servers.dns) and (int(major), int(minor)) >= (5, 1)
