"""Bad input that the API server itself refuses, with the field's path in its answer."""

from typing import Any

import pytest

from .kubectl import Kubectl, RefusedError
from .manifests import cluster, name_server

NAMES = {"nameServers": "names:9876"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no groups": ({**NAMES, "groupReplica": 0}, "spec.groupReplica"),
    "negative groups": ({**NAMES, "groupReplica": -1}, "spec.groupReplica"),
    "no members": ({**NAMES, "membersPerGroup": 0}, "spec.membersPerGroup"),
    "unknown mode": ({**NAMES, "replicationMode": "SEMI"}, "spec.replicationMode"),
    "address without port": ({"nameServers": "10.0.0.1"}, "spec.nameServers"),
    "address with bad port": ({"nameServers": "10.0.0.1:x"}, "spec.nameServers"),
    "neither name servers nor reference": ({}, "exactly one of nameServers"),
    "both name servers and reference": ({**NAMES, "nameServerRef": {"name": "names"}}, "exactly one of nameServers"),
    "owned key": ({**NAMES, "properties": {"brokerName": "mine"}}, "spec.properties"),
    "owned key as the seed spells it": ({**NAMES, "properties": {"BROKER_NAME": "mine"}}, "spec.properties"),
    "key that is no key": ({**NAMES, "properties": {"a b": "c"}}, "spec.properties"),
    "value of two lines": ({**NAMES, "properties": {"a": "b\nbrokerName=c"}}, "spec.properties"),
    "bad quantity": ({**NAMES, "limits": {"memory": "lots"}}, "spec.limits.memory"),
    "two storage sources": ({**NAMES, "emptyDir": True, "storageClassName": "x"}, "spec.emptyDir"),
    "reference without a name": ({"nameServerRef": {}}, "spec.nameServerRef.name"),
    "force that names nobody": (
        {**NAMES, "scaleDown": {"onTimeout": "Force", "timeoutSeconds": 60}},
        "spec.scaleDown.onTimeout",
    ),
    "force without a time-out": (
        {**NAMES, "scaleDown": {"onTimeout": "Force", "force": ["broker-1"]}},
        "spec.scaleDown.onTimeout",
    ),
    "grace period too short": (
        {**NAMES, "podTemplate": {"terminationGracePeriodSeconds": 1}},
        "terminationGracePeriodSeconds",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(kubectl: Kubectl, case: str) -> None:
    spec, path = REFUSED[case]
    with pytest.raises(RefusedError) as caught:
        kubectl.apply(cluster("refused", "default", **spec), dry_run=True)
    assert path in caught.value.stderr


@pytest.mark.parametrize("name", ["a" * 41, "1a", "a.b"])
def test_names_that_no_pod_can_bear_are_refused(kubectl: Kubectl, name: str) -> None:
    for each in (cluster(name, "default", **NAMES), name_server(name, "default")):
        with pytest.raises(RefusedError, match=r"metadata\.name"):
            kubectl.apply(each, dry_run=True)


@pytest.mark.parametrize("replicas", [0, -1, 17])
def test_numbers_of_name_servers(kubectl: Kubectl, replicas: int) -> None:
    with pytest.raises(RefusedError, match=r"spec\.replicas"):
        kubectl.apply(name_server("names", "default", replicas), dry_run=True)


def test_what_cannot_change_is_refused(kubectl: Kubectl) -> None:
    namespace = kubectl.namespace("e2e-unchangeable")
    paused = {**NAMES, "paused": True}
    kubectl.apply(cluster("fixed", namespace, **paused))
    for change, path in (
        ({"clusterName": "Other"}, "spec.clusterName"),
        ({"brokerNamePrefix": "other"}, "spec.brokerNamePrefix"),
        ({"emptyDir": True}, "spec.emptyDir"),
        ({"allMaster": True}, "spec.allMaster"),
        ({"storageClassName": "other"}, "spec.storageClassName"),
    ):
        with pytest.raises(RefusedError) as caught:
            kubectl.apply(cluster("fixed", namespace, **paused, **change))
        assert path in caught.value.stderr
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_the_seeds_own_text_is_accepted(kubectl: Kubectl) -> None:
    from tests.unit.deploy.test_manifests import SEED

    kubectl("apply", "--dry-run=server", "-f", "-", stdin=SEED)
