"""A BrokerCluster from nothing to Ready, and what goes wrong on the way."""

import msgspec
import pytest

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import Problem, Registered
from rocketmq_operator.core.opening import CONNECT_MS, FENCED_FOR_EVER, FOLLOW_MS
from rocketmq_operator.core.plan import Configure, Create, Plan, SetGate

from .world import NOW_MS, World, cluster


def told(plan: Plan[BrokerClusterStatus], type_: str) -> Condition:
    found = condition(plan.status.conditions, type_)
    assert found is not None
    return found


def settled(**spec: object) -> World:
    world = World(cluster(**spec))
    world.plan()
    world.start_pods()
    for _ in range(3):
        world.plan()
    return world


def test_everything_is_created_at_once_and_then_nothing_more() -> None:
    world = World(cluster())
    kinds = sorted(action.obj["kind"] for action in world.plan().actions if isinstance(action, Create))
    assert kinds == [
        *["ConfigMap"] * 3,
        "ControllerRevision",
        *["PodDisruptionBudget"] * 2,
        "Service",
        *["StatefulSet"] * 2,
    ]
    assert world.plan().actions == ()


def test_a_cluster_becomes_ready_and_writes_stop() -> None:
    world = settled()
    plan = world.plan()
    assert plan.actions == () and plan.events == () and plan.requeue is None
    assert told(plan, "Ready").status == "True"
    assert plan.status.brokers_ready == "4/4"
    assert all(broker.accepts_from <= NOW_MS for broker in world.brokers.values())
    assert [member.registered_on for group in plan.status.broker_groups for member in group.members] == [
        list(world.lists)
    ] * 4


def test_all_master_is_one_member_whatever_members_per_group_says() -> None:
    world = settled(allMaster=True, membersPerGroup=2)
    assert sorted(world.pods) == ["c-0-0", "c-1-0"]
    assert told(world.plan(), "Replicated").reason == "SingleMember"


def test_a_first_master_waits_for_its_slave_to_connect_but_not_for_ever() -> None:
    world = World(cluster(groupReplica=1))
    world.plan()
    world.start_pods()
    world.change_broker("c-0-0", followers=0)
    assert "waits for 1 of its slaves to connect" in told(world.plan(), "Ready").message
    world.now_ms += FOLLOW_MS + 1000
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0


@pytest.mark.parametrize("member", [0, 1])
def test_a_first_master_waits_until_every_name_server_lists_its_group_but_not_for_ever(member: int) -> None:
    """Ready while one of two name servers did not list a broker: half of the clients would not have found it."""
    world = World(cluster(groupReplica=1))
    world.plan()
    world.start_pods()
    full = dict(world.lists)
    last = list(world.lists)[-1]
    listed = full[last]
    assert listed is not None
    others = {key: value for key, value in listed["broker-0"].addresses.items() if key != member}
    world.lists[last] = {"broker-0": Registered("DefaultCluster", others)}
    assert f"c-0-{member} is not registered on {last} yet" in told(world.plan(), "Ready").message
    # One that does not answer at all is not waited for.
    silent = world.copy()
    silent.lists[last] = None
    silent.plan()
    assert silent.brokers["c-0-0"].accepts_from == 0
    world.now_ms += FOLLOW_MS + 1000
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0
    # A name server that forgets later closes nobody, and nobody is waited for again.
    world.change_broker("c-0-0", accepts_from=world.now_ms + 30_000, boot=world.now_ms)
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0


def test_slaves_of_4_x_are_given_time_to_connect_since_nobody_tells_whether_they_are() -> None:
    world = World(cluster(groupReplica=1))
    world.plan()
    world.start_pods()
    world.change_broker("c-0-0", version="4.9.7", in_sync=0)
    world.now_ms += CONNECT_MS - 1000
    assert "waits for c-0-1 to connect" in told(world.plan(), "Ready").message
    world.now_ms += 2000
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0


def test_the_group_is_marked_before_its_master_opens() -> None:
    world = World(cluster(groupReplica=1))
    world.plan()
    world.start_pods()
    opened = [action for action in world.plan().actions if isinstance(action, Configure)]
    assert len(opened) == 1
    assert opened[0].first is not None and opened[0].first["data"]["initialized"] == "true"


def test_a_master_behind_its_slave_is_fenced_and_told() -> None:
    world = settled(groupReplica=1)
    world.change_broker("c-0-1", max_offset=100)
    plan = world.plan()
    assert told(plan, "Degraded").reason == "MasterBehindSlave"
    # The fence alone lets consumers send messages back to it.
    assert [action.values.get("brokerPermission") for action in plan.actions if isinstance(action, Configure)] == ["4"]
    assert world.brokers["c-0-0"].accepts_from == FENCED_FOR_EVER
    assert not [action for action in world.plan().actions if isinstance(action, Configure)]


