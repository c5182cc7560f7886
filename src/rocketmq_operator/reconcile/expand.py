"""``nameServers`` and ``nameServerRef`` to one stable name or address for each name server.

A virtual address (a ClusterIP, a NodePort) hides several name servers behind one: a broker would register with any one of
them, so it is expanded from its EndpointSlices. Name servers share no state (RocketMQ: RouteInfoManager), hence *each* must
be known.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from rocketmq_operator.core.addresses import Endpoint, NameServers, ServiceName, parse, service_name
from rocketmq_operator.kube.errors import Forbidden, NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import ENDPOINT_SLICE, SERVICE
from rocketmq_operator.kube.types import Meta, Ref

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class ServicePort(msgspec.Struct, frozen=True, rename="camel"):
    """A port of a Service."""

    port: int
    name: str = ""
    node_port: int = 0


class ServiceSpec(msgspec.Struct, frozen=True, rename={"cluster_ip": "clusterIP", "external_name": "externalName"}):
    """What kind of Service it is."""

    cluster_ip: str = ""
    type: str = "ClusterIP"
    external_name: str = ""
    ports: list[ServicePort] = []


class Service(msgspec.Struct, frozen=True):
    """A Service that a spec names."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()


class SlicePort(msgspec.Struct, frozen=True):
    """A port of an EndpointSlice."""

    port: int | None = None
    name: str | None = None


class SliceEndpoint(msgspec.Struct, frozen=True):
    """Addresses of one backend."""

    addresses: list[str] = []


class EndpointSlice(msgspec.Struct, frozen=True):
    """Backends of a Service; a list that is empty comes as null."""

    metadata: Meta
    endpoints: list[SliceEndpoint] | None = None
    ports: list[SlicePort] | None = None


class Found(msgspec.Struct, frozen=True):
    """What one entry of ``nameServers`` stands for; ``headless`` if brokers may look its name up themselves."""

    addresses: tuple[str, ...] = ()
    headless: bool = False
    problem: str = ""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver; empty if it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return sorted({str(each[4][0]) for each in found})


class Expander:
    """Looks up what a spec's entries stand for; asks the API server by name, one object at a time."""

    def __init__(self, kube: Kube, resolve: Resolver = resolve_host) -> None:
        self._kube = kube
        self._resolve = resolve

    async def expand(self, text: str, namespace: str, node_addresses: frozenset[str]) -> NameServers:
        """All name servers behind ``text``, seen from a pod in ``namespace``."""
        entries = parse(text)
        found = await asyncio.gather(*(self._entry(entry, namespace, node_addresses) for entry in entries))
        problems = [each.problem for each in found if each.problem]
        addresses = tuple(dict.fromkeys(address for each in found for address in each.addresses))
        if problems:
            return NameServers(queried=addresses, problem="; ".join(problems), reason="NameServersUnknown")
        dns = str(entries[0]) if len(entries) == 1 and found[0].headless else ""
        return NameServers(dns=dns, addresses=addresses, queried=addresses)

    async def _entry(self, entry: Endpoint, namespace: str, node_addresses: frozenset[str]) -> Found:
        if entry.is_ip:
            return await self._literal(entry, node_addresses)
        named = service_name(entry.host, namespace)
        service = await self._service(named) if named else None
        if service is None:
            return await self._dns(entry, entry.host)
        if service.spec.type == "ExternalName":
            return await self._dns(entry, service.spec.external_name)
        return await self._backends(service, entry, headless=service.spec.cluster_ip == "None")

    async def _service(self, named: ServiceName) -> Service | None:
        try:
            return await self._kube.get(Ref(SERVICE, named.namespace, named.name), Service)
        except NotFound:
            return None

    async def _dns(self, entry: Endpoint, host: str) -> Found:
        ips = await self._resolve(host, entry.port)
        if not ips:
            return Found(problem=f"name server {entry}: the name {entry.host} is neither a Service nor known to DNS")
        return Found(tuple(str(Endpoint(ip, entry.port)) for ip in ips), headless=True)

    async def _literal(self, entry: Endpoint, node_addresses: frozenset[str]) -> Found:
        try:
            service = await self._virtual(entry, node_addresses)
        except Forbidden:
            service = None
        if service is None:
            return Found((str(entry),))
        return await self._backends(service, entry, headless=False)

    async def _virtual(self, entry: Endpoint, node_addresses: frozenset[str]) -> Service | None:
        """The Service whose virtual address this is: its ClusterIP, or a node's address with a NodePort."""
        if entry.host in node_addresses:
            services = await self._kube.list(SERVICE, field_selector="spec.type=NodePort", type=Service)
            return next((s for s in services if any(port.node_port == entry.port for port in s.spec.ports)), None)
        services = await self._kube.list(SERVICE, field_selector=f"spec.clusterIP={entry.host}", type=Service)
        return next(iter(services), None)

    async def _backends(self, service: Service, entry: Endpoint, *, headless: bool) -> Found:
        meta = service.metadata
        selector = f"kubernetes.io/service-name={meta.name}"
        slices = await self._kube.list(
            ENDPOINT_SLICE, namespace=meta.namespace, label_selector=selector, type=EndpointSlice
        )
        name = next((port.name for port in service.spec.ports if entry.port in (port.port, port.node_port)), "")
        addresses = sorted(
            {
                str(Endpoint(address, _port(each, name, entry.port)))
                for each in slices
                for endpoint in each.endpoints or ()
                for address in endpoint.addresses
            }
        )
        if not addresses and not headless:
            return Found(
                problem=f"Service {meta.namespace}/{meta.name} ({entry}) has no name server behind it; start one"
            )
        return Found(tuple(addresses), headless=headless)


def _port(each: EndpointSlice, name: str, default: int) -> int:
    return next((port.port for port in each.ports or () if port.port and (port.name or "") == name), default)
