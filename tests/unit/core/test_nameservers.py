"""A NameServer from nothing to Ready, up and down, and what goes wrong on the way."""

import msgspec
import pytest

from rocketmq_operator.api import NameServerStatus
from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core import names
from rocketmq_operator.core.lookups import LOOKED_UP_MS, LOOKED_UP_SLOWLY_MS
from rocketmq_operator.core.plan import Create, Plan, PutOrders, Resize, SetGate, SetListed

from .names_world import NamesWorld


def told(plan: Plan[NameServerStatus], type_: str) -> Condition:
    found = condition(plan.status.conditions, type_)
    assert found is not None
    return found


def settled(replicas: int, **kwargs: object) -> NamesWorld:
    world = NamesWorld(replicas, **kwargs)  # type: ignore[arg-type]
    world.settle(8)
    return world


def test_everything_is_created_at_once_and_then_writes_stop() -> None:
    world = NamesWorld(2)
    kinds = sorted(action.obj["kind"] for action in world.plan().actions if isinstance(action, Create))
    assert kinds == ["ConfigMap", "ControllerRevision", "PodDisruptionBudget", "Service", "Service", "StatefulSet"]
    plan = world.settle()
    assert plan.actions == () and plan.events == () and plan.requeue is None
    assert (told(plan, "Ready").status, told(plan, "Scaling").status) == ("True", "False")
    assert plan.status.ready == "2/2"
    assert [(each.listed, each.complete) for each in plan.status.members] == [(True, True)] * 2


@pytest.mark.parametrize("referred", [False, True])
def test_creation_waits_for_no_broker(referred: bool) -> None:
    world = NamesWorld(2, referred=referred)
    world.plan()
    world.kubernetes()
    opened = [action for action in world.plan().actions if isinstance(action, SetGate)]
    assert [(gate.pod, gate.open, gate.condition) for gate in opened] == [
        ("n-ns-0", True, names.COMPLETE_GATE),
        ("n-ns-1", True, names.COMPLETE_GATE),
    ]


def test_one_that_does_not_answer_is_not_opened() -> None:
    world = NamesWorld(1)
    world.plan()
    world.kubernetes()
    world.silent = {"n-ns-0"}
    plan = world.plan()
    assert plan.actions == () and "n-ns-0 does not answer yet" in told(plan, "Ready").message


def test_a_new_one_is_opened_when_it_knows_every_broker_that_the_others_know() -> None:
    world = settled(1)
    world.ask(3)
    up = world.plan()
    assert [action.reason for action in up.actions] == ["ScaledUp"] and world.size == 3
    world.kubernetes()
    plan = world.plan()
    assert plan.actions == ()
    assert "n-ns-1 does not list c-0-0, c-0-1 yet" in told(plan, "Ready").message
    assert (told(plan, "Scaling").status, told(plan, "Scaling").reason) == ("True", "StartingNameServers")
    world.brokers_look()
    assert sorted(action.pod for action in world.plan().actions if isinstance(action, SetGate)) == ["n-ns-1", "n-ns-2"]
    assert told(world.plan(), "Scaling").status == "False"


def test_a_broker_that_goes_down_closes_no_gate() -> None:
    world = settled(2)
    world.lists["n-ns-1"] = {}
    world.brokers["c-0-0"] = msgspec.structs.replace(world.brokers["c-0-0"], container="")
    assert world.plan().actions == ()


def test_a_restarted_container_loses_its_gate_until_it_is_complete_again() -> None:
    world = settled(2)
    world.start("n-ns-1")
    gates = [action for action in world.plan().actions if isinstance(action, SetGate)]
    assert [(gate.pod, gate.open, gate.container) for gate in gates] == [("n-ns-1", False, world.pod(1).container)]
    assert told(world.plan(), "Scaling").status == "False"
    world.brokers_look()
    gates = [action for action in world.plan().actions if isinstance(action, SetGate)]
    assert [(gate.pod, gate.open) for gate in gates] == [("n-ns-1", True)]


def test_order_configuration_is_copied_before_the_gate_opens() -> None:
    world = settled(2)
    world.orders = {"n-ns-0": {"a": "broker-0:4", "b": "broker-0:8"}, "n-ns-1": {"a": "broker-0:4"}}
    world.replace("n-ns-1")
    world.brokers_look()
    copied = world.plan()
    assert [action.values for action in copied.actions if isinstance(action, PutOrders)] == [
        {"a": "broker-0:4", "b": "broker-0:8"}
    ]
    assert not [action for action in copied.actions if isinstance(action, SetGate) and action.open]
    assert [action.reason for action in world.plan().actions] == ["NameServerComplete"]
    assert world.orders["n-ns-1"] == world.orders["n-ns-0"]


