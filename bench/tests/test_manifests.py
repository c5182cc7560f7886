"""The bare pods: the operator's own but for what is compared, and out of its sight."""

import json
from typing import Any

import pytest

from bench import fixtures, manifests
from rocketmq_operator.api.schema import GROUP
from rocketmq_operator.core.build import workload

CLUSTER = manifests.cluster("here")
SERVERS = ["10.0.0.1:9876", "10.0.0.2:9876"]


def made(way: str) -> list[dict[str, Any]]:
    if way == "same":
        return manifests.same_pods(CLUSTER, SERVERS, 2)
    return manifests.plain_pods(CLUSTER, SERVERS, 2, manifests.JAVA_FLAGS[way])


def sets(way: str) -> list[dict[str, Any]]:
    return [each for each in made(way) if each["kind"] == "StatefulSet"]


@pytest.mark.parametrize("way", ["same", *manifests.JAVA_FLAGS])
def test_operator_never_sees_the_bare_objects(way: str) -> None:
    objects = made(way)
    labels = json.dumps([each["metadata"] for each in objects] + [each["spec"] for each in sets(way)])
    assert GROUP not in labels
    assert "app.kubernetes.io/managed-by" not in labels
    assert all(each["metadata"]["namespace"] == "here" for each in objects)


@pytest.mark.parametrize("way", ["same", *manifests.JAVA_FLAGS])
def test_bare_pods_are_the_operators_in_all_that_is_not_compared(way: str) -> None:
    theirs = workload.stateful_set(CLUSTER, 0, "x", hard_spread=True, replicas=2)["spec"]
    ours = sets(way)[0]["spec"]
    assert len(sets(way)) == 2
    assert ours["replicas"] == theirs["replicas"]
    assert ours["podManagementPolicy"] == theirs["podManagementPolicy"]
    same = ("image", "resources", "securityContext", "startupProbe", "readinessProbe", "livenessProbe", "ports")
    pod, its = ours["template"]["spec"], theirs["template"]["spec"]
    assert [pod["containers"][0][key] for key in same] == [its["containers"][0][key] for key in same]
    assert pod["securityContext"] == its["securityContext"]
    assert "requiredDuringSchedulingIgnoredDuringExecution" in pod["affinity"]["podAntiAffinity"]


def test_same_pods_run_the_operators_script() -> None:
    theirs = workload.stateful_set(CLUSTER, 0, "x", hard_spread=True, replicas=2)["spec"]["template"]["spec"][
        "containers"
    ][0]
    assert sets("same")[0]["spec"]["template"]["spec"]["containers"][0]["command"] == theirs["command"]


def test_plain_configurations_are_of_the_same_replication() -> None:
    files = next(each for each in made("default") if each["kind"] == "ConfigMap")["data"]
    assert sorted(files) == ["bench-0-0.conf", "bench-0-1.conf", "bench-1-0.conf", "bench-1-1.conf"]
    assert "brokerRole=SYNC_MASTER\n" in files["bench-1-0.conf"]
    assert "inSyncReplicas=2\n" in files["bench-1-0.conf"]
    assert "brokerRole=SLAVE\n" in files["bench-1-1.conf"]
    assert "namesrvAddr=10.0.0.1:9876;10.0.0.2:9876\n" in files["bench-0-1.conf"]


def test_only_the_flags_differ_between_plain_ways() -> None:
    commands = {
        way: sets(way)[0]["spec"]["template"]["spec"]["containers"][0]["command"][2] for way in manifests.JAVA_FLAGS
    }
    assert "-Xms819m -Xmx819m" in commands["default"]
    assert "-XX:+AlwaysPreTouch" not in commands["default"]
    assert "-Xmn409m" in commands["distribution"]


def test_four_brokers_are_awaited() -> None:
    assert fixtures.brokers_of(CLUSTER) == {("broker-0", 0), ("broker-0", 1), ("broker-1", 0), ("broker-1", 1)}
