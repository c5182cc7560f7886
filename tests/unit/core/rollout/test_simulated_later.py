"""Faults of rollouts that the simulator found in histories 1 to 1,000."""

import msgspec
import pytest

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import Problem, Tail
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Apply
from rocketmq_operator.core.rollout.template import started
from tests.unit.core.world import cluster

from .rolling import Rolling, comes_without_image


def test_what_is_refused_is_not_written_either() -> None:
    """A refused target counted as one that nothing differs from: sets were noted, and written anew, as the 4.x that it was."""
    world = Rolling()
    sets = {key: fact for key, fact in world.world.objects.items() if key[0] == "StatefulSet"}
    world.world.edit(brokerImage="apache/rocketmq:4.9.7")
    world.pass_seconds(60)
    assert {key: world.world.objects[key] for key in sets} == sets


def test_automatic_rollback_passes_by_what_would_be_refused() -> None:
    """From a 5.x that failed halfway it went back to 4.x, which brokers that were at 5.x by then cannot be."""
    world = Rolling(brokerImage="rocketmq:4.9.8", rollout={"autoRollback": True})
    for name in world.world.brokers:
        world.world.change_broker(name, version="4.9.8")
    world.pass_seconds(3)
    world.world.edit(brokerImage="rocketmq:5.3.3")
    world.bad = {world.second().status.revision}
    world.pass_seconds(70)
    assert world.world.brokers["c-0-1"].version == "5.4.0", "what starts anew is 5.x here"
    pod = world.world.pods["c-0-1"]
    world.world.pods["c-0-1"] = msgspec.structs.replace(pod, problem=Problem("CrashLoop", "it ends again and again"))
    plan = world.pass_seconds(60)
    halted = condition(plan.status.conditions, "RollingOut")
    assert halted and halted.reason == "Halted" and names.RUN_REVISION not in world.world.cluster.metadata.annotations


def test_a_master_that_its_own_probe_reaches_serves_though_it_does_not_answer_us() -> None:
    """Its name server was away for minutes, and it did not answer once: it was replaced while it took messages."""
    world = Rolling(groups=1)
    world.bad = world.revisions()
    world.world.now_ms += 300_000
    world.pass_seconds(1)
    world.world.pods = {name: msgspec.structs.replace(pod, listening=True) for name, pod in world.world.pods.items()}
    world.silence("c-0-0", 30)
    world.world.edit(brokerImage="other")
    world.pass_seconds(20)
    assert world.taken == []


def test_a_group_that_opens_with_a_template_that_fails_gets_the_one_that_is_right() -> None:
    """Its pods failed with what they had, and what they would get was taken for the same."""
    world = Rolling(groups=2)
    world.bad = world.revisions()
    for name in ("c-1-0", "c-1-1"):
        world.world.brokers.pop(name)
        pod = msgspec.structs.replace(
            world.world.pods[name], container="", problem=Problem("ImagePullFailed", "no image")
        )
        world.world.pods[name] = pod
    world.world.now_ms += 300_000
    world.world.edit(groupReplica=1, brokerImage="good")
    world.pass_seconds(120)
    assert {"c-1-0", "c-1-1"} <= set(world.taken)


def test_slaves_that_are_left_behind_are_made_anew_in_a_closed_group_too() -> None:
    """It waited for slaves that hold everything, which wait for what their master has deleted, for ever."""
    world = Rolling(groups=2, membersPerGroup=3)
    world.world.edit(brokerImage="other")
    while world.world.intent(0)["phase"] != "Restarting":
        world.second()
    world.world.change_broker("c-0-0", min_offset=100, max_offset=200)
    for slave in ("c-0-1", "c-0-2"):
        world.world.change_broker(slave, max_offset=50)
    world.taken.clear()
    world.pass_seconds(90)
    assert world.taken and {each.rpartition("-")[2] for each in world.taken} <= {"1", "2"}


def test_a_group_that_leaves_halts_a_rollout_as_well() -> None:
    """What failed on groups that were taken away the next moment went on to the one that stayed."""
    world, _ = comes_without_image()
    for member in (0, 1):
        pod = world.world.start(1, member)
        world.world.brokers.pop(pod.name)
        world.world.pods[pod.name] = msgspec.structs.replace(
            pod, container="", problem=Problem("ImagePullFailed", "no image")
        )
    world.world.edit(groupReplica=1)
    found = condition(world.second().status.conditions, "RollingOut")
    assert found is not None and found.reason == "Halted"


