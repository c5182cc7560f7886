"""Deleting a cluster: held back while it holds messages, unless the user says otherwise."""

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import Problem
from rocketmq_operator.core.opening import closed_since
from rocketmq_operator.core.plan import Create, SetFinalizer

from .groups.story import go, holding, running
from .rollout.rolling import Rolling
from .world import NOW, World, cluster


def deleted(world: World) -> World:
    meta = msgspec.structs.replace(world.cluster.metadata, deletion_timestamp=NOW)
    world.cluster = msgspec.structs.replace(world.cluster, metadata=meta)
    return world


def finalizers(world: World) -> list[str]:
    return world.cluster.metadata.finalizers


def test_the_finalizer_comes_with_the_first_opening() -> None:
    world = World(cluster())
    world.plan()
    assert finalizers(world) == []
    world = running()
    assert finalizers(world) == [names.MESSAGES_FINALIZER]


def test_a_cluster_with_nothing_unread_is_closed_looked_at_once_more_and_goes() -> None:
    world = deleted(running())
    masters = [world.brokers[name] for name in ("c-0-0", "c-1-0")]
    assert all(each.accepts_from == 0 for each in masters)
    go(world, 3)
    assert all(closed_since(world.brokers[name]) for name in ("c-0-0", "c-1-0"))
    assert finalizers(world) == [names.MESSAGES_FINALIZER], "a send that was under way may still be stored"
    go(world, 6)
    assert finalizers(world) == []


def test_what_was_acknowledged_while_the_masters_were_being_closed_is_read_first() -> None:
    world = deleted(running())
    go(world, 3)
    world.data["c-1-0"] = holding("orders", messages=5, read=4)
    go(world, 20)
    assert finalizers(world) == [names.MESSAGES_FINALIZER]
    world.data["c-1-0"] = holding("orders", messages=5, read=5)
    go(world, 1)
    assert finalizers(world) == []


def test_a_master_that_starts_again_before_the_end_is_closed_again() -> None:
    world = deleted(running())
    go(world, 3)
    world.start(0, 0)
    assert not closed_since(world.brokers["c-0-0"])
    go(world, 4)
    assert finalizers(world) == [names.MESSAGES_FINALIZER] and closed_since(world.brokers["c-0-0"])
    go(world, 8)
    assert finalizers(world) == []


def test_unread_messages_hold_it_back_and_are_named() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5, read=1)
    deleted(world)
    go(world, 5)
    assert finalizers(world) == [names.MESSAGES_FINALIZER]
    plan = world.plan()
    assert plan.requeue is not None and plan.requeue <= 3, "it goes soon after the last message was read"
    degraded = condition(plan.status.conditions, "Degraded")
    assert degraded and degraded.reason == "UnconsumedMessages" and "broker-1" in degraded.message
    assert "orders" in degraded.message and names.DELETE_UNCONSUMED in degraded.message
    world.data["c-1-0"] = holding("orders", messages=5, read=5)
    go(world, 8)
    assert finalizers(world) == []


def test_the_annotation_lets_it_go_and_other_finalizers_stay() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5)
    meta = msgspec.structs.replace(
        world.cluster.metadata,
        annotations={names.DELETE_UNCONSUMED: "true"},
        finalizers=["somebody/else", names.MESSAGES_FINALIZER],
    )
    world.cluster = msgspec.structs.replace(world.cluster, metadata=meta)
    deleted(world)
    go(world, 1)
    assert finalizers(world) == ["somebody/else"]


def test_what_does_not_answer_is_not_taken_for_empty() -> None:
    world = deleted(running())
    del world.brokers["c-1-0"]
    assert not [action for action in go(world, 5) if isinstance(action, SetFinalizer)]
    degraded = condition(world.plan().status.conditions, "Degraded")
    assert degraded and "broker-1" in degraded.message and "does not answer" in degraded.message


