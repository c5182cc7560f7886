"""A master leaves a cordoned node: closed, fenced, its slave equal, and only then its pod."""

from collections.abc import Sequence

import msgspec

from rocketmq_operator.core.facts import Tail
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Action, Apply, Remove
from tests.unit.core.world import World

from .story import go, running, settings


def cordoned(groups: int = 2) -> World:
    world = running(groups)
    for name, pod in world.pods.items():
        world.pods[name] = msgspec.structs.replace(pod, node=f"node-{pod.member}-{pod.group}", ready=True)
    world.cordoned = frozenset({"node-0-0"})
    return world


def moved(actions: Sequence[Action]) -> list[str]:
    return [action.name for action in actions if isinstance(action, Remove)]


def test_it_is_closed_fenced_and_moved_and_opens_elsewhere() -> None:
    world = cordoned()
    actions = go(world, 40)
    assert [list(values) for values in settings(actions, "c-0-0")] == [
        ["brokerPermission"],
        ["brokerPermission", "startAcceptSendRequestTimeStamp"],
    ]
    assert moved(actions) == ["c-0-0"] and "c-0-0" not in world.pods
    assert world.intent(0)["brokerPermission"] == "4"
    again = world.start(0, 0)
    world.pods["c-0-0"] = msgspec.structs.replace(again, uid="another", node="node-3", ready=True)
    go(world, 55)
    # Clients would still look for it where it was.
    assert world.intent(0)["phase"] == "Moving" and world.brokers["c-0-0"].permission == 4
    go(world, 8)
    assert world.intent(0)["phase"] == "" and world.brokers["c-0-0"].accepts_from == 0
    assert world.brokers["c-0-0"].permission == 6


def test_a_slave_that_is_behind_is_waited_for() -> None:
    world = cordoned()
    world.change_broker("c-0-0", max_offset=9)
    world.change_broker("c-0-1", max_offset=8)
    assert moved(go(world, 60)) == []
    world.change_broker("c-0-1", max_offset=9)
    assert moved(go(world, 3)) == ["c-0-0"]


def test_a_slave_that_is_no_full_copy_keeps_its_master() -> None:
    world = cordoned()
    world.change_broker("c-0-1", min_offset=5)
    assert moved(go(world, 60)) == [] and world.brokers["c-0-0"].permission == 6


def test_a_master_whose_messages_lie_in_its_pod_stays() -> None:
    world = cordoned()
    world.edit(emptyDir=True)
    actions = go(world, 60)
    assert moved(actions) == [] and world.brokers["c-0-0"].permission == 6


def test_the_only_group_is_not_closed_for_long() -> None:
    world = cordoned(1)
    assert moved(go(world, 5)) == ["c-0-0"]


def test_a_node_that_takes_pods_again_keeps_its_master() -> None:
    world = cordoned()
    go(world, 10)
    assert world.brokers["c-0-0"].permission == 4
    world.cordoned = frozenset()
    go(world, 3)
    assert world.brokers["c-0-0"].permission == 6 and world.intent(0)["phase"] == ""


def test_one_group_moves_at_a_time_and_no_slave_may_go_meanwhile() -> None:
    world = cordoned()
    world.cordoned = frozenset({"node-0-0", "node-0-1"})
    go(world, 10)
    assert [world.intent(group)["phase"] for group in range(2)] == ["Moving", ""]
    budget = world.objects[("PodDisruptionBudget", "c-broker-slaves")].content()["spec"]
    assert budget["minAvailable"] == 2
    assert world.brokers["c-0-0"].accepts_from != FENCED_FOR_EVER


def test_one_lost_answer_does_not_take_a_master_that_serves() -> None:
    world = cordoned()
    world.plan()
    silent = world.brokers.pop("c-0-0")
    assert moved(go(world, 3)) == []
    world.brokers["c-0-0"] = silent
    assert moved(go(world, 60)) == ["c-0-0"]


def test_a_group_whose_members_change_does_not_move() -> None:
    world = cordoned()
    world.pods["c-0-1"] = msgspec.structs.replace(world.pods["c-0-1"], deleting=True)
    assert moved(go(world, 60)) == []


def test_no_slave_may_be_evicted_until_the_master_is_back() -> None:
    world = cordoned()
    go(world, 45)
    world.pods["c-0-0"] = msgspec.structs.replace(
        world.pods["c-1-0"], name="c-0-0", uid="another", group=0, ready=False, created=world.now_ms
    )
    for seconds, phase in ((3, "Moving"), (60, "")):
        go(world, seconds)
        budget = world.objects[("PodDisruptionBudget", "c-broker-slaves")].content()["spec"]
        assert world.intent(0)["phase"] == phase and budget["minAvailable"] == 2


def test_its_pod_goes_only_while_the_intent_is_as_it_was_seen() -> None:
    world = cordoned()
    (taken,) = (action for action in go(world, 40) if isinstance(action, Remove))
    assert taken.intent is not None and taken.intent.name == "c-broker-intent-0"


def test_it_begins_only_while_the_other_group_is_as_it_was_seen() -> None:
    world = cordoned()
    while world.intent(0)["phase"] != "Moving":
        world.plan()
    (begun,) = (
        each for each in world.done if isinstance(each, Apply) and each.obj.get("data", {}).get("phase") == "Moving"
    )
    assert [seen.name for seen in begun.seen] == ["c-broker-intent-1"]


def test_a_master_that_started_again_opens_before_it_moves() -> None:
    """After one more start nobody would see any more what it lost by the first."""
    world = cordoned()
    go(world, 10)
    assert world.intent(0)["phase"] == "Moving"
    world.tails["c-0-1"] = Tail(60)
    world.change_broker(
        "c-0-0", boot=world.now_ms + 1, accepts_from=FENCED_FOR_EVER, permission=4, max_offset=100, min_offset=0
    )
    world.change_broker("c-0-1", max_offset=100, min_offset=0)
    assert moved(go(world, 90)) == [] and world.intent(0)["phase"] == ""
    world.tails.clear()
    assert moved(go(world, 90)) == ["c-0-0"]
