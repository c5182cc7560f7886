"""Name servers restart one by one, each only when the others know every broker."""

import msgspec

from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import Problem
from rocketmq_operator.core.plan import Remove, SetPartition
from tests.unit.core.names_world import NamesWorld


def settled(replicas: int) -> NamesWorld:
    world = NamesWorld(replicas)
    world.settle(8)
    return world


def rolling(world: NamesWorld) -> Condition:
    found = condition(world.plan().status.conditions, "RollingOut")
    assert found is not None
    return found


def images(world: NamesWorld) -> set[str]:
    return {pod.revision for pod in world.pods.values()}


def look(world: NamesWorld, looks: int = 1, seconds: int = 3) -> list[str]:
    """The operator looks, brokers register, time passes; who was taken."""
    taken = []
    for _ in range(looks):
        for action in world.plan().actions:
            if isinstance(action, SetPartition):
                taken.append(f"n-ns-{action.partition}")
            elif isinstance(action, Remove) and action.kind == "Pod":
                taken.append(action.name)
        world.tell()
        world.kubernetes()
        world.pass_time(seconds)
    return taken


def test_the_highest_first_and_the_next_only_when_it_is_complete() -> None:
    world = settled(3)
    world.ask(3, image="other")
    assert look(world, 4) == ["n-ns-2"]
    assert look(world, 20) == [], "no broker is registered on n-ns-2 yet"
    assert "n-ns-2" in rolling(world).message
    world.brokers_look()
    assert look(world, 4) == ["n-ns-1"]
    world.brokers_look()
    assert look(world, 4) == ["n-ns-0"]
    over = rolling(world)
    assert (over.status, over.reason) == ("True", "Settling") and "n-ns-0" in over.message, "the last is not back"
    world.brokers_look()
    look(world, 4)
    assert len(images(world)) == 1 and rolling(world).status == "False"
    assert world.plan().actions == ()


def test_the_only_one_goes_all_the_same() -> None:
    world = settled(1)
    world.ask(1, image="other")
    assert look(world, 4) == ["n-ns-0"]


def test_one_that_fails_halts_and_an_edit_replaces_it() -> None:
    world = settled(2)
    world.ask(2, image="bad")
    assert look(world, 3) == ["n-ns-1"]
    pod = world.pods["n-ns-1"]
    world.pods["n-ns-1"] = msgspec.structs.replace(
        pod, ready=False, container="", ip="", problem=Problem("ImagePullFailed", "cannot get image bad")
    )
    halted = rolling(world)
    assert halted.reason == "Halted" and "n-ns-1" in halted.message and "cannot get image bad" in halted.message
    world.ask(2)
    world.plan()
    assert [type(action).__name__ for action in world.plan().actions][:1] in (["Apply"], ["SetPartition"], ["Remove"])
    world.settle(6)
    assert len(images(world)) == 1 and rolling(world).status == "False"


def test_pause_and_restart_on_request() -> None:
    world = settled(2)
    meta = world.server.metadata
    asked = {names.RESTART: "2026-01-01T00:10:00Z", names.ROLLOUT_PAUSED: "true"}
    world.now_ms += 900_000
    world.server = msgspec.structs.replace(world.server, metadata=msgspec.structs.replace(meta, annotations=asked))
    assert look(world, 5) == [] and rolling(world).reason == "Paused"
    asked = {names.RESTART: "2026-01-01T00:10:00Z"}
    world.server = msgspec.structs.replace(world.server, metadata=msgspec.structs.replace(meta, annotations=asked))
    assert look(world, 3) == ["n-ns-1"]
    world.settle(6)
    assert rolling(world).status == "False"


def test_one_below_that_cannot_start_is_not_waited_for() -> None:
    """The newest template reaches it last, so that each waited for the other for ever (found by the simulator)."""
    world = settled(3)
    world.ask(3, image="other")
    assert look(world, 4) == ["n-ns-2"]
    world.brokers_look()
    pod = world.pods["n-ns-0"]
    problem = Problem("ImagePullFailed", "cannot get image")
    world.pods["n-ns-0"] = msgspec.structs.replace(pod, ready=False, container="", ip="", problem=problem)
    assert "n-ns-2 is not complete" in rolling(world).message
    assert look(world) == ["n-ns-1"]
