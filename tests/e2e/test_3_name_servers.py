"""Name servers by reference, by Service and by address; many clusters at once that know nothing of each other; deletion."""

from collections.abc import Iterator

import pytest

from .kubectl import Kubectl, until
from .manifests import cluster, name_server
from .rocketmq import all_list, listed, own_words

NS = "e2e-names"
SERVERS = "rocketmq.huanwei.io/name-server=names"


@pytest.fixture(scope="module", autouse=True)
def three_clusters(kubectl: Kubectl) -> Iterator[None]:
    """One by reference, one by a mixture (all masters), one by the name of a NodePort Service; all asked for at once."""
    kubectl.namespace(NS)
    one = {"groupReplica": 1, "membersPerGroup": 1}
    kubectl.apply(name_server("names", NS, 2), cluster("by-reference", NS, nameServerRef={"name": "names"}, **one))
    kubectl.apply(
        cluster(
            "by-service",
            NS,
            nameServers="rocketmq-namesrv.rocketmq-operator:9876",
            brokerNamePrefix="service",
            clusterName="Service",
            storage={"volumePolicy": "Delete"},
            **one,
        )
    )
    kubectl.wait_ready("nameserver", "names", NS, 120)
    first = kubectl.pods(NS, SERVERS)["names-ns-0"]["status"]["podIP"]
    kubectl.apply(
        cluster(
            "by-mixture",
            NS,
            nameServers=f"{first}:9876, names-ns-all:9876",
            brokerNamePrefix="mixture",
            clusterName="Mixture",
            allMaster=True,
            groupReplica=1,
            membersPerGroup=2,
        )
    )
    for name in ("by-reference", "by-service", "by-mixture"):
        kubectl.wait_ready("brokercluster", name, NS, 240)
    yield
    kubectl("delete", "namespace", NS, "--wait=false")


def test_by_reference_every_name_server_lists_the_broker(kubectl: Kubectl) -> None:
    assert len(all_list(kubectl, NS, SERVERS, {"broker-0": {0: "by-reference-0-0"}}, among_others=True)) == 2


def test_a_mixture_reaches_every_name_server_once(kubectl: Kubectl) -> None:
    assert len(all_list(kubectl, NS, SERVERS, {"mixture-0": {0: "by-mixture-0-0"}}, among_others=True)) == 2
    given = own_words(kubectl.pods(NS)["by-mixture-0-0"])["namesrvAddr"].split(";")
    assert sorted(given) == sorted(f"{pod['status']['podIP']}:9876" for pod in kubectl.pods(NS, SERVERS).values())


def test_a_virtual_address_is_looked_behind(kubectl: Kubectl) -> None:
    wanted = {"service-0": {0: "by-service-0-0"}}
    assert len(all_list(kubectl, "rocketmq-operator", "app=rocketmq-namesrv", wanted, among_others=True)) == 2


def test_all_master_is_one_broker_a_group(kubectl: Kubectl) -> None:
    assert list(kubectl.pods(NS, "rocketmq.huanwei.io/cluster=by-mixture")) == ["by-mixture-0-0"]
    assert kubectl.condition("brokercluster", "by-mixture", NS, "Replicated")["reason"] == "SingleMember"


def test_a_second_cluster_under_the_same_names_is_not_started(kubectl: Kubectl) -> None:
    kubectl.apply(cluster("intruder", NS, nameServerRef={"name": "names"}, groupReplica=1, membersPerGroup=1))
    found = kubectl.wait_reason("intruder", NS, "BrokerNameTaken")
    assert "brokerNamePrefix" in found["message"]
    assert not kubectl.pods(NS, "rocketmq.huanwei.io/cluster=intruder")
    assert all(table["broker-0"] == {0: "by-reference-0-0"} for table in listed(kubectl, NS, SERVERS).values())


def claims(kubectl: Kubectl, name: str) -> list[str]:
    found = kubectl.json("get", "pvc", "-n", NS, "-l", f"rocketmq.huanwei.io/cluster={name}")["items"]
    return sorted(each["metadata"]["name"] for each in found)


def made(kubectl: Kubectl, name: str) -> list[str]:
    kinds = "pods,statefulsets,services,configmaps,poddisruptionbudgets"
    found = kubectl("get", kinds, "-n", NS, "-l", f"rocketmq.huanwei.io/cluster={name}", "-o", "name")
    return found.split()


def test_deletion_leaves_what_the_volume_policy_keeps(kubectl: Kubectl) -> None:
    kept = ["brokerlogs-by-reference-0-0", "brokerstore-by-reference-0-0"]
    assert claims(kubectl, "by-reference") == kept
    for name in ("by-reference", "by-service"):
        assert len(made(kubectl, name)) >= 6
        kubectl("delete", "brokercluster", name, "-n", NS)
    for name in ("by-reference", "by-service"):
        until(lambda name=name: made(kubectl, name), lambda found: not found, 120)  # type: ignore[misc]
    until(lambda: claims(kubectl, "by-service"), lambda found: not found, 60)
    assert claims(kubectl, "by-reference") == kept