def test_with_all_brokers_gone_there_is_nothing_to_hold() -> None:
    world = deleted(running())
    for kind, name in [each for each in world.objects if each[0] == "StatefulSet"]:
        world.remove(kind, name)
    go(world, 1)
    assert finalizers(world) == []


def test_a_pause_does_not_hold_a_deletion() -> None:
    world = running()
    world.edit(paused=True)
    deleted(world)
    go(world, 8)
    assert finalizers(world) == []


def test_while_held_the_brokers_keep_their_names() -> None:
    """Without the Service nobody can read what holds it back (found by the simulator)."""
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5)
    deleted(world)
    del world.objects["Service", "c-broker"]
    assert [action.obj["kind"] for action in go(world, 2) if isinstance(action, Create)] == ["Service"]
    meta = msgspec.structs.replace(world.cluster.metadata, finalizers=["foregroundDeletion", *finalizers(world)])
    world.cluster = msgspec.structs.replace(world.cluster, metadata=meta)
    del world.objects["Service", "c-broker"]
    assert not [action for action in go(world, 2) if isinstance(action, Create)], "it is being deleted on purpose"


def test_while_held_brokers_that_start_again_find_name_servers_that_moved() -> None:
    """The intent named an address that was gone, and the last unread messages were never read (found by the simulator)."""
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5)
    deleted(world)
    before = world.intent(0)
    world.name_servers = NameServers("names:9876", ("10.0.0.99:9876",), ("10.0.0.99:9876",))
    go(world, 2)
    assert world.intent(0) == {**before, "nameServers": "10.0.0.99:9876"}


def test_a_group_that_went_before_holds_nothing_back() -> None:
    """Its intent says Removing for ever, and its master is asked in vain (found by the simulator)."""
    world = running()
    world.want(groupReplica=1)
    while ("StatefulSet", "c-1") in world.objects:
        go(world, 1)
    assert world.intent(1)["phase"] == "Removing"
    deleted(world)
    told = world.plan().events
    go(world, 8)
    assert finalizers(world) == []
    assert not [event for event in told if event.reason.startswith("Group")], "nothing is done, so nothing is told"


def test_while_held_nothing_is_made_but_masters_that_come_back_open() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5)
    deleted(world)
    world.start(0, 0)
    go(world, 3)
    assert world.brokers["c-0-0"].accepts_from == 0


def test_a_group_whose_intent_is_collected_already_is_not_opened() -> None:
    """By a view in which its cluster is still there; the intent had said Fenced (found by the simulator)."""
    world = running()
    world.data["c-1-0"] = holding("orders", messages=5)
    deleted(world)
    world.start(0, 0)
    for index in range(2):
        del world.objects["ConfigMap", f"c-broker-intent-{index}"]
    world.start(1, 0)
    go(world, 3)
    assert all(world.brokers[name].accepts_from > 0 for name in ("c-0-0", "c-1-0"))


def test_while_held_a_master_that_cannot_start_gets_what_the_spec_says_by_now() -> None:
    """Its image was one that nobody has, and right in the spec; nobody could ever read what held it (found by the simulator)."""
    story = Rolling(groups=2)
    world = story.world
    world.data["c-0-0"] = holding("orders", messages=5)
    deleted(world)
    world.brokers.pop("c-0-0")
    story.bad = story.revisions()
    world.pods["c-0-0"] = msgspec.structs.replace(
        world.pods["c-0-0"], container="", problem=Problem("ImagePullFailed", "no image")
    )
    story.pass_seconds(300)
    assert not story.taken, "what it would get is what already fails"
    world.edit(brokerImage="good")
    story.pass_seconds(300)
    assert "c-0-0" in story.taken and "c-0-0" in world.brokers
    assert not [name for name in story.taken if name.startswith("c-1")], "all others run what they run"
    world.data["c-0-0"] = holding("orders", messages=5, read=5)
    story.pass_seconds(12)
    assert finalizers(world) == []
