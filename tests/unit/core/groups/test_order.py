"""The order configuration on several name servers."""

from collections.abc import Callable

import pytest

from rocketmq_operator.core.groups import order
from rocketmq_operator.core.groups.data import Topic


def told(configured: dict[str, str], wanted: Callable[[str, str], str]) -> dict[str, str]:
    """What each name server is told of a topic."""
    actions = order.changes({server: {"orders": value} for server, value in configured.items()}, wanted)
    return {action.address: action.values["orders"] for action in actions}


def with_broker_1(topic: str, value: str) -> str:
    return order.including(value, "broker-1", Topic("orders", 4, 4))


def test_a_group_that_comes_is_put_last() -> None:
    assert told({"a": "broker-0:4", "b": "broker-0:4"}, with_broker_1) == dict.fromkeys(
        ("a", "b"), "broker-0:4;broker-1:4"
    )


def test_one_that_was_told_before_the_group_was_called_back_gets_what_the_others_hold() -> None:
    """The others had not been told: with the group put last, clients of the two would have numbered the queues otherwise for good (found by
    the simulator)."""
    before = "broker-1:4;broker-0:4"
    assert told({"a": before, "b": "broker-0:4"}, with_broker_1) == {"b": before}


@pytest.mark.parametrize("others", [("broker-1:4;broker-0:4",), ("broker-1:4;broker-0:4", "broker-0:4;broker-1:4")])
def test_what_most_hold_stands(others: tuple[str, ...]) -> None:
    values = ("broker-0:4;broker-1:4", "broker-1:4;broker-0:4", *others)
    configured = {f"server-{index}": value for index, value in enumerate(values)}
    once = told(configured, lambda topic, value: value)
    after = {**configured, **once}
    assert len(set(after.values())) == 1
    assert not told(after, lambda topic, value: value)


def test_other_values_are_left_as_they_are() -> None:
    assert not told({"a": "broker-0:4", "b": "broker-0:8"}, lambda topic, value: value)
