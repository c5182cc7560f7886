"""Name-server addresses: what a spec's ``nameServers`` names, and what brokers are given in its place."""

import ipaddress
import re

import msgspec


class Endpoint(msgspec.Struct, frozen=True, order=True):
    """A host and its port; ``host`` is an IP address or a name."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_ip(self) -> bool:
        """Whether the host is a literal address."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


class AddressError(ValueError):
    """A part of ``nameServers`` that is not host:port; the message names it."""


def parse(text: str) -> tuple[Endpoint, ...]:
    """``a:1;b:2`` or ``a:1,b:2`` (spaces and a last separator allowed) as endpoints without repetition, in the order given."""
    parts = [part.strip() for part in re.split("[;,]", text)]
    return tuple(dict.fromkeys(_endpoint(part) for part in parts if part))


def _endpoint(part: str) -> Endpoint:
    host, _, port = part.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise AddressError(f"nameServers: {part!r} is not host:port with a port from 1 to 65535")
    return Endpoint(host.strip("[]"), int(port))


class ServiceName(msgspec.Struct, frozen=True):
    """A Service that a DNS name of Kubernetes stands for."""

    namespace: str
    name: str


def service_name(host: str, namespace: str) -> ServiceName | None:
    """The Service that a host name would mean inside a pod of ``namespace``: ``svc``, ``svc.ns``, ``svc.ns.svc[.domain]``."""
    labels = host.rstrip(".").split(".")
    if len(labels) == 1:
        return ServiceName(namespace, labels[0])
    if len(labels) == 2 or labels[2] == "svc":
        return ServiceName(labels[1], labels[0])
    return None


def names_service(text: str, namespace: str, service: ServiceName) -> bool:
    """Whether a spec's ``nameServers``, read in ``namespace``, name that Service."""
    try:
        hosts = [entry.host for entry in parse(text) if not entry.is_ip]
    except AddressError:
        return False
    return any(service_name(host, namespace) == service for host in hosts)


class NameServers(msgspec.Struct, frozen=True):
    """What brokers are told, and what the operator asks.

    ``dns``: one ``host:port`` that brokers from 5.1 on look up again and again, so that they learn changes by themselves;
    empty where no such name exists. ``addresses``: every name server, one stable name or address each. ``queried``: the
    same servers as the operator reaches them. ``problem``: why the list is empty or not to be trusted.
    """

    dns: str = ""
    addresses: tuple[str, ...] = ()
    queried: tuple[str, ...] = ()
    problem: str = ""
    reason: str = ""
