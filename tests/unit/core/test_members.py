"""``membersPerGroup`` on a running cluster: what the plan makes of it, step by step."""

import msgspec

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core import beside as core_beside
from rocketmq_operator.core.plan import Apply, Configure, Plan, Rebuild, Remove, Resize, SetPartition
from rocketmq_operator.core.rollout.template import HELD_PARTITION

from .world import NOW_MS, World, cluster

MIB = 1 << 20


def told(plan: Plan[BrokerClusterStatus], type_: str) -> Condition:
    found = condition(plan.status.conditions, type_)
    assert found is not None
    return found


def settled(**spec: object) -> World:
    """A cluster of one group that serves and holds 100 MiB of messages, on all its members."""
    world = World(cluster(groupReplica=1, **spec))
    world.plan()
    world.start_pods()
    for _ in range(3):
        world.plan()
    for name in world.brokers:
        world.change_broker(name, max_offset=100 * MIB)
    assert world.plan().actions == ()
    return world


def intent(world: World) -> dict[str, str]:
    data: dict[str, str] = world.objects[("ConfigMap", "c-broker-intent-0")].content()["data"]
    return data


def arrive(world: World, *names: str) -> None:
    """New pods run, with nothing in their stores."""
    world.start_pods()
    for name in names:
        world.change_broker(name, min_offset=-1, max_offset=0)
    world.plan()


def test_more_members_come_at_once_and_no_template_changes() -> None:
    world = settled(membersPerGroup=2)
    spec = world.objects[("StatefulSet", "c-0")].content()["spec"]
    world.want(groupReplica=1, membersPerGroup=4)
    plan = world.plan()
    assert [action.replicas for action in plan.actions if isinstance(action, Resize)] == [4]
    assert condition(plan.status.conditions, "ChangesPending") is None
    assert {**world.objects[("StatefulSet", "c-0")].content()["spec"], "replicas": 2} == spec
    assert intent(world)["members"] == "4"


def test_the_intent_is_written_before_the_size_changes() -> None:
    world = settled(membersPerGroup=2)
    world.want(groupReplica=1, membersPerGroup=3)
    done = [action.obj["metadata"]["name"] if isinstance(action, Apply) else action for action in world.plan().actions]
    assert done[-2] == "c-broker-intent-0" and isinstance(done[-1], Resize)


def test_replicated_is_said_only_once_a_slave_holds_everything() -> None:
    world = settled(membersPerGroup=1)
    assert world.brokers["c-0-0"].in_sync == 1
    world.want(groupReplica=1, membersPerGroup=2)
    world.plan()
    arrive(world, "c-0-1")
    plan = world.plan()
    assert (told(plan, "Replicated").status, told(plan, "Replicated").reason) == ("False", "CatchingUp")
    assert told(plan, "Ready").status == "True" and plan.requeue is not None
    assert [member.full_copy for member in plan.status.broker_groups[0].members] == [True, False]
    assert world.brokers["c-0-0"].in_sync == 1
    world.change_broker("c-0-1", min_offset=0, max_offset=100 * MIB)
    assert not [action for action in world.plan().actions if isinstance(action, Configure)]
    assert intent(world)["inSyncReplicas"] == "2", "a restarting master must find it before the running one is told"
    raised = [action for action in world.plan().actions if isinstance(action, Configure)]
    assert [action.values for action in raised] == [{"inSyncReplicas": "2"}]
    plan = world.plan()
    assert told(plan, "Replicated").status == "True" and plan.actions == () and plan.requeue is None
    assert intent(world)["inSyncReplicas"] == "2"


