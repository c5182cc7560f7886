"""What ``plan`` says, against an API server that holds a little world."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from rocketmq_operator.cli import intended, plan_text, plans, plugin
from rocketmq_operator.cli.frame import Refused
from rocketmq_operator.core.rollout.preview import Preview
from rocketmq_operator.kube.types import Json
from tests.unit.core.names_world import NamesWorld
from tests.unit.core.rollout.rolling import Rolling
from tests.unit.reconcile.memory import MemoryKube

from .server import of_cluster, of_servers


def document(name: str = "c", kind: str = "BrokerCluster", **spec: Any) -> Json:
    return {"apiVersion": "rocketmq.huanwei.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def world(groups: int = 2, **spec: Any) -> MemoryKube:
    found = Rolling(groups, **spec)
    found.pass_seconds(2)
    return of_cluster(found)


async def planned(kube: MemoryKube, wanted: Json) -> Preview:
    found = await plans.planned(kube, wanted, "ns")  # type: ignore[arg-type]
    assert isinstance(found, Preview) and kube.writes == []
    return found


def text(found: Preview) -> str:
    stream = io.StringIO()
    Console(file=stream, width=200).print(plan_text.plan(found))
    return stream.getvalue()


async def test_an_image_restarts_slaves_before_masters_and_closes_each_group() -> None:
    found = await planned(world(), document(brokerImage="other"))
    assert found.verdict == "restart"
    assert [each.pod for each in found.restarts] == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]
    assert [(each.group, each.pod, each.seconds) for each in found.closings] == [
        ("broker-0", "c-0-1", 35),
        ("broker-1", "c-1-1", 35),
    ]
    shown = text(found)
    assert "image apache/rocketmq:5.4.0 -> other" in shown and "4 pods restart" in shown
    assert "broker-0, 35 s before; order topics first, if any" in shown and "stays closed" in shown


async def test_what_changes_nothing_and_what_is_live() -> None:
    kube = world()
    assert (await planned(kube, document())).verdict == "nothing"
    assert (await planned(kube, document(groupReplica=3))).numbers[0].startswith("groupReplica 2 -> 3: broker-2 comes")
    assert (await planned(kube, document(scaleDown={"closeSeconds": 65}))).others == ("scaleDown",)
    found = await planned(kube, document(properties={"maxMessageSize": "1000000"}))
    assert (found.verdict, found.restarts) == ("live", ())
    assert "maxMessageSize (unset) -> 1000000 (live)" in text(found)


async def test_what_will_not_be_done_is_said_with_its_reason() -> None:
    found = await planned(world(), document(brokerImage="apache/rocketmq:4.9.7"))
    assert (found.verdict, found.problems[0].reason) == ("refused", "DowngradeRefused")
    found = await planned(world(emptyDir=True), document(brokerImage="other"))
    assert (found.verdict, found.problems[0].reason) == ("refused", "MessagesInPod")
    assert [each.pod for each in found.restarts] == ["c-0-1"] and "on its way" in text(found)
    found = await planned(world(), document(config={"name": "missing"}))
    assert (found.verdict, found.problems[0].reason) == ("refused", "ConfigMapMissing")


async def test_pauses_are_stated_beforehand() -> None:
    only = await planned(world(1), document(brokerImage="other"))
    assert "SYNC needs this slave" in only.pauses[0] and "sends fail while c-0-0 restarts" in only.pauses[1]
    single = await planned(world(membersPerGroup=1), document(brokerImage="other"))
    assert len(single.pauses) == 2 and "groups of one member" in single.pauses[0] and "order topics" in single.pauses[1]
    spared = await planned(world(membersPerGroup=3), document(brokerImage="other"))
    assert [each.closed for each in spared.restarts[:3]] == [False, False, True]


async def test_rules_of_the_spec_are_said() -> None:
    rules = {"canary": {}, "maintenanceWindows": [{"schedule": "30 0 29 2 *"}]}
    found = await planned(world(rollout=rules), document(brokerImage="other"))
    assert [each.waits for each in found.restarts] == ["", "", "promotion", "promotion"]
    assert "promote" in found.rules[0] and "after the promotion" in text(found)
    assert "maintenance window of" in found.holds[0]


async def test_name_servers_restart_one_by_one() -> None:
    servers = NamesWorld(3)
    servers.settle()
    found = await planned(of_servers(servers), document("n", "NameServer", image="other"))
    assert [each.pod for each in found.restarts] == ["n-ns-2", "n-ns-1", "n-ns-0"] and found.pauses == ()
    servers = NamesWorld(1)
    servers.settle()
    found = await planned(of_servers(servers), document("n", "NameServer", image="other"))
    assert "only name server" in found.pauses[0]


async def test_a_resource_that_does_not_exist_yet() -> None:
    kube = world()
    found = await plans.planned(kube, document("new", nameServers="n:1", groupReplica=3), "ns")  # type: ignore[arg-type]
    assert isinstance(found, plans.Creation) and found.words == "6 brokers: 3 groups of 2"
    assert ("BrokerCluster", "ns", "new") not in kube.objects


def test_other_documents_are_told_of_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps({"kind": "List", "items": [document("a"), {"kind": "Pod", "metadata": {"name": "p"}}]})
    assert [each["metadata"]["name"] for each in plans.documents(text + "\n---\n")] == ["a"]
    with pytest.raises(Refused, match="no BrokerCluster"):
        plans.documents("kind: Pod\nmetadata: {name: p}")
    with pytest.raises(Refused, match="no YAML"):
        plans.documents("a: [")


def test_a_field_that_the_file_no_longer_has_goes_as_with_kubectl() -> None:
    last = {"spec": {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}}
    assert intended.merge(last, {"spec": {"b": {"d": 3}, "e": [2]}}) == {
        "spec": {"a": None, "b": {"c": None, "d": 3}, "e": [2]}
    }


async def test_what_was_applied_from_a_client_is_patched_as_kubectl_does() -> None:
    kube = world(properties={"sendMessageThreadPoolNums": "7"})
    meta = kube.find("BrokerCluster", "c")["metadata"]
    last = document(properties={"sendMessageThreadPoolNums": "7"})
    meta["annotations"] = {intended.LAST_APPLIED: json.dumps(last), "kept": "yes"}
    found = await planned(kube, document())
    assert [change.words() for change in found.changes] == ["sendMessageThreadPoolNums 7 -> (unset)"]


def test_a_hyphen_is_standard_input() -> None:
    _, bound, _ = plugin.app.parse_args(["plan", "-f", "-", "-o", "json"])
    assert bound.arguments["filename"] == "-"
