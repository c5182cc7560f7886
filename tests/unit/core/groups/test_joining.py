"""A group joins a cluster that holds messages: closed until it holds everything, and empty."""

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core.groups.data import Access, BrokerData, Queues, Secret
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Configure, Copy, Create
from tests.unit.core.world import SERVERS

from .story import change, go, holding, running, start


def test_it_is_told_to_start_closed_before_it_exists() -> None:
    world = running()
    world.edit(groupReplica=3)
    made = [action.obj["kind"] for action in go(world, 1) if isinstance(action, Create)]
    assert made == ["ConfigMap"] and world.intent(2)["brokerPermission"] == "4"
    assert "StatefulSet" in [action.obj["kind"] for action in go(world, 1) if isinstance(action, Create)]


def test_one_that_has_left_is_told_of_its_next_life_before_it_exists_again() -> None:
    """Only its StatefulSet came through: the master found its life before in the intent, kept its old messages, and was refused for them
    (found by the simulator)."""
    world = running()
    world.edit(groupReplica=1)
    go(world, 60)
    assert world.intent(1)["phase"] == "Left"
    world.edit(groupReplica=2)
    plan = world.plan()
    assert [each.obj["metadata"]["name"] for each in plan.actions if isinstance(each, Create)] == []
    assert (world.intent(1)["phase"], world.intent(1)["life"]) == ("Joining", "2")
    assert "c-1" in [each.obj["metadata"]["name"] for each in go(world, 1) if isinstance(each, Create)]


def test_it_gets_topics_groups_and_first_offsets_and_opens_only_then() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    opened_at = None
    for second in range(24):
        go(world, 1)
        if opened_at is None and world.brokers["c-2-0"].accepts_from == 0:
            opened_at = second
            data = world.data["c-2-0"]
            assert data.topics == world.data["c-0-0"].topics
            assert data.groups == world.data["c-0-0"].groups
            assert data.committed == {("readers", "orders"): {0: 0, 1: 0}}
        if second == 5:
            world.data["c-2-1"] = msgspec.structs.replace(world.data["c-2-0"], queues=None)
    assert opened_at is not None and opened_at >= 5, "it waits for its slave, too"
    assert world.intent(2)["phase"] == "" and world.brokers["c-2-0"].permission == 6
    assert world.plan().actions == ()


def test_what_it_was_given_is_on_its_disk_before_it_opens() -> None:
    """Its container died a second after it was filled, had not written the first offsets yet, and opened without (found by the simulator)."""
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    go(world, 8)
    world.data["c-2-1"] = world.data["c-2-0"]
    fact = world.brokers["c-2-0"]
    world.data["c-2-0"] = BrokerData({}, {}, queues=Queues({}))
    world.change_broker("c-2-0", boot=fact.boot + 1)
    go(world, 10)
    assert world.data["c-2-0"].committed and world.intent(2)["initialized"] == "false", (
        "it is filled again, and waits again"
    )
    go(world, 6)
    assert world.intent(2)["initialized"] == "true"


def test_a_group_with_messages_from_before_is_refused() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2, holding("old", messages=7))
    go(world, 60)
    assert world.brokers["c-2-0"].accepts_from == FENCED_FOR_EVER
    degraded = condition(world.plan().status.conditions, "Degraded")
    assert degraded and degraded.reason == "JoiningGroupNotEmpty" and "old (7)" in degraded.message


def test_it_waits_for_every_name_server_and_every_master() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    world.lists[SERVERS[0]] = None
    go(world, 30)
    assert world.brokers["c-2-0"].accepts_from == FENCED_FOR_EVER


def test_users_and_rules_go_to_every_member_and_are_never_shown() -> None:
    world = running()
    access = Access({"alice": Secret('{"username":"alice","password":"hush"}')}, {"User:alice": "{}"})
    change(world, "c-0-0", access=access)
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    for pod in ("c-2-0", "c-2-1"):
        change(world, pod, access=Access())
    copies = [action for action in go(world, 1) if isinstance(action, Copy)]
    assert [(action.broker, list(action.missing.access.users)) for action in copies] == [
        ("c-2-0", ["alice"]),
        ("c-2-1", ["alice"]),
    ]
    assert "hush" not in repr(copies)


def test_order_topics_use_it_only_after_it_opened() -> None:
    world = running()
    for pod in ("c-0-0", "c-1-0"):
        world.data[pod] = holding("orders", messages=5, read=5, order=True)
    for server in SERVERS:
        world.order[server]["orders"] = "broker-0:2;broker-1:2"
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    for _ in range(24):
        go(world, 1)
        world.data["c-2-1"] = world.data["c-2-0"]
        listed = "broker-2" in world.order[SERVERS[0]]["orders"]
        assert not listed or world.brokers["c-2-0"].accepts_from == 0
    assert {config["orders"] for config in world.order.values()} == {"broker-0:2;broker-1:2;broker-2:2"}


def test_no_longer_wanted_before_it_opened_it_goes_at_once() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    world.edit(groupReplica=2)
    go(world, 6)
    assert ("StatefulSet", "c-2") not in world.objects and world.intent(2)["phase"] == "Left"


def test_no_longer_wanted_it_is_not_opened_any_more() -> None:
    """Else it would take messages, and be removed for having been closed all the time (found by the simulator)."""
    world = running()
    world.objects.pop(("ConfigMap", "c-broker-intent-1"))
    world.cluster = msgspec.structs.replace(world.cluster, status=None)
    world.change_broker("c-1-0", accepts_from=FENCED_FOR_EVER)
    world.edit(groupReplica=1)
    assert not [each for each in go(world, 6) if isinstance(each, Configure) and each.broker == "c-1-0"]


def test_topics_that_users_made_on_it_before_it_opened_are_not_lost_with_it() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2, holding("alone"))
    world.edit(groupReplica=2)
    go(world, 6)
    assert "alone" in world.data["c-0-0"].topics and "alone" in world.data["c-1-0"].topics
    assert ("StatefulSet", "c-2") not in world.objects


def test_it_waits_for_groups_that_do_not_serve_just_now_but_not_for_one_that_is_down() -> None:
    """Their topics and readers count, too (found by the simulator)."""
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    pod = start(world, 2)
    world.data["c-2-1"] = holding("orders")
    fact = world.brokers.pop("c-1-0")
    go(world, 20)
    assert world.brokers[pod.name].accepts_from == FENCED_FOR_EVER
    world.pods["c-1-0"] = msgspec.structs.replace(world.pods["c-1-0"], container="")
    go(world, 20)
    assert world.brokers[pod.name].accepts_from == 0 and fact.accepts_from == 0


def test_queues_of_a_kept_topic_with_nothing_in_them_do_no_harm() -> None:
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2)
    change(world, "c-2-0", queues=Queues({"orders": {0: (3, 3)}}))
    go(world, 3)
    world.data["c-2-1"] = world.data["c-2-0"]
    go(world, 16)
    assert world.intent(2)["phase"] == ""


def test_a_topic_on_a_group_that_goes_before_it_opened_is_asked_for_first() -> None:
    """Its master missed one question, and the group went with the only topic of that name (found by the simulator)."""
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    pod = start(world, 2, holding("alone"))
    world.pods[pod.name] = msgspec.structs.replace(pod, listening=True)
    silent = world.brokers.pop(pod.name)
    world.edit(groupReplica=2)
    go(world, 10)
    assert ("StatefulSet", "c-2") in world.objects
    world.brokers[pod.name] = silent
    go(world, 10)
    assert ("StatefulSet", "c-2") not in world.objects and "alone" in world.data["c-0-0"].topics