def test_one_that_was_opened_is_never_written_to() -> None:
    world = settled(2)
    world.orders = {"n-ns-0": {"a": "broker-0:4"}, "n-ns-1": {}}
    assert not [action for action in world.plan().actions if isinstance(action, PutOrders)]


def test_a_new_one_waits_while_the_only_one_that_knows_does_not_answer() -> None:
    world = settled(1)
    world.orders["n-ns-0"] = {"a": "broker-0:4"}
    world.ask(2)
    world.plan()
    world.kubernetes()
    world.silent = {"n-ns-0"}
    plan = world.plan()
    assert not [action for action in plan.actions if isinstance(action, SetGate)]
    assert "order configuration of n-ns-0, which does not answer" in told(plan, "Ready").message
    world.silent = set()
    world.settle(4)
    assert world.orders["n-ns-1"] == {"a": "broker-0:4"}


def test_down_is_unlisted_waited_for_and_taken_away() -> None:
    world = settled(3)
    world.ask(2)
    plan = world.plan()
    assert [(action.reason, action.pod) for action in plan.actions if isinstance(action, SetListed)] == [
        ("NameServerUnlisted", "n-ns-2")
    ]
    assert world.listed() == ["n-ns-0", "n-ns-1"] and world.size == 3
    world.pass_time(LOOKED_UP_MS // 1000 - 1)
    plan = world.plan()
    assert plan.actions == () and told(plan, "Scaling").reason == "WaitingForLookups" and plan.requeue == 5.0
    assert [each.listed for each in plan.status.members] == [True, True, False]
    world.pass_time(1)
    plan = world.plan()
    assert [action.reason for action in plan.actions] == ["NameServerRemoved"] and world.size == 2
    assert told(world.plan(), "Scaling").reason == "RemovingNameServer"
    world.kubernetes()
    plan = world.plan()
    assert plan.actions == () and told(plan, "Scaling").status == "False" and plan.status.replicas == 2


def test_several_go_one_after_the_other() -> None:
    world = settled(3)
    world.ask(1)
    world.plan()
    assert world.listed() == ["n-ns-0", "n-ns-1"]
    world.pass_time(60)
    world.plan()
    assert world.size == 2
    waiting = world.plan()
    assert waiting.actions == () and "n-ns-2 is being stopped" in told(waiting, "Scaling").message
    world.kubernetes()
    world.plan()
    assert world.listed() == ["n-ns-0"]
    world.settle(6)
    assert sorted(world.pods) == ["n-ns-0"]


def test_none_goes_before_every_broker_is_on_all_the_others() -> None:
    world = settled(3)
    world.lists["n-ns-0"] = {}
    world.ask(2)
    plan = world.plan()
    assert plan.actions == () and world.listed() == ["n-ns-0", "n-ns-1", "n-ns-2"]
    assert told(plan, "Scaling").reason == "WaitingForBrokers"
    assert "c-0-0 on n-ns-0" in told(plan, "Scaling").message
    world.brokers_look()
    world.plan()
    assert world.listed() == ["n-ns-0", "n-ns-1"]
    world.lists["n-ns-1"] = {}
    world.pass_time(600)
    plan = world.plan()
    assert plan.actions == () and told(plan, "Scaling").reason == "WaitingForBrokers" and world.size == 3


@pytest.mark.parametrize("trouble", ["silent", "not opened", "not there"])
def test_none_goes_while_one_that_stays_does_not_serve(trouble: str) -> None:
    world = settled(2)
    world.ask(1)
    if trouble == "silent":
        world.silent = {"n-ns-0"}
    elif trouble == "not opened":
        world.change("n-ns-0", gate="False")
        world.lists["n-ns-0"] = {}
    else:
        del world.pods["n-ns-0"]
    plan = world.plan()
    assert not [action for action in plan.actions if isinstance(action, SetListed | Resize)]
    assert told(plan, "Scaling").reason == "WaitingForNameServers"


def test_the_leaving_one_is_listed_again_when_none_of_the_others_answers() -> None:
    world = settled(2)
    world.ask(1)
    world.plan()
    assert world.listed() == ["n-ns-0"]
    world.silent = {"n-ns-0"}
    world.plan()
    assert world.listed() == ["n-ns-0", "n-ns-1"]
    world.silent = set()
    assert world.settle(8).status.replicas == 1


def test_a_changed_mind_lists_it_again() -> None:
    world = settled(3)
    world.ask(2)
    world.plan()
    world.pass_time(30)
    world.ask(3)
    plan = world.plan()
    assert [action.reason for action in plan.actions] == ["NameServerListed"]
    assert world.listed() == ["n-ns-0", "n-ns-1", "n-ns-2"] and world.pod(2).unlisted_since == 0
    world.ask(2)
    world.plan()
    world.pass_time(40)
    assert told(world.plan(), "Scaling").reason == "WaitingForLookups"


def test_a_time_that_is_missing_or_ahead_begins_anew() -> None:
    for since in (0, 10**15):
        world = settled(2)
        world.ask(1)
        world.plan()
        world.change("n-ns-1", unlisted_since=since)
        world.plan()
        assert world.pod(1).unlisted_since == world.now_ms and world.size == 2


@pytest.mark.parametrize("version", ["5.3.0", "5.1.4", "4.9.7", ""])
def test_brokers_that_follow_slowly_get_more_time(version: str) -> None:
    world = settled(2, version=version)
    world.ask(1)
    world.plan()
    world.tell()
    world.pass_time(LOOKED_UP_SLOWLY_MS // 1000 - 1)
    assert told(world.plan(), "Scaling").reason == "WaitingForLookups" and world.size == 2
    world.pass_time(1)
    world.plan()
    assert world.size == 1


def test_brokers_that_were_given_a_list_must_have_a_new_one() -> None:
    world = settled(2, version="4.9.7")
    world.ask(1)
    world.plan()
    world.pass_time(1000)
    plan = world.plan()
    assert told(plan, "Scaling").reason == "WaitingForBrokers" and world.size == 2
    assert "c-0-0, c-0-1 was not yet told to leave n-ns-1" in told(plan, "Scaling").message
    world.tell()
    world.plan()
    assert world.size == 1


def test_a_list_of_addresses_names_the_leaving_one_as_well() -> None:
    world = settled(2, version="4.9.7")
    world.told = tuple(f"{pod.ip}:9876" for pod in world.all_pods())
    world.ask(1)
    world.plan()
    world.pass_time(1000)
    assert told(world.plan(), "Scaling").reason == "WaitingForBrokers"
    world.told = world.told[:1]
    world.plan()
    assert world.size == 1


def test_one_whose_pod_never_came_is_taken_back_at_once() -> None:
    world = settled(2)
    world.ask(3)
    world.plan()
    world.ask(2)
    world.plan()
    assert world.size == 2


@pytest.mark.parametrize("asked", [3, 1])
def test_paused_changes_nothing_but_gates(asked: int) -> None:
    world = settled(2)
    world.ask(asked, paused=True)
    plan = world.plan()
    assert plan.actions == () and plan.requeue is None
    assert (told(plan, "Scaling").status, told(plan, "Scaling").reason) == ("True", "Paused")
    world.start("n-ns-1")
    world.brokers_look()
    assert [type(action) for action in world.plan().actions] == [SetGate]


def test_deleted_midway_nothing_is_done_any_more() -> None:
    world = settled(3)
    world.ask(2)
    world.plan()
    metadata = msgspec.structs.replace(world.server.metadata, deletion_timestamp="2026-01-01T00:00:00Z")
    world.server = msgspec.structs.replace(world.server, metadata=metadata)
    world.pass_time(600)
    assert world.plan().actions == () and world.size == 3


def test_a_size_that_somebody_set_by_hand_is_set_back() -> None:
    world = settled(2)
    key = ("StatefulSet", "n-ns")
    spec = {**world.objects[key].content()["spec"], "replicas": 1}
    world.objects[key] = msgspec.structs.replace(world.objects[key], spec=msgspec.Raw(msgspec.json.encode(spec)))
    assert [action.reason for action in world.plan().actions] == ["ScaledUp"] and world.size == 2


def test_the_number_is_no_part_of_the_template() -> None:
    world = settled(1)
    world.ask(16)
    assert told(world.plan(), "RollingOut").status == "False"


def test_somebody_elses_workload_is_not_touched() -> None:
    world = NamesWorld(2)
    world.plan()
    key = ("StatefulSet", "n-ns")
    world.objects[key] = msgspec.structs.replace(world.objects[key], owner_uid="uid-other")
    world.ask(1)
    plan = world.plan()
    assert plan.actions == () and told(plan, "Degraded").reason == "NameTaken"


def test_pods_from_before_the_label_get_it_before_services_select_by_it() -> None:
    world = settled(2)
    for name in world.pods:
        world.change(name, listed="")
    for service in ("n-ns", "n-ns-all"):
        key = ("Service", service)
        old = {**world.objects[key].content()["spec"], "selector": {names.NAME_SERVER_LABEL: "n"}}
        world.objects[key] = msgspec.structs.replace(world.objects[key], spec=msgspec.Raw(msgspec.json.encode(old)))
    assert {action.reason for action in world.plan().actions} == {"NameServerListed"}
    assert {action.reason for action in world.plan().actions} == {"ServiceUpdated"}
    assert world.plan().actions == ()
