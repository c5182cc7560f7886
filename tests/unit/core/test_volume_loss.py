"""A volume is lost: what is said, and when a slave is made anew."""

from collections.abc import Callable
from typing import Any

import msgspec

from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Beside, Rebuild, Remove, SetPartition

from .test_volume_growth import of, problem, settled, volumes
from .world import NOW_MS, World

MIB = 1 << 20
STORE, LOGS = "brokerstore-c-0-1", "brokerlogs-c-0-1"


def with_messages(**spec: Any) -> World:
    world = settled(**spec)
    for name in world.brokers:
        world.change_broker(name, max_offset=100 * MIB)
    assert world.plan().actions == ()
    return world


def away(world: World, pod: str) -> None:
    world.pods[pod] = msgspec.structs.replace(world.pods[pod], ready=False, container="", gate="False")
    world.brokers.pop(pod)


def test_a_slave_without_its_volume_gets_a_new_one_and_starts_anew() -> None:
    world = with_messages()
    pod, master, uid = world.pods["c-0-1"], world.pods["c-0-0"], volumes(world).claims[STORE].uid
    volumes(world).change(STORE, phase="Lost")
    away(world, "c-0-1")
    plan = world.plan()
    assert of(plan, Rebuild) == [
        Rebuild(
            "SlaveRebuilt",
            f"gives c-0-1 new volumes for {STORE}, which are lost; it is copied anew from its master",
            "c-0-1",
            pod.uid,
            ((STORE, uid),),
            (Beside("c-0-0", master.uid, master.container), Beside("c-0-1", pod.uid, "")),
        )
    ]
    assert problem(plan)[0] == "VolumeLost" and "from its master now" in problem(plan)[1]
    assert not of(world.plan(), Rebuild), "the pod is gone"
    world.start_pods()
    assert volumes(world).claims[STORE].uid != uid
    assert problem(world.plan())[0] == "AsExpected"


def test_both_volumes_and_a_deleted_claim() -> None:
    world = with_messages()
    volumes(world).change(STORE, deleting=True)
    volumes(world).change(LOGS, phase="Lost")
    (rebuild,) = of(world.plan(), Rebuild)
    assert {name for name, _ in rebuild.claims} == {STORE, LOGS}


def test_a_master_is_never_rebuilt_and_the_ways_are_told() -> None:
    world = with_messages()
    volumes(world).change("brokerstore-c-0-0", phase="Lost")
    plan = world.plan()
    assert not of(plan, Rebuild)
    assert problem(plan)[0] == "VolumeLost"
    assert "claim brokerstore-c-0-0 of c-0-0 has lost its PersistentVolume" in problem(plan)[1]
    assert "onLostVolume" in problem(plan)[1]
    volumes(world).change("brokerstore-c-0-0", phase="Bound", deleting=True)
    assert "kubectl patch persistentvolume pv-2" in problem(world.plan())[1]
    volumes(world).change("brokerstore-c-0-0", deleting=False)
    volumes(world).change("brokerlogs-c-0-0", phase="Lost")
    assert "holds logs only" in problem(world.plan())[1]


def test_a_slave_is_not_rebuilt_while_something_else_is_missing() -> None:
    unsafe: dict[str, Callable[[World], object]] = {
        "its master is open": lambda world: world.change_broker("c-0-0", accepts_from=FENCED_FOR_EVER, permission=4),
        "is open, too": lambda world: world.brokers.pop("c-0-0"),
        "holds as much": lambda world: world.change_broker("c-0-1", max_offset=101 * MIB),
        "all other members are ready": lambda world: away(world, "c-0-2"),
        "no other member has lost": lambda world: volumes(world).change("brokerstore-c-0-2", phase="Lost"),
        "pod has stopped": lambda world: world.pods.__setitem__(
            "c-0-1", msgspec.structs.replace(world.pods["c-0-1"], deleting=True)
        ),
    }
    for why, happen in unsafe.items():
        world = with_messages(membersPerGroup=3)
        volumes(world).change(STORE, phase="Lost")
        happen(world)
        plan = world.plan()
        assert not of(plan, Rebuild), why
        assert problem(plan)[0] in {"VolumeLost", "MasterBehindSlave"}, why


def test_one_slave_at_a_time_and_none_that_another_rule_leaves_alone() -> None:
    world = with_messages(groupReplica=2)
    for name in (STORE, "brokerstore-c-1-1"):
        volumes(world).change(name, phase="Lost")
    assert [each.pod for each in of(world.plan(), Rebuild)] == ["c-0-1"]
    assert [each.pod for each in of(world.plan(), Rebuild)] == ["c-1-1"]


def test_not_while_another_slave_of_the_group_is_restarted_in_the_same_plan() -> None:
    world = with_messages(membersPerGroup=3)
    world.now_ms = NOW_MS + 3_600_000
    world.change_broker("c-0-0", min_offset=60 * MIB)
    world.change_broker("c-0-2", max_offset=50 * MIB)
    volumes(world).change(STORE, deleting=True)
    plan = world.plan()
    assert [action.name for action in of(plan, Remove)] == ["c-0-2"] and not of(plan, Rebuild)


def test_not_beside_another_slave_that_a_rollout_takes() -> None:
    """Its new template was let through to one slave, and the other got new volumes in the same moment, or before the first went."""
    world = with_messages(membersPerGroup=3)
    world.edit(brokerImage="other")
    world.plan()
    volumes(world).change(STORE, deleting=True)
    let_through = world.plan()
    assert [action.partition for action in of(let_through, SetPartition)] == [2] and not of(let_through, Rebuild)
    assert not of(world.plan(), Rebuild), "its pod is still there"
