"""What a user is told while groups come and go: an event for each step, a condition in words, progress with numbers."""

from rocketmq_operator.api.common import condition
from rocketmq_operator.core.plan import Event

from .story import holding, running


def test_each_step_is_an_event_and_no_write_of_an_intent_is() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=50, read=50)
    world.edit(groupReplica=1)
    told: list[Event] = []
    for _ in range(100):
        world.now_ms += 1000
        told += world.plan().events
    reasons = [event.reason for event in told if event.reason.startswith("Group")]
    assert reasons == ["GroupClosing", "GroupFenced", "GroupDrained", "GroupRemoving", "GroupLeft"]
    assert told[-1].message == "broker-1 has left"
    intents = [action for action in world.done if "intent" in action.message and action.message.startswith("updated")]
    assert intents and all(not action.reason for action in intents)


def test_the_condition_and_the_progress_name_phase_and_numbers() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=50, read=10)
    world.edit(groupReplica=1)
    for _ in range(60):
        world.now_ms += 1000
        plan = world.plan()
    scaling = condition(plan.status.conditions, "Scaling")
    assert scaling and (scaling.status, scaling.reason) == ("True", "Draining")
    assert [(each.group, each.phase, each.left, each.total) for each in plan.progress] == [
        ("broker-1", "Draining", 40, 40)
    ]
    assert [group.phase for group in plan.status.broker_groups] == ["", "Fenced"]
