"""A master opens only where its slaves hold nothing else at the end of their logs; asked for as seldom as can be."""

import pytest

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.common import condition
from rocketmq_operator.core.facts import Tail
from rocketmq_operator.core.opening import FALLS_MS, FENCED_FOR_EVER, FOLLOW_MS
from rocketmq_operator.core.plan import Configure, Plan

from .world import NOW_MS, World, cluster


def told(plan: Plan[BrokerClusterStatus], kind: str) -> tuple[str, str]:
    found = condition(plan.status.conditions, kind)
    assert found is not None
    return found.reason, found.message


def restarted(fence: int = NOW_MS + 30_000, **slave: int) -> World:
    """A group that serves, whose master has just started again; both logs are equally long."""
    world = World(cluster(groupReplica=1))
    world.plan()
    world.start_pods()
    for _ in range(3):
        world.plan()
    assert not world.asked, "in a group that was never open nobody holds anything"
    world.change_broker("c-0-0", accepts_from=fence, max_offset=1000, min_offset=0)
    world.change_broker("c-0-1", **{"max_offset": 1000, "min_offset": 0, **slave})
    return world


def test_a_master_that_holds_the_same_opens_and_is_asked_once() -> None:
    world = restarted()
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0
    assert world.asked == ["c-0-1"]
    world.plan()
    assert world.asked == ["c-0-1"]


@pytest.mark.parametrize("fence", [NOW_MS + 30_000, FENCED_FOR_EVER])
@pytest.mark.parametrize("end", [1000, 700])
def test_a_master_that_holds_other_messages_stays_closed(fence: int, end: int) -> None:
    world = restarted(fence, max_offset=end)
    world.tails["c-0-1"] = Tail(600)
    plan = world.plan()
    reason, message = told(plan, "Degraded")
    assert reason == "MasterBehindSlave"
    assert "c-0-1 holds a message at offset 600" in message and "Restore the master's volume" in message
    closing = [action.values for action in plan.actions if isinstance(action, Configure)]
    if fence == FENCED_FOR_EVER:
        assert not closing, "it is closed as it is"
    else:
        assert closing == [{"brokerPermission": "4", "startAcceptSendRequestTimeStamp": str(FENCED_FOR_EVER)}]
    assert world.plan().actions == ()
    world.tails.clear()
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0, "its files were copied back"


def test_a_master_is_not_opened_while_nobody_can_tell() -> None:
    world = restarted()
    world.tails["c-0-1"] = None
    plan = world.plan()
    assert "compare the end of its log with that of c-0-1" in told(plan, "Ready")[1]
    assert world.brokers["c-0-0"].accepts_from == NOW_MS + 30_000


@pytest.mark.parametrize("slave", [{"max_offset": 0, "min_offset": -1}, {"max_offset": 400}])
def test_slaves_that_hold_nothing_of_what_is_there_are_not_asked(slave: dict[str, int]) -> None:
    world = restarted(**slave)
    world.change_broker("c-0-0", min_offset=500)
    world.plan()
    assert world.brokers["c-0-0"].accepts_from == 0
    assert not world.asked


def test_nobody_is_compared_while_something_else_is_waited_for_unless_the_fence_is_about_to_fall() -> None:
    world = restarted()
    world.change_broker("c-0-0", boot=NOW_MS, followers=0, in_sync=2)
    world.tails["c-0-1"] = Tail(600)
    assert "slaves to connect" in told(world.plan(), "Ready")[1]
    assert not world.asked
    world.now_ms = NOW_MS + 30_000 - FALLS_MS
    assert told(world.plan(), "Degraded")[0] == "MasterBehindSlave"
    assert world.brokers["c-0-0"].accepts_from == FENCED_FOR_EVER


def test_a_master_that_waits_for_long_is_compared_all_the_same() -> None:
    """What it waits for may need its restart, which waits for the answer."""
    world = restarted(FENCED_FOR_EVER)
    world.lists = {server: {} for server in world.lists}
    world.change_broker("c-0-0", boot=NOW_MS)
    world.plan()
    assert not world.asked
    world.now_ms += FOLLOW_MS + 1
    world.plan()
    assert world.asked == ["c-0-1"] and world.brokers["c-0-0"].accepts_from == FENCED_FOR_EVER


def test_a_slave_that_is_ahead_need_not_be_asked() -> None:
    world = restarted(max_offset=1001)
    assert told(world.plan(), "Degraded")[0] == "MasterBehindSlave"
    assert not world.asked