def test_a_volume_that_only_a_person_can_see_to_halts_no_rollout_in_a_group_that_was_never_open() -> None:
    """Its slave waited for an image that nobody had, and that nobody wanted any more."""
    world, good = comes_without_image()
    for member in (0, 1):
        world.world.brokers.pop(world.world.start(1, member).name)
    waits = {"container": "", "problem": Problem("ImagePullFailed", "no image"), "created": world.world.now_ms}
    world.world.pods["c-1-1"] = msgspec.structs.replace(world.world.pods["c-1-1"], **waits)
    bad = started(world.world.objects["StatefulSet", "c-1"])
    world.world.edit(brokerImage=good)
    while (revision := started(world.world.objects["StatefulSet", "c-1"])) == bad:
        world.second()
    refuses = {"container": "", "problem": Problem("VolumeOfEarlierLife", "it does not start"), "revision": revision}
    world.world.pods["c-1-0"] = msgspec.structs.replace(world.world.pods["c-1-0"], **refuses)
    world.second()
    assert world.taken == ["c-1-1"]


def test_a_change_waits_while_its_controller_is_about_to_take_a_pod() -> None:
    """A new template held back a pod that had been let through a moment ago, and a second member was taken beside it."""
    world = Rolling(groups=1)
    world.world.edit(brokerImage="other")
    world.world.roll = list  # type: ignore[method-assign]
    world.pass_seconds(10)
    world.world.edit(brokerImage="another")
    before = world.world.objects["StatefulSet", "c-0"]
    world.pass_seconds(5)
    assert world.world.objects["StatefulSet", "c-0"] == before


def test_a_stateful_set_is_written_only_over_what_was_read() -> None:
    """A view from before a pod was let through held it back again."""
    world = Rolling(groups=1).world
    key = ("StatefulSet", "c-0")
    world.objects[key] = msgspec.structs.replace(world.objects[key], resource_version="7")
    world.edit(brokerImage="other")
    told = [each.obj for each in world.plan().actions if isinstance(each, Apply)]
    assert [each["metadata"]["resourceVersion"] for each in told if each["kind"] == "StatefulSet"] == ["7"]


def test_where_no_broker_says_its_version_no_change_is_live() -> None:
    """A template was written as one for pods that run already; they were never restarted for a setting that needs it."""
    world = Rolling(groups=1)
    world.world.edit(brokerImage="bad", properties={"sendMessageThreadPoolNums": "7"})
    before = world.revisions()
    target = world.second().status.revision
    world.world.edit(brokerImage=cluster().spec.broker_image)
    for name in list(world.world.brokers):
        del world.world.brokers[name]
        pod = msgspec.structs.replace(world.world.pods[name], problem=Problem("CrashLoop", "it ends"), ready=False)
        world.world.pods[name] = pod
    world.bad = {*before, target}
    world.pass_seconds(10)
    assert started(world.world.objects["StatefulSet", "c-0"]) not in before


def failing(world: Rolling, name: str) -> None:
    """A pod was given an image that nobody has."""
    world.bad = {"bad"}
    del world.world.brokers[name]
    pod = world.world.pods[name]
    world.world.pods[name] = msgspec.structs.replace(
        pod, revision="bad", container="", problem=Problem("ImagePullFailed", "no image")
    )


def test_a_slave_that_cannot_start_below_one_that_serves_comes_back_as_its_master() -> None:
    """The one above waited for it to serve, and it for the one above to have the new template."""
    world = Rolling(groups=1, membersPerGroup=3)
    failing(world, "c-0-1")
    world.world.edit(brokerImage="other")
    world.pass_seconds(400)
    assert world.taken[0] == "c-0-1" and {"c-0-0", "c-0-1", "c-0-2"} <= set(world.taken[1:])


def test_a_group_whose_member_is_lost_does_not_wait_for_one_that_waits_for_it() -> None:
    """The one whose turn it was waited until all others served, and the one that did not serve waited for its turn."""
    world = Rolling(groups=2, replicationMode="ASYNC")
    world.world.edit(brokerImage="other")
    while "c-0-1" not in world.taken:
        world.second()
    failing(world, "c-1-1")
    world.pass_seconds(300)
    assert {"c-0-0", "c-1-0", "c-1-1"} <= set(world.taken)


