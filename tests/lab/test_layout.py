"""Addresses, names and folders of a lab."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocketmq_lab.errors import LabError
from rocketmq_lab.layout import NUMBERS, Layout, check_name, choose_number, node_index


@settings(deadline=None)
@given(st.sampled_from(NUMBERS))
def test_everything_lies_in_the_labs_own_network_and_nothing_overlaps(number: int) -> None:
    layout = Layout("x", number)
    machines = IPv4Network(f"{layout.control_address}/{layout.machines_prefix}", strict=False)
    subnets = [machines, IPv4Network(layout.services), *(IPv4Network(n.pods) for n in layout.all_nodes())]
    assert all(subnet.subnet_of(layout.network) for subnet in subnets)
    assert not any(a.overlaps(b) for i, a in enumerate(subnets) for b in subnets[i + 1 :])
    addresses = [layout.control_address, layout.host_address, *(n.address for n in layout.all_nodes())]
    assert len(set(addresses)) == len(addresses)
    assert all(IPv4Address(address) in machines for address in addresses)
    services = IPv4Network(layout.services)
    assert {IPv4Address(layout.dns_address), IPv4Address(layout.api_service_address)} <= set(services.hosts())


def test_device_names_and_socket_paths_fit_the_kernel() -> None:
    layout = Layout("a" * 16, max(NUMBERS))
    node = layout.node(3)
    assert len(layout.host_device) <= 15
    assert len(str(node.kubelet_root / "plugins_registry" / "lab-volumes.sock")) <= 107
    assert len(f"{node.containerd_socket}.ttrpc") <= 107


@pytest.mark.parametrize("name", ["", "Upper", "1st", "with space", "a" * 17, "end-", "../up", "a/b"])
def test_names_that_cannot_stand_in_paths_are_refused(name: str) -> None:
    with pytest.raises(LabError, match="LAB_NAME"):
        check_name(name)


def test_ordinary_names_pass() -> None:
    assert [check_name(name) for name in ("default", "a", "my-lab-2")] == ["default", "a", "my-lab-2"]


def test_the_first_free_network_is_chosen() -> None:
    first, second = NUMBERS[0], NUMBERS[1]
    assert choose_number([]) == first
    assert choose_number([IPv4Network(f"10.{first}.77.0/24")]) == second
    assert choose_number([IPv4Network("0.0.0.0/0"), IPv4Network("192.168.0.0/16")]) == first


def test_no_free_network_is_said() -> None:
    with pytest.raises(LabError, match="No free address range"):
        choose_number([IPv4Network("10.0.0.0/8")])


def test_two_labs_share_nothing() -> None:
    one, two = Layout("one", 211), Layout("two", 212)
    assert not one.network.overlaps(two.network)
    assert one.host_device != two.host_device
    assert one.cgroup != two.cgroup
    assert not {one.state, one.run} & {two.state, two.run}


@pytest.mark.parametrize(("name", "index"), [("node1", 1), ("node3", 3)])
def test_nodes_are_found_by_name(name: str, index: int) -> None:
    assert node_index(name) == index
    assert Layout("x", 211).node(index).name == name


@pytest.mark.parametrize("name", ["node0", "node4", "node", "control", "node11", "../node1"])
def test_other_names_are_no_nodes(name: str) -> None:
    with pytest.raises(LabError, match="no node"):
        node_index(name)


def test_roots_can_be_elsewhere(tmp_path: Path) -> None:
    layout = Layout("x", 211, tmp_path / "state", tmp_path / "run")
    assert layout.kubeconfig == tmp_path / "state/x/kubeconfig"
    assert layout.node(2).run == tmp_path / "run/x/node2"
