"""Faults of rollouts that the simulator found in histories 1 to 1,000, continued."""

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core.facts import Problem

from .rolling import Rolling


def without_image(world: Rolling, name: str) -> None:
    """A pod does not get its image."""
    world.world.brokers.pop(name, None)
    pod = world.world.pods[name]
    world.world.pods[name] = msgspec.structs.replace(pod, ready=False, problem=Problem("ImagePullFailed", "no image"))


def halted(world: Rolling) -> bool:
    found = condition(world.second().status.conditions, "RollingOut")
    return found is not None and found.reason == "Halted"


def test_a_pod_that_failed_halts_a_rollout_while_it_is_being_stopped_too() -> None:
    """It was evicted from a node that was cut off, and another group went on to the image that it had failed with."""
    world = Rolling()
    world.world.edit(brokerImage="bad")
    world.bad = {world.second().status.revision}
    while "c-0-1" not in world.world.pods or world.world.pods["c-0-1"].ready:
        world.second()
    without_image(world, "c-0-1")
    assert halted(world)
    world.world.pods["c-0-1"] = msgspec.structs.replace(world.world.pods["c-0-1"], deleting=True)
    assert halted(world)