def test_an_edit_that_keeps_the_bad_image_gets_to_nobody() -> None:
    """Another group's slave was restarted for the image that the first one could not get, since something else had changed."""
    world = Rolling(groups=2)
    world.world.edit(brokerImage="bad")
    world.bad = {world.second().status.revision}
    world.pass_seconds(100)
    pod = world.world.pods["c-0-1"]
    world.world.pods["c-0-1"] = msgspec.structs.replace(
        pod, container="", problem=Problem("ImagePullFailed", "no image")
    )
    taken = list(world.taken)
    world.world.edit(properties={"sendMessageThreadPoolNums": "6"})
    plan = world.pass_seconds(30)
    halted = condition(plan.status.conditions, "RollingOut")
    assert halted and halted.reason == "Halted" and world.taken == taken
    world.world.edit(brokerImage="good")
    world.pass_seconds(80)
    assert len(world.taken) > len(taken)


def test_a_group_does_not_stay_closed_for_a_slave_that_lacks_the_beginning() -> None:
    """Its master deletes what it lacks some day; until then the group was closed, with a master that still had to restart."""
    world = Rolling()
    world.world.edit(brokerImage="other")
    while "c-0-1" not in world.taken or world.world.pods.get("c-0-1") is None or not world.world.pods["c-0-1"].ready:
        world.second()
    assert world.world.intent(0)["phase"] == "Restarting"
    whole = world.world.brokers["c-0-1"].min_offset
    world.world.change_broker("c-0-0", min_offset=0, max_offset=100)
    world.world.change_broker("c-0-1", min_offset=50, max_offset=100)
    world.pass_seconds(30)
    assert world.world.intent(0)["phase"] == "" and world.open("c-0-0") and "c-0-0" not in world.taken
    world.world.change_broker("c-0-1", min_offset=whole, max_offset=100)
    world.pass_seconds(200)
    assert "c-0-0" in world.taken


def fails_closed(world: Rolling) -> None:
    """A closed master ends by itself, and starts again having lost what its slave has, with other messages in its place."""
    world.world.tails["c-0-1"] = Tail(60)
    world.world.change_broker(
        "c-0-0", boot=world.world.now_ms + 1, accepts_from=FENCED_FOR_EVER, permission=4, max_offset=100, min_offset=0
    )
    world.world.change_broker("c-0-1", max_offset=100, min_offset=0)


@pytest.mark.parametrize("fewer", [False, True])
def test_a_master_that_started_again_while_its_group_was_closed_is_compared_before_anybody_goes(fewer: bool) -> None:
    """Its slave was removed, or it was made to start once more, before anybody had seen what it lost."""
    world = Rolling(replicationMode="ASYNC")
    world.world.edit(brokerImage="other")
    while world.world.intent(0)["phase"] != "Restarting":
        world.second()
    world.second()
    taken = list(world.taken)
    fails_closed(world)
    if fewer:
        world.world.edit(membersPerGroup=1)
    plan = world.pass_seconds(150)
    degraded = condition(plan.status.conditions, "Degraded")
    assert degraded and degraded.reason == "MasterBehindSlave"
    assert world.taken == taken and world.world.replicas("c-0") == 2 and not world.open("c-0-0")
    world.world.tails.clear()
    world.pass_seconds(10)
    world.world.stop_pods()
    world.pass_seconds(240)
    assert "c-0-0" in world.taken and world.open("c-0-0") and world.world.replicas("c-0") == (1 if fewer else 2)


def test_a_master_that_started_again_is_not_restarted_before_its_log_was_compared() -> None:
    """What was stored before its last start shows what it lost; after one more it would not."""
    world = Rolling(replicationMode="ASYNC")
    world.world.edit(brokerImage="other")
    while "c-0-1" not in world.taken or "c-0-1" not in world.world.brokers:
        world.second()
    fails_closed(world)
    world.pass_seconds(150)
    assert "c-0-0" not in world.taken and world.world.intent(0)["phase"] == ""


def test_a_master_that_started_again_while_its_order_topics_left_opens_first() -> None:
    world = Rolling(replicationMode="ASYNC")
    for name, data in world.world.data.items():
        topics = {topic: msgspec.structs.replace(each, order=True) for topic, each in data.topics.items()}
        world.world.data[name] = msgspec.structs.replace(data, topics=topics)
    world.world.edit(brokerImage="other")
    while world.world.intent(0)["phase"] != "Yielding":
        world.second()
    fails_closed(world)
    world.pass_seconds(150)
    assert "c-0-0" not in world.taken and world.world.intent(0)["phase"] == ""