def test_a_restarted_master_waits_for_its_slaves_answer() -> None:
    world = settled(groupReplica=1)
    del world.brokers["c-0-1"]
    world.change_broker("c-0-0", accepts_from=NOW_MS + 30_000)
    plan = world.plan()
    assert "waiting to hear from c-0-1" in told(plan, "Ready").message
    assert world.brokers["c-0-0"].accepts_from == NOW_MS + 30_000


def test_a_restarted_master_waits_for_a_slave_that_has_no_pod_just_now() -> None:
    """Its slave, which held more, had been replaced a moment ago, and nobody was waited for (found by the simulator)."""
    world = settled(groupReplica=1)
    world.stop("c-0-1")
    world.change_broker("c-0-0", accepts_from=NOW_MS + 30_000)
    assert "waiting to hear from c-0-1" in told(world.plan(), "Ready").message
    assert world.brokers["c-0-0"].accepts_from == NOW_MS + 30_000
    world.plan(claims={})
    assert world.brokers["c-0-0"].accepts_from == 0, "with its volume gone, nothing is left to be heard of"


def test_a_strangers_broker_under_our_name_keeps_the_group_from_starting() -> None:
    world = World(cluster(groupReplica=1))
    stranger = {"broker-0": Registered("DefaultCluster", {0: "10.9.9.9:10911"})}
    world.lists = dict.fromkeys(world.lists, stranger)
    plan = world.plan()
    assert told(plan, "Degraded").reason == "BrokerNameTaken"
    assert "brokerNamePrefix" in told(plan, "Degraded").message
    assert ("StatefulSet", "c-0") not in world.objects


@pytest.mark.parametrize("reason", ["ConfigMapMissing", "ConfigKeyMissing"])
def test_a_missing_input_starts_nothing_and_harms_nothing(reason: str) -> None:
    problem = (Problem(reason, "spec.config names nothing"),)
    fresh = World(cluster())
    assert told(fresh.plan(problems=problem), "Degraded").reason == reason
    assert not [name for kind, name in fresh.objects if kind == "StatefulSet"]
    running = settled()
    plan = running.plan(problems=problem)
    assert plan.actions == ()
    assert told(plan, "Ready").status == "True"


def test_unknown_name_servers_keep_the_list_that_brokers_have() -> None:
    world = settled(groupReplica=1)
    before = dict(world.objects)
    lost = NameServers(problem="Service names has no name server behind it", reason="NameServersUnknown")
    plan = world.plan(name_servers=lost, registrations={})
    assert told(plan, "NameServersReachable").status == "False"
    assert world.objects == before


def test_silent_name_servers_close_no_gate() -> None:
    world = settled()
    plan = world.plan(registrations=dict.fromkeys(world.lists))
    assert not [action for action in plan.actions if isinstance(action, SetGate)]
    assert told(plan, "Degraded").reason == "NameServersUnreachable"


def test_a_restarted_container_loses_its_gate_until_it_is_registered_again() -> None:
    world = settled(groupReplica=1)
    world.pods["c-0-1"] = msgspec.structs.replace(world.pods["c-0-1"], container="run://second")
    del world.brokers["c-0-1"]
    gates = [action for action in world.plan().actions if isinstance(action, SetGate)]
    assert [(gate.pod, gate.open, gate.container) for gate in gates] == [("c-0-1", False, "run://second")]


def test_a_deleted_intent_is_made_again_with_what_the_status_knows() -> None:
    world = settled(groupReplica=1)
    del world.objects[("ConfigMap", "c-broker-intent-0")]
    world.plan()
    assert world.objects[("ConfigMap", "c-broker-intent-0")].content()["data"]["initialized"] == "true"


def test_a_hand_edited_service_is_mended() -> None:
    world = settled()
    key = ("Service", "c-broker")
    world.objects[key] = msgspec.structs.replace(
        world.objects[key], spec=msgspec.Raw(b'{"publishNotReadyAddresses":false}')
    )
    assert [action.reason for action in world.plan().actions] == ["ServiceUpdated"]


def test_a_name_that_belongs_to_somebody_else_is_left_alone() -> None:
    world = World(cluster())
    world.plan()
    key = ("Service", "c-broker")
    world.objects[key] = msgspec.structs.replace(world.objects[key], owner_uid="uid-2", spec=msgspec.Raw(b"{}"))
    plan = world.plan()
    assert plan.actions == ()
    assert told(plan, "Degraded").reason == "NameTaken"


def test_paused_changes_nothing_and_tells_the_truth() -> None:
    world = World(cluster(paused=True))
    plan = world.plan()
    assert plan.actions == ()
    assert told(plan, "Progressing").reason == "Paused"
    assert told(plan, "Ready").status == "False"


def test_transition_times_change_only_with_the_status() -> None:
    world = settled()
    early = told(world.plan(), "Ready").last_transition_time
    from rocketmq_operator.core import clusters

    later = clusters.plan(world.snapshot(), "2026-02-02T00:00:00Z", NOW_MS)
    assert told(later, "Ready").last_transition_time == early
