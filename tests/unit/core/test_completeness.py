"""Whose order configuration counts."""

import pytest

from rocketmq_operator.core.completeness import some
from rocketmq_operator.core.order_memory import agreed

from .names_world import NamesWorld


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ([], {}),
        ([{"a": "1"}, {"b": "2"}], {"a": "1", "b": "2"}),
        ([{"a": "2"}, {"a": "1"}, {"a": "2"}], {"a": "2"}),
        ([{"a": "2"}, {"a": "1"}], {"a": "1"}),
    ],
    ids=["none", "union", "most", "a tie is the same for everybody who looks"],
)
def test_what_most_hold_counts(sources: list[dict[str, str]], found: dict[str, str]) -> None:
    assert agreed(sources) == found


def test_of_two_values_the_one_that_was_agreed_on_stays() -> None:
    sources = [{"a": "1"}, {"a": "2"}]
    assert agreed(sources, {"a": "2"}) == {"a": "2"}
    assert agreed(sources, {"a": "3"}) == {"a": "1"}, "nobody holds it"
    assert agreed([*sources, {"a": "1"}], {"a": "2"}) == {"a": "1"}, "more of them hold the other"
    assert agreed(sources, {"a": "2", "b": "1"}) == {"a": "2"}, "what somebody deleted does not come back"


def fresh(*orders: dict[str, str]) -> NamesWorld:
    world = NamesWorld(len(orders))
    world.plan()
    world.kubernetes()
    world.orders = {f"n-ns-{ordinal}": dict(each) for ordinal, each in enumerate(orders)}
    return world


def test_new_ones_end_with_the_same() -> None:
    world = fresh({"a": "1", "b": "1"}, {"a": "2"}, {})
    for _ in range(3):
        world.plan()
    assert all(each == {"a": "1", "b": "1"} for each in world.orders.values())


def test_one_that_comes_back_with_an_old_value_gets_the_present_one() -> None:
    world = fresh({}, {})
    world.plan()
    world.orders = {"n-ns-0": {"a": "new"}, "n-ns-1": {"a": "old"}}
    world.start("n-ns-1")
    world.plan()
    assert world.orders["n-ns-1"] == {"a": "new"}


def test_many_are_told_as_a_few() -> None:
    assert some(["b", "a", "b"]) == "a, b"
    assert some([str(number) for number in range(9)]) == "0, 1, 2, 3, 4 and 4 more"
