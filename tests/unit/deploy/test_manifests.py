"""The tutorial's files: least rights, Pod Security restricted, and the seed's own text still fitting the schema."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.cli.settings import Settings, load
from rocketmq_operator.reconcile.kinds import RESOURCES

DEPLOY = Path(__file__).parents[3] / "deploy"
EXAMPLES = DEPLOY.parent / "examples"
Document = dict[str, Any]

SEED = """
apiVersion: "rocketmq.huanwei.io/v1alpha1"
kind: BrokerCluster
metadata:
  name: mybrokercluster
  namespace : rocketmq-operator
spec:
  brokerImage: huanwei/rocketmq-broker:4.3.0-operator
  nameServers: 10.10.103.181:9876;10.10.101.98:9876
  allMaster: false
  replicationMode: SYNC
  groupReplica: 2
  membersPerGroup: 2
"""


def documents(path: Path) -> list[Document]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def rules() -> list[Document]:
    return [rule for each in documents(DEPLOY / "02-rbac.yaml") for rule in each.get("rules", [])]


def test_no_wildcard_no_exec_no_secrets() -> None:
    assert rules()
    for rule in rules():
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not {"secrets", "pods/exec", "pods/attach"} & set(rule["resources"])
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])


def test_the_operator_may_do_what_its_actions_need() -> None:
    allowed = {
        (group, resource, verb)
        for each in documents(DEPLOY / "02-rbac.yaml")
        if each["kind"] == "ClusterRole" and each["metadata"]["name"] == "rocketmq-operator"
        for rule in each["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    for each in RESOURCES.values():
        for verb in ("get", "list", "watch", "create", "patch", "delete"):
            assert (each.group, each.plural, verb) in allowed
    assert {("", "pods", "delete"), ("rocketmq.huanwei.io", "brokerclusters", "patch")} <= allowed
    # Readiness gates, the label of a name server, and a look at it before it goes.
    assert {("", "pods/status", "patch"), ("", "pods", "patch"), ("", "pods", "get")} <= allowed


@pytest.mark.parametrize("name", ["00-namesrv.yaml", "03-deploymentWithConfig.yaml"])
def test_deployments_fit_pod_security_restricted(name: str) -> None:
    pods = [each["spec"]["template"]["spec"] for each in documents(DEPLOY / name) if each["kind"] == "Deployment"]
    assert pods
    for pod in pods:
        assert (
            pod["securityContext"]["runAsNonRoot"]
            and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        )
        assert not pod.get("hostNetwork")
        assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                **({"readOnlyRootFilesystem": True} if "operator" in container["name"] else {}),
            }


def test_the_operators_settings_in_the_config_map_are_its_defaults() -> None:
    text = documents(DEPLOY / "03-deploymentWithConfig.yaml")[0]["data"]["operator-config.yaml"]
    assert load(text, "operator-config.yaml") == Settings()


@pytest.mark.parametrize("path", [*DEPLOY.glob("04-*.yaml"), *EXAMPLES.glob("*.yaml")], ids=lambda path: path.name)
def test_every_resource_of_ours_can_be_read(path: Path) -> None:
    kinds = {"BrokerCluster": BrokerCluster, "NameServer": NameServer}
    for each in documents(path):
        if each["kind"] in kinds:
            read: Any = msgspec.convert(each, kinds[each["kind"]])
            unknown = each["spec"].keys() - {field.encode_name for field in msgspec.structs.fields(type(read.spec))}
            assert not unknown


def test_the_seeds_own_text_can_be_read() -> None:
    cluster = msgspec.convert(yaml.safe_load(SEED), BrokerCluster)
    assert cluster.spec.name_servers == "10.10.103.181:9876;10.10.101.98:9876"
    assert (cluster.spec.group_replica, cluster.spec.members_per_group) == (2, 2)
