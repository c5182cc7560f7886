"""The order configuration outlives the pods that hold it."""

import msgspec
import pytest

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import order_memory
from rocketmq_operator.core.order_memory import kept
from rocketmq_operator.core.plan import Apply, Create, PutOrders, Remove, SetGate, SetListed, SetPartition

from .names_world import NamesWorld

ORDER = {"a": "broker-0:4"}


def settled(replicas: int = 1) -> NamesWorld:
    world = NamesWorld(replicas)
    world.settle(4)
    return world


def ordered(replicas: int = 1) -> NamesWorld:
    world = settled(replicas)
    for held in world.orders.values():
        held.update(ORDER)
    world.plan()
    return world


def test_without_order_topics_there_is_nothing_to_keep() -> None:
    world = settled()
    assert ("ConfigMap", "n-ns-orders") not in world.objects
    assert world.plan().actions == ()


def test_the_only_name_server_gets_back_what_its_pod_held_before_clients_find_it() -> None:
    world = ordered()
    assert world.plan().actions == (), "what is kept is not written again"
    world.replace("n-ns-0")
    world.brokers_look()
    first = world.plan()
    assert [action.values for action in first.actions if isinstance(action, PutOrders)] == [ORDER]
    assert not [action for action in first.actions if isinstance(action, SetGate) and action.open]
    assert [action.reason for action in world.plan().actions] == ["NameServerComplete"]
    assert world.orders["n-ns-0"] == ORDER


def test_all_pods_at_once_lose_nothing() -> None:
    world = ordered(2)
    for name in list(world.pods):
        world.replace(name)
    world.settle(4)
    assert world.orders == {"n-ns-0": ORDER, "n-ns-1": ORDER}


def test_what_users_change_and_delete_is_kept_so() -> None:
    world = ordered()
    world.orders["n-ns-0"] = {"b": "broker-0:8"}
    (action,) = world.plan().actions
    assert isinstance(action, Apply) and action.reason == "", "each edit of a topic is no event"
    world.replace("n-ns-0")
    world.settle(4)
    assert world.orders["n-ns-0"] == {"b": "broker-0:8"}
    world.orders["n-ns-0"] = {}
    world.settle(2)
    assert kept(world.snapshot()) == {}


def test_while_nobody_answers_what_is_kept_stays() -> None:
    world = ordered()
    world.silent = {"n-ns-0"}
    world.plan()
    assert kept(world.snapshot()) == ORDER
    world.silent = set()
    # One that starts holds nothing yet: it is not one that knows.
    world.replace("n-ns-0")
    world.snapshot()
    world.brokers = {}
    world.plan()
    assert kept(world.snapshot()) == ORDER


def test_it_is_kept_also_while_paused() -> None:
    world = settled()
    world.ask(1, paused=True)
    world.orders["n-ns-0"] = dict(ORDER)
    world.plan()
    assert kept(world.snapshot()) == ORDER


def test_a_pod_restarts_only_when_what_it_holds_is_kept() -> None:
    world = ordered()
    world.orders["n-ns-0"]["b"] = "broker-0:8"
    world.ask(1, image="other:2")
    taken: list[dict[str, str]] = []

    def watch(action: object, seen: object) -> None:
        if isinstance(action, Remove | SetPartition):
            taken.append(dict(kept(world.snapshot())))

    world.watch = watch
    world.settle(10)
    assert taken and all(each == {**ORDER, "b": "broker-0:8"} for each in taken)
    assert world.orders["n-ns-0"] == {**ORDER, "b": "broker-0:8"}


def test_what_somebody_made_unreadable_is_mended() -> None:
    world = ordered()
    fact = world.objects[("ConfigMap", "n-ns-orders")]
    unreadable = msgspec.structs.replace(fact, data=msgspec.Raw(b'{"orders.json":"no"}'))
    world.objects[("ConfigMap", "n-ns-orders")] = unreadable
    assert kept(world.snapshot()) == {}
    world.plan()
    assert kept(world.snapshot()) == ORDER


def test_a_strangers_config_map_is_left_alone_and_told() -> None:
    world = settled()
    fact = ordered().objects[("ConfigMap", "n-ns-orders")]
    world.objects[("ConfigMap", "n-ns-orders")] = msgspec.structs.replace(fact, owner_uid="another")
    world.orders["n-ns-0"] = {"mine": "broker-0:1"}
    plan = world.plan()
    assert not [action for action in plan.actions if isinstance(action, Create | Apply)]
    told = condition(plan.status.conditions, "Degraded")
    assert told is not None and told.reason == "NameTaken" and "n-ns-orders" in told.message


def test_more_than_a_config_map_holds_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_memory, "MOST_BYTES", 10)
    world = ordered()
    told = condition(world.plan().status.conditions, "Degraded")
    assert told is not None and told.reason == "OrderConfigurationTooLarge"
    assert "updateOrderConf" in told.message
    assert ("ConfigMap", "n-ns-orders") not in world.objects


def unlisted_while_it_changes() -> tuple[NamesWorld, dict[str, str]]:
    """Two name servers; the second is to go and no longer listed when a cluster tells the first that a group came."""
    world = ordered(2)
    world.ask(1)
    world.plan()
    assert world.pods["n-ns-1"].listed == "false"
    changed = {"a": "broker-0:4;broker-1:4"}
    world.orders["n-ns-0"] = dict(changed)
    world.plan()
    return world, changed


def test_one_that_is_not_listed_has_no_say_in_what_is_kept() -> None:
    world, changed = unlisted_while_it_changes()
    fact = world.objects["ConfigMap", "n-ns-orders"]
    assert msgspec.json.decode(fact.settings[order_memory.KEY]) == changed


def test_one_that_is_listed_again_first_hears_what_it_missed() -> None:
    world, changed = unlisted_while_it_changes()
    world.ask(2)
    first = world.plan()
    assert [type(action) for action in first.actions if isinstance(action, PutOrders | SetListed)] == [
        PutOrders,
        SetListed,
    ]
    assert world.pods["n-ns-1"].listed == "true" and world.orders["n-ns-1"] == changed


def test_a_new_one_does_not_take_over_what_an_unlisted_one_holds() -> None:
    world, changed = unlisted_while_it_changes()
    world.replace("n-ns-0")
    world.brokers_look()
    told = [action.values for action in world.plan().actions if isinstance(action, PutOrders)]
    assert changed in told and ORDER not in told


def test_one_that_does_not_say_what_it_holds_is_not_listed_again() -> None:
    world, changed = unlisted_while_it_changes()
    world.ask(2)
    world.silent.add("n-ns-1")
    assert not [action for action in world.plan().actions if isinstance(action, SetListed)]
    world.silent.clear()
    world.settle(4)
    assert world.pods["n-ns-1"].listed == "true" and world.orders["n-ns-1"] == changed


def test_one_that_was_away_while_it_changed_does_not_outvote_one_that_was_told() -> None:
    """Of two values the first in order counted, was kept, and given to the next name server that started (found by the simulator)."""
    world, changed = ordered(3), {"a": "broker-0:4;broker-1:4"}
    world.silent = {"n-ns-0"}
    world.orders |= {"n-ns-1": dict(changed), "n-ns-2": dict(changed)}
    world.plan()
    assert kept(world.snapshot()) == changed
    world.replace("n-ns-1")
    world.brokers_look()
    world.silent = set()
    world.plan()
    assert kept(world.snapshot()) == changed
    assert world.orders == {"n-ns-0": ORDER, "n-ns-1": changed, "n-ns-2": changed}
