"""A topic that moves to a group that stays takes messages there in the end, whatever becomes of the group that it came from."""

import msgspec
import pytest

from rocketmq_operator.core.groups.copying import Missing, for_half_made
from rocketmq_operator.core.groups.data import Topic
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Action, Apply, Copy
from tests.unit.core.world import World, copied

from .story import change, go, holding, running, start

CLOSED = Topic("alone", 2, 2, perm=4)


def copies(actions: list[Action]) -> list[Copy]:
    return [each for each in actions if isinstance(each, Copy)]


def half_made() -> World:
    """Of all that group 0 was to get only the closed topic and one first offset came through."""
    world = running(3)
    world.data["c-1-0"] = world.data["c-2-0"] = holding("orders", "alone", messages=5, read=5)
    change(world, "c-2-0", topics={"orders": Topic("orders", 2, 2)})
    world.edit(groupReplica=1)
    before = world.data["c-0-0"]
    while not copies(go(world, 1)):
        assert world.now_ms
    assert world.intent(0)["filling"] == "true"
    world.data["c-0-0"] = copied(before, Missing(topics=(CLOSED,), offsets=(("readers", "alone", 0, 0),)))
    return world


def whole(world: World) -> bool:
    data = world.data["c-0-0"]
    open_ = data.topics["alone"] == Topic("alone", 2, 2)
    return open_ and data.committed["readers", "alone"] == {0: 0, 1: 0} and "filling" not in world.intent(0)


def test_it_is_noted_before_anything_is_copied() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", "alone", messages=5, read=5)
    world.edit(groupReplica=1)
    first = go(world, 1)
    assert not copies(first)
    assert [each.obj["data"]["filling"] for each in first if isinstance(each, Apply)] == ["true"]
    assert copies(go(world, 1))


def test_the_group_that_leaves_is_called_back() -> None:
    world = half_made()
    world.edit(groupReplica=3)
    assert copies(go(world, 5)) and whole(world)
    assert go(world, 10) == []


def test_nothing_is_begun_for_one_whose_workload_is_gone() -> None:
    """It was never open, and the only other group that knew the topic did not answer for a moment."""
    world = running()
    world.edit(groupReplica=3)
    go(world, 2)
    start(world, 2, holding("orders", "alone"))
    world.data["c-1-0"] = holding("orders", "alone", messages=5, read=5)
    world.edit(groupReplica=2)
    pods, brokers = dict(world.pods), dict(world.brokers)
    while ("StatefulSet", "c-2") in world.objects:
        go(world, 1)
    world.pods, world.brokers = pods, brokers
    change(world, "c-0-0", topics={"orders": Topic("orders", 2, 2)})
    world.change_broker("c-1-0", accepts_from=FENCED_FOR_EVER)
    world.change_broker("c-1-1", max_offset=9)
    assert world.intent(2)["phase"] == "Removing"
    assert not copies(go(world, 5)) and "filling" not in world.intent(0)


@pytest.mark.parametrize("asked", ["c-1-0", "c-2-0"])
def test_one_that_does_not_answer_may_know_it(asked: str) -> None:
    world = half_made()
    world.edit(groupReplica=3)
    data = world.data.pop(asked)
    assert not copies(go(world, 5)) and world.intent(0)["filling"] == "true"
    world.data[asked] = data
    assert copies(go(world, 5)) and whole(world)


def test_only_what_was_left_closed_by_an_earlier_try_is_opened() -> None:
    other = holding("orders", "alone", messages=5, read=2)
    tried = copied(holding("orders", messages=5), Missing(topics=(CLOSED,)))
    found = for_half_made([other], tried, frozenset())
    assert (found.topics, found.opens) == ((), (Topic("alone", 2, 2),))
    assert found.offsets == (("readers", "alone", 0, 0), ("readers", "alone", 1, 0))
    read = copied(tried, Missing(offsets=(("readers", "alone", 0, 3),)))
    assert not for_half_made([other], read, frozenset()), "users have closed it"
    closed = msgspec.structs.replace(other, topics={"alone": CLOSED})
    assert not for_half_made([closed], tried, frozenset()), "it is closed everywhere"
    assert (
        for_half_made([closed, other], tried, frozenset())
        == found
        == for_half_made([other, closed], tried, frozenset())
    )


def test_readers_are_made_known_with_their_offsets() -> None:
    """A broker refuses the offset of a group that it does not know."""
    other = holding("alone", messages=5, read=2)
    tried = msgspec.structs.replace(copied(holding(), Missing(topics=(CLOSED,))), groups={})
    found = for_half_made([other], tried, frozenset())
    assert found.groups == tuple(other.groups.values()) and len(found.offsets) == 2


def test_a_group_that_joins_meanwhile_gets_the_topic_as_it_is_to_be() -> None:
    """It was given it as it stood there, closed, and kept it so (found by the simulator)."""
    world = half_made()
    world.edit(groupReplica=4)
    data = world.data.pop("c-2-0")
    go(world, 3)
    start(world, 3)
    go(world, 3)
    world.data["c-2-0"] = data
    given = {each.broker: each.missing for each in copies(go(world, 1))}
    assert CLOSED not in given["c-3-0"].topics and Topic("alone", 2, 2) in given["c-3-0"].topics
    assert given["c-0-0"].opens == (Topic("alone", 2, 2),)