def test_members_leave_one_at_a_time_down_to_the_master_alone() -> None:
    world = settled(membersPerGroup=3)
    world.want(groupReplica=1, membersPerGroup=1)
    seen = [(3, 2)]
    for _ in range(12):
        world.plan()
        now = (world.replicas("c-0"), world.brokers["c-0-0"].in_sync)
        if now != seen[-1]:
            seen.append(now)
        world.stop_pods()
    assert seen == [(3, 2), (2, 2), (2, 1), (1, 1)]
    assert sorted(world.pods) == ["c-0-0"]
    plan = world.plan()
    assert plan.actions == () and told(plan, "Replicated").reason == "SingleMember"
    assert (intent(world)["members"], intent(world)["inSyncReplicas"]) == ("1", "1")


def beside(world: World) -> list[list[str]]:
    """Who must still be there for each of those to go that the next plan takes."""
    takers = (action for action in world.plan().actions if isinstance(action, Remove | Resize))
    return [[each.name for each in taker.beside] for taker in takers]


def test_a_member_is_removed_only_while_those_that_stay_are_there() -> None:
    """One was evicted while the look that decided the removal was under way (found by the simulator)."""
    world = settled(membersPerGroup=3)
    world.want(groupReplica=1, membersPerGroup=2)
    assert beside(world) == [["c-0-0", "c-0-1"]]
    world.stop_pods()
    world.want(groupReplica=1, membersPerGroup=3)
    assert beside(world) == [[]], "nobody is taken"


def test_a_removal_rests_on_the_process_that_answered_as_the_master_ready_or_not() -> None:
    """It had just opened, with nobody to say that it was registered, and died before its last slave was removed: that alone held what it
    lost (found by the simulator)."""
    world = settled(membersPerGroup=2, replicationMode="ASYNC")
    world.want(groupReplica=1, membersPerGroup=1, replicationMode="ASYNC")
    not_ready(world, "c-0-0")
    assert beside(world) == [["c-0-0"]]
    taken = next(action for action in world.done if isinstance(action, Resize))
    assert [each.container for each in taken.beside] == [world.pods["c-0-0"].container]


def test_one_that_is_not_ready_and_does_not_answer_is_not_asked_for() -> None:
    """No decision rests on it, and its container may be a new one at each look."""
    world = settled(membersPerGroup=3)
    not_ready(world, "c-0-1")
    del world.brokers["c-0-1"]
    workload = world.objects[("StatefulSet", "c-0")]
    asked = core_beside.asked(world.snapshot(), [Resize("", "", "c-0", workload.uid, "", 2)])
    assert [[each.name for each in action.beside] for action in asked if isinstance(action, Resize)] == [["c-0-0"]]


def test_who_is_taken_must_be_as_it_was_also_if_it_did_not_run() -> None:
    """A master that no node had taken yet was to restart; the request came when another operator had opened it (found by the simulator)."""
    world = settled(membersPerGroup=2)
    pod = world.pods["c-0-1"] = msgspec.structs.replace(world.pods["c-0-1"], ready=False, container="")
    del world.brokers["c-0-1"]
    workload = world.objects[("StatefulSet", "c-0")]
    restart = SetPartition("", "", "c-0", workload.uid, workload.resource_version, 1)
    for taker in (restart, Remove("", "", "Pod", "c-0-1", pod.uid), Rebuild("", "", "c-0-1", pod.uid, ())):
        (asked,) = core_beside.asked(world.snapshot(), [taker])
        assert isinstance(asked, SetPartition | Remove | Rebuild)
        assert [(each.name, each.container) for each in asked.beside][1:] == [("c-0-1", "")]
    (held,) = core_beside.asked(world.snapshot(), [msgspec.structs.replace(restart, partition=HELD_PARTITION)])
    assert isinstance(held, SetPartition) and held.beside == (), "nobody is taken"


def not_ready(world: World, pod: str) -> None:
    world.pods[pod] = msgspec.structs.replace(world.pods[pod], ready=False)


def test_a_slave_that_cannot_catch_up_restarts_only_while_the_others_are_there() -> None:
    world = settled(membersPerGroup=3)
    world.change_broker("c-0-0", min_offset=90 * MIB)
    world.change_broker("c-0-1", max_offset=80 * MIB)
    world.now_ms += 120_000
    assert beside(world) == [["c-0-0", "c-0-1", "c-0-2"]]


