"""Input that only the world can prove wrong: a condition and an event say so, nothing that runs is harmed."""

from collections.abc import Iterator
from typing import Any

import pytest

from .kubectl import Kubectl, until
from .manifests import cluster
from .scaling import gone

NS = "e2e-reported"
SERVERS = {"nameServers": "rocketmq-namesrv-headless.rocketmq-operator:9876"}
ONE: dict[str, Any] = {"groupReplica": 1, "membersPerGroup": 1, "emptyDir": True}

CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-reference": ({"nameServerRef": {"name": "nobody"}}, "NameServerNotFound", "nobody"),
    "no-config": ({**SERVERS, "config": {"name": "nothing"}}, "ConfigMapMissing", "nothing"),
    "no-image": (
        {**SERVERS, "brokerImage": "rocketmq-operator/nothing:1"},
        "ImagePullFailed",
        "rocketmq-operator/nothing:1",
    ),
    "no-node": ({**SERVERS, "nodeSelector": {"e2e/no": "where"}}, "PodUnschedulable", "no-node-0-0"),
    "no-name": ({"nameServers": "nowhere.invalid:9876"}, "NameServersUnknown", "nowhere.invalid"),
    "no-answer": ({"nameServers": "127.0.0.1:9"}, "NameServersUnreachable", "127.0.0.1:9"),
}
TUTORIAL = ("mybrokercluster", "rocketmq-operator")


@pytest.fixture(scope="module", autouse=True)
def all_at_once(kubectl: Kubectl) -> Iterator[None]:
    kubectl.namespace(NS)
    for name, (spec, _, _) in CASES.items():
        kubectl.apply(cluster(name, NS, **ONE, brokerNamePrefix=name, **spec))
    yield
    kubectl("delete", "namespace", NS, "--wait=false")
    # The tutorial's, to which no harm may be done here, has served its purpose.
    gone(kubectl, *TUTORIAL)


@pytest.mark.parametrize("name", CASES)
def test_reported(kubectl: Kubectl, name: str) -> None:
    _, reason, word = CASES[name]
    found = kubectl.wait_reason(name, NS, reason, 120)
    assert word in found["message"]
    events = until(
        lambda: kubectl.json("get", "events.events.k8s.io", "-n", NS)["items"],
        lambda items: any(each["regarding"]["name"] == name and each["reason"] == reason for each in items),
        30,
    )
    assert {each["type"] for each in events if each["reason"] == reason} == {"Warning"}


def test_no_other_cluster_was_harmed(kubectl: Kubectl) -> None:
    assert kubectl.condition("brokercluster", *TUTORIAL, "Ready")["status"] == "True"
    pods = kubectl.pods("rocketmq-operator", "app=rocketmq-operator")
    assert [status["restartCount"] for pod in pods.values() for status in pod["status"]["containerStatuses"]] == [0]


def test_what_was_missing_arrives_and_the_cluster_goes_on(kubectl: Kubectl) -> None:
    data = {"broker.conf": "fileReservedTime=24\nbrokerName=ignored\n"}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nothing", "namespace": NS}, "data": data}
    )
    kubectl.wait_ready("brokercluster", "no-config", NS, 240)
    text = kubectl("exec", "no-config-0-0", "-n", NS, "--", "cat", "../conf/broker.conf")
    assert "fileReservedTime=24" in text
    assert "brokerName=no-config-0" in text
    assert "ignored" not in text
