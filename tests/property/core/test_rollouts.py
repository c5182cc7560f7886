"""Rolling restarts under edits, pauses, pods that fail by themselves and slaves that lag: what is never done, and that it ends."""

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rocketmq_operator.core import names
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from tests.unit.core.rollout.rolling import Rolling, restarts
from tests.unit.core.world import World

from .kept import changes_nothing

EVENTS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(["one", "two", "three"])),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("fail"), st.sampled_from(["c-0-0", "c-0-1", "c-1-0", "c-1-1"])),
    st.tuples(st.just("lag"), st.sampled_from(["c-0-1", "c-1-1"])),
    st.tuples(st.just("silent"), st.sampled_from(["c-0-0", "c-1-0", "c-1-1"])),
    st.tuples(st.just("restart"), st.just("")),
)


def happen(world: Rolling, kind: str, what: object) -> None:
    """One thing that nobody asked the operator about."""
    inner = world.world
    match kind:
        case "edit":
            inner.edit(brokerImage=str(what))
        case "pause":
            inner.annotate(**{names.ROLLOUT_PAUSED: "true" if what else None})
        case "fail" if what in inner.pods:
            world.fail(str(what))
        case "lag" if what in inner.brokers:
            master = f"{str(what)[:-1]}0"
            if master in inner.brokers:
                inner.change_broker(master, max_offset=inner.brokers[master].max_offset + 100)
        case "silent" if what in inner.brokers:
            world.silence(str(what), 20)
        case "restart":
            inner.annotate(**{names.RESTART: world.time()})


def check(world: World, taken: list[str]) -> None:
    """Each restart that was just ordered, against what the operator saw."""
    assert len(taken) <= 1, taken
    for name in taken:
        group, _, member = name.rpartition("-")
        others = [pod for pod in world.pods.values() if pod.name != name and pod.name.rpartition("-")[0] == group]
        assert all(pod.ready for pod in others), f"{name} goes while another of its group is away"
        assert world.pods[name].ready or not world.pods[name].deleting
        if member == "0":
            master, slave = world.brokers[name], world.brokers[f"{group}-1"]
            assert master.permission == 4 and master.accepts_from >= FENCED_FOR_EVER, f"{name} goes unfenced"
            assert slave.max_offset == master.max_offset, f"{name} goes before its slave holds everything"
        else:
            assert world.brokers[f"{group}-0"].permission == 4, f"{name} goes while its group takes messages"
        for other in {"c-0", "c-1"} - {group}:
            # One that does not answer for a moment goes on serving.
            serving = world.brokers.get(f"{other}-0")
            assert serving is None or serving.permission == 6, "no group takes messages"


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.tuples(EVENTS, st.integers(1, 50)), max_size=5))
def test_nothing_unsafe_and_an_end(story: list[tuple[tuple[str, object], int]]) -> None:
    world = Rolling()
    world.check = check
    for (kind, what), seconds in story:
        happen(world, kind, what)
        world.pass_seconds(seconds)
        changes_nothing(world.world)
    world.world.annotate(**{names.ROLLOUT_PAUSED: None})
    world.copy_everything()
    world.pass_seconds(560)
    assert len(world.revisions()) == 1, world.revisions()
    assert world.open("c-0-0") and world.open("c-1-0")
    plan = world.second()
    assert plan.actions == () and plan.status.updated_brokers == 4


def test_the_check_can_fail() -> None:
    world = Rolling()
    world.world.pods["c-0-1"] = msgspec.structs.replace(world.world.pods["c-0-1"], ready=False)
    try:
        check(world.world, ["c-0-0"])
    except AssertionError:
        return
    raise AssertionError("a master that goes without its slave was not seen")


def test_restarts_are_seen() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(100)
    assert restarts(world.world.done)[:2] == ["c-0-1", "c-0-0"]
