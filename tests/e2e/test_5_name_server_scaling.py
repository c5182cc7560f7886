"""Name servers 1 → 3 → 2 under running brokers: no broker restarts, none is ever missing where clients look."""

import json
import time
from collections.abc import Iterator

import pytest

from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE

from .kubectl import Json, Kubectl, until
from .manifests import cluster, name_server
from .rocketmq import address, all_list, ask, hosts

NS = "e2e-name-server-scaling"
SERVERS = "rocketmq.huanwei.io/name-server=names"
BROKERS = "rocketmq.huanwei.io/cluster=steady"
TABLE = {"broker-0": {0: "steady-0-0", 1: "steady-0-1"}}
ORDER = {"parcel": "broker-0:4"}
Lives = dict[str, tuple[str, str, int]]


@pytest.fixture(scope="module", autouse=True)
def one_name_server(kubectl: Kubectl) -> Iterator[None]:
    """One name server, two brokers by reference, one order topic's configuration."""
    kubectl.namespace(NS)
    spec = {"nameServerRef": {"name": "names"}, "groupReplica": 1, "membersPerGroup": 2, "emptyDir": True}
    kubectl.apply(name_server("names", NS, 1), cluster("steady", NS, **spec))
    kubectl.wait_ready("nameserver", "names", NS, 120)
    kubectl.wait_ready("brokercluster", "steady", NS, 240)
    first = address(kubectl.pods(NS, SERVERS)["names-ns-0"], 9876)
    for key, value in ORDER.items():
        ask(lambda admin, key=key, value=value: admin.put_kv(first, ORDER_NAMESPACE, key, value))  # type: ignore[misc]
    yield
    kubectl("delete", "namespace", NS, "--wait=false")


@pytest.fixture(scope="module")
def lives(kubectl: Kubectl, one_name_server: None) -> Lives:
    """The brokers' containers before anything was scaled."""
    return broker_lives(kubectl)


def broker_lives(kubectl: Kubectl) -> Lives:
    found = {}
    for name, pod in kubectl.pods(NS, BROKERS).items():
        status = pod["status"]["containerStatuses"][0]
        found[name] = (pod["metadata"]["uid"], status["containerID"], status["restartCount"])
    return found


def addresses(kubectl: Kubectl, service: str) -> list[str]:
    """The pods that DNS names for a headless Service: endpoints that count as ready."""
    slices = kubectl.json("get", "endpointslices", "-n", NS, "-l", f"kubernetes.io/service-name={service}")["items"]
    endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
    return sorted(each["targetRef"]["name"] for each in endpoints if each["conditions"].get("ready"))


def table(pod: Json) -> dict[str, dict[int, str]]:
    """What one name server lists: broker name → id → pod."""
    info = ask(lambda admin: admin.cluster_info(address(pod, 9876)))
    return {group: hosts(entry.addresses) for group, entry in info.brokers.items()}


def scale(kubectl: Kubectl, replicas: int, seconds: float) -> list[list[str]]:
    """Scale, watch until it is done; what DNS named for brokers meanwhile. At each moment clients find only complete ones."""
    kubectl("scale", "nameserver/names", f"--replicas={replicas}", "-n", NS)
    wanted = [f"names-ns-{ordinal}" for ordinal in range(replicas)]
    seen: list[list[str]] = []
    end = time.monotonic() + seconds
    while True:
        for_clients, for_brokers = addresses(kubectl, "names-ns"), addresses(kubectl, "names-ns-all")
        assert for_clients and for_brokers
        pods = kubectl.pods(NS, SERVERS)
        tables = {name: table(pods[name]) for name in for_clients if name in pods}
        assert tables == dict.fromkeys(tables, TABLE)
        if for_brokers not in seen:
            seen.append(for_brokers)
        condition = kubectl.condition("nameserver", "names", NS, "Scaling")
        if for_clients == for_brokers == wanted == sorted(pods) and condition["status"] == "False":
            return seen
        assert time.monotonic() < end, (
            f"not within {seconds:g} s: {condition}; clients {for_clients}, brokers {for_brokers}"
        )
        time.sleep(1)


def check(kubectl: Kubectl, replicas: int) -> None:
    """Every name server lists every broker and has the order configuration; the resource says so."""
    assert len(all_list(kubectl, NS, SERVERS, TABLE)) == replicas
    for pod in kubectl.pods(NS, SERVERS).values():
        server = address(pod, 9876)
        held = ask(lambda admin, server=server: admin.list_kv(server, ORDER_NAMESPACE))  # type: ignore[misc]
        assert held == ORDER
    status = kubectl.json("get", "nameserver", "names", "-n", NS)["status"]
    assert [(each["listed"], each["complete"], each["ready"]) for each in status["members"]] == [
        (True, True, True)
    ] * replicas
    path = f"/apis/rocketmq.huanwei.io/v1alpha1/namespaces/{NS}/nameservers/names/scale"
    assert f'"status":{{"replicas":{replicas},' in kubectl("get", "--raw", path)
    cluster_status = kubectl.condition("brokercluster", "steady", NS, "NameServersReachable")
    assert cluster_status["status"] == "True"


def test_up_to_three(kubectl: Kubectl, lives: Lives) -> None:
    seen = scale(kubectl, 3, 120)
    assert all("names-ns-0" in each for each in seen)
    check(kubectl, 3)
    assert broker_lives(kubectl) == lives


def test_down_to_two(kubectl: Kubectl, lives: Lives) -> None:
    seen = scale(kubectl, 2, 150)
    assert seen == [["names-ns-0", "names-ns-1", "names-ns-2"], ["names-ns-0", "names-ns-1"]] or seen == [
        ["names-ns-0", "names-ns-1"]
    ]
    check(kubectl, 2)
    assert broker_lives(kubectl) == lives


def test_no_broker_was_restarted_or_became_unready(kubectl: Kubectl, lives: Lives) -> None:
    assert broker_lives(kubectl) == lives
    assert kubectl.condition("brokercluster", "steady", NS, "Ready")["status"] == "True"


def test_events_tell_each_step(kubectl: Kubectl) -> None:
    wanted = {"ScaledUp", "NameServerComplete", "OrderConfigurationCopied", "NameServerUnlisted", "NameServerRemoved"}
    until(
        lambda: {
            each["reason"]
            for each in kubectl.json("get", "events.events.k8s.io", "-n", NS)["items"]
            if each["regarding"]["name"] == "names"
        },
        lambda reasons: wanted <= reasons,
        30,
    )


def test_none_at_all_is_refused(kubectl: Kubectl) -> None:
    with pytest.raises(AssertionError, match="replicas"):
        kubectl("scale", "nameserver/names", "--replicas=0", "-n", NS)


def uids(pods: dict[str, Json]) -> set[str]:
    return {each["metadata"]["uid"] for each in pods.values()}


def test_pods_that_go_all_at_once_forget_no_order_configuration(kubectl: Kubectl) -> None:
    before = kubectl.pods(NS, SERVERS)
    until(
        lambda: kubectl.json("get", "configmap", "names-ns-orders", "-n", NS)["data"],
        lambda kept: json.loads(kept["orders.json"]) == ORDER,
        90,
    )
    kubectl("delete", "pod", "-l", SERVERS, "-n", NS, timeout=120)
    until(
        lambda: kubectl.pods(NS, SERVERS),
        lambda pods: len(pods) == 2 and not uids(pods) & uids(before),
        60,
    )
    kubectl.wait_ready("nameserver", "names", NS, 180)
    check(kubectl, 2)
