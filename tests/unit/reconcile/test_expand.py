"""``nameServers``: addresses, Service names and mixtures, each name server found once; what hides several is looked behind."""

from collections.abc import Sequence
from typing import Any

import pytest

from rocketmq_operator.core.addresses import AddressError, NameServers
from rocketmq_operator.reconcile.expand import Expander

from .fake import FakeKube

Json = dict[str, Any]


def service(name: str, **spec: Any) -> Json:
    ports = [{"name": "namesrv", "port": 9876, "nodePort": 30976 if spec.get("type") == "NodePort" else 0}]
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {"type": "ClusterIP", "ports": ports, **spec},
    }


def slices(name: str, *ips: str, port: int = 9876) -> Json:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-x", "namespace": "ns", "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [{"addresses": [ip]} for ip in ips],
        "ports": [{"name": "namesrv", "port": port}],
    }


async def expand(text: str, *objects: Json, dns: dict[str, Sequence[str]] | None = None) -> NameServers:
    async def resolve(host: str, port: int) -> Sequence[str]:
        assert port
        return (dns or {}).get(host, ())

    return await Expander(FakeKube(*objects), resolve).expand(text, "ns", frozenset({"192.0.2.1"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["10.0.0.1:9876;10.0.0.2:9876", "10.0.0.1:9876,10.0.0.2:9876", " 10.0.0.1:9876 ; 10.0.0.2:9876;"]
)
async def test_addresses_stand_for_themselves(text: str) -> None:
    found = await expand(text)
    assert found == NameServers(
        addresses=("10.0.0.1:9876", "10.0.0.2:9876"), queried=("10.0.0.1:9876", "10.0.0.2:9876")
    )


async def test_one_headless_name_is_left_to_the_brokers() -> None:
    found = await expand("names:9876", service("names", clusterIP="None"), slices("names", "10.1.0.1", "10.1.0.2"))
    assert found.dns == "names:9876"
    assert found.queried == ("10.1.0.1:9876", "10.1.0.2:9876")


async def test_a_headless_name_without_pods_is_still_a_name() -> None:
    found = await expand("names.ns.svc:9876", service("names", clusterIP="None"))
    assert (found.dns, found.queried, found.problem) == ("names.ns.svc:9876", (), "")


async def test_a_cluster_ip_name_is_looked_behind_at_its_target_port() -> None:
    found = await expand(
        "names:9876", service("names", clusterIP="10.96.0.9"), slices("names", "10.1.0.1", "10.1.0.2", port=19876)
    )
    assert found.dns == ""
    assert found.addresses == ("10.1.0.1:19876", "10.1.0.2:19876")


async def test_a_literal_cluster_ip_is_looked_behind() -> None:
    found = await expand("10.96.0.9:9876", service("names", clusterIP="10.96.0.9"), slices("names", "10.1.0.1"))
    assert found.addresses == ("10.1.0.1:9876",)


async def test_a_node_port_is_looked_behind() -> None:
    found = await expand(
        "192.0.2.1:30976",
        service("names", clusterIP="10.96.0.9", type="NodePort"),
        slices("names", "10.1.0.1", "10.1.0.2"),
    )
    assert found.addresses == ("10.1.0.1:9876", "10.1.0.2:9876")


async def test_a_virtual_address_with_nothing_behind_is_said() -> None:
    found = await expand("names:9876", service("names", clusterIP="10.96.0.9"))
    assert found.addresses == () and "ns/names" in found.problem


async def test_a_slice_whose_lists_are_null_has_nothing_behind() -> None:
    empty = {**slices("names"), "endpoints": None, "ports": None}
    found = await expand("names:9876", service("names", clusterIP="10.96.0.9"), empty)
    assert found.addresses == () and "ns/names" in found.problem


async def test_a_mixture_is_a_list_without_repetitions() -> None:
    found = await expand(
        "10.1.0.1:9876;names:9876", service("names", clusterIP="None"), slices("names", "10.1.0.1", "10.1.0.2")
    )
    assert found.dns == ""
    assert found.addresses == ("10.1.0.1:9876", "10.1.0.2:9876")


async def test_a_name_outside_the_cluster_stands_for_all_its_addresses() -> None:
    found = await expand("mq.example.com:9876", dns={"mq.example.com": ["198.51.100.1", "198.51.100.2"]})
    assert found.dns == "mq.example.com:9876"
    assert found.addresses == ("198.51.100.1:9876", "198.51.100.2:9876")


async def test_an_external_name_is_followed() -> None:
    outside = service("names", type="ExternalName", externalName="mq.example.com")
    found = await expand("names:9876", outside, dns={"mq.example.com": ["198.51.100.1"]})
    assert found.addresses == ("198.51.100.1:9876",)


async def test_an_unknown_name_is_said() -> None:
    found = await expand("nowhere:9876")
    assert found.reason == "NameServersUnknown" and "nowhere" in found.problem


@pytest.mark.parametrize("text", ["names", "names:", "names:0", "names:70000", ":9876"])
async def test_malformed_addresses_are_named(text: str) -> None:
    with pytest.raises(AddressError, match=r"nameServers"):
        await expand(text)