def test_what_a_removal_waits_for_is_said() -> None:
    world = settled(membersPerGroup=3)
    world.change_broker("c-0-1", min_offset=64 * MIB)
    world.want(groupReplica=1, membersPerGroup=2)
    plan = world.plan()
    assert world.replicas("c-0") == 3 and plan.requeue is not None
    assert "waits for a full copy on c-0-1" in told(plan, "Progressing").message


def test_a_users_own_copies_stand_in_the_way_and_are_named() -> None:
    world = settled(membersPerGroup=2, properties={"inSyncReplicas": "2"})
    world.want(groupReplica=1, membersPerGroup=1, properties={"inSyncReplicas": "2"})
    plan = world.plan()
    assert told(plan, "Degraded").reason == "InSyncReplicasTooHigh"
    assert world.replicas("c-0") == 2 and world.brokers["c-0-0"].in_sync == 2


def test_4_9_says_why_it_holds_back() -> None:
    world = settled(membersPerGroup=2)
    for name in world.brokers:
        world.change_broker(name, version="4.9.7", in_sync=0)
    world.want(groupReplica=1, membersPerGroup=1)
    plan = world.plan()
    assert world.replicas("c-0") == 2
    assert "4.9.7 needs a restart of the master" in told(plan, "ChangesPending").message


def test_a_changed_template_does_not_keep_members_from_coming() -> None:
    world = settled(membersPerGroup=2)
    world.want(groupReplica=1, membersPerGroup=3, brokerImage="other")
    world.plan()
    plan = world.plan()
    assert told(plan, "RollingOut").reason == "ImageChanged"
    spec = world.objects[("StatefulSet", "c-0")].content()["spec"]
    assert spec["replicas"] == 3
    assert spec["template"]["spec"]["containers"][0]["image"] != "other"


def test_a_size_changed_by_hand_is_put_right_by_the_same_rules() -> None:
    world = settled(membersPerGroup=2)
    world.resize("c-0", 3)
    world.start_pods()
    world.change_broker("c-0-2", max_offset=100 * MIB)
    world.plan()
    assert world.replicas("c-0") == 2


def test_a_slave_whose_master_deleted_what_it_lacks_is_restarted_once_a_minute() -> None:
    world = settled(membersPerGroup=2)
    world.change_broker("c-0-0", min_offset=120 * MIB, max_offset=200 * MIB)
    world.change_broker("c-0-1", boot=NOW_MS - 59_000)
    world.plan()
    assert world.restarted == []
    world.change_broker("c-0-1", boot=NOW_MS - 61_000)
    world.plan()
    assert world.restarted == ["c-0-1"]


def test_slaves_that_can_never_catch_up_are_restarted_one_at_a_time() -> None:
    world = settled(membersPerGroup=3)
    world.change_broker("c-0-0", min_offset=90 * MIB)
    for name in ("c-0-1", "c-0-2"):
        world.change_broker(name, max_offset=80 * MIB)
    world.now_ms += 120_000
    world.plan()
    assert world.restarted == ["c-0-1"]
    world.plan()
    world.plan()
    assert world.restarted == ["c-0-1"], "the other one waits until it is back"
    world.start_pods()
    world.change_broker("c-0-1", min_offset=90 * MIB, max_offset=100 * MIB)
    world.plan()
    world.plan()
    assert world.restarted == ["c-0-1", "c-0-2"]


def test_no_slave_is_restarted_while_another_is_removed() -> None:
    world = settled(membersPerGroup=3)
    world.want(groupReplica=1, membersPerGroup=2)
    world.resize("c-0", 2)
    world.change_broker("c-0-0", min_offset=90 * MIB)
    world.change_broker("c-0-1", max_offset=80 * MIB)
    world.now_ms += 120_000
    world.plan()
    assert world.restarted == []
