"""Faults of rollouts that the simulator found in histories 1 to 1,000, continued."""

import msgspec
import pytest

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import PodFact, Problem
from rocketmq_operator.core.plan import Apply, Plan
from rocketmq_operator.core.rollout.standing import BROKEN_MS, broken

from .rolling import Rolling, comes_without_image
from .test_simulated_later import failing
from .test_turns import order_topics


def without_image(world: Rolling, name: str) -> None:
    """A pod does not get its image."""
    world.world.brokers.pop(name, None)
    pod = world.world.pods[name]
    world.world.pods[name] = msgspec.structs.replace(
        pod, ready=False, container="", problem=Problem("ImagePullFailed", "no image")
    )


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


def test_a_group_that_leaves_halts_a_change_that_keeps_the_image_that_it_lacks() -> None:
    """With a setting changed beside it, its pods counted as about to be replaced; but nobody gives them anything new."""
    world, good = comes_without_image()
    for member in (0, 1):
        without_image(world, world.world.start(1, member).name)
    world.world.edit(groupReplica=1, limits={"memory": "3Gi"})
    assert halted(world)
    world.world.edit(brokerImage=good)
    assert not halted(world)


def test_a_restart_that_is_asked_for_is_no_new_try_in_a_group_that_leaves() -> None:
    """It counted as what gets its pods their image, and the rollout went on to the image that nobody had."""
    world = leaving_without_image()
    restart(world)
    assert halted(world) and world.taken == []


def test_a_group_that_leaves_without_its_master_gets_the_new_try_that_is_asked_for() -> None:
    world = leaving_without_image()
    world.world.now_ms += BROKEN_MS + 1000
    restart(world)
    assert not halted(world)
    world.pass_seconds(40)
    assert "c-1-0" in world.taken or "c-1-1" in world.taken


@pytest.mark.parametrize("edit", [{}, {"limits": {"memory": "3Gi"}}])
def test_a_new_try_that_is_asked_for_lets_no_pod_that_serves_have_what_failed(edit: dict[str, object]) -> None:
    """Pods of a group that was never open lacked the image, and were about to try again; until then they halted nothing, and a slave
    that served was restarted for it."""
    world, _ = comes_without_image()
    for member in (0, 1):
        without_image(world, world.world.start(1, member).name)
    assert halted(world)
    world.world.edit(**edit)
    restart(world)
    waits = condition(world.second().status.conditions, "RollingOut")
    assert waits and "waits until c-1-" in waits.message and "has tried again" in waits.message
    for _ in range(60):
        world.second()
        for name in set(world.taken) & set(world.world.pods):
            without_image(world, name)
    assert set(world.taken) == {"c-1-0", "c-1-1"} and halted(world)


def leaving_without_image() -> Rolling:
    """A group came with an image that nobody has, and is taken away again; the one that stays is to have that image, too."""
    world, _ = comes_without_image()
    for member in (0, 1):
        without_image(world, world.world.start(1, member).name)
    world.world.edit(groupReplica=1)
    return world


def restart(world: Rolling) -> None:
    """Somebody asks for a restart of every pod, a second after the last one was made."""
    world.world.now_ms += 1000
    world.world.annotate(**{names.RESTART: world.time()})


def test_groups_whose_pods_are_not_ready_close_one_at_a_time_if_they_answer() -> None:
    """Their only name server was away, so none was ready, and none waited for its turn: two closed in the same moment."""
    world = Rolling(groups=3, membersPerGroup=1)
    world.bad = world.revisions()
    world.world.now_ms += 300_000
    world.world.edit(brokerImage="other")
    closed = 0
    for _ in range(300):
        world.second()
        phases = [world.world.intent(group)["phase"] for group in range(3)]
        closed = max(closed, sum(phase in {"Yielding", "Restarting"} for phase in phases))
    assert closed == 1 and sorted(world.taken) == ["c-0-0", "c-1-0", "c-2-0"]


def test_a_group_that_is_taken_back_gets_what_its_slave_needs_to_start() -> None:
    """Its master waited to hear from the slave before it opened, and the slave for the group to be open to get the right image."""
    world = Rolling()
    world.world.edit(groupReplica=1)
    while world.open("c-1-0"):
        world.second()
    failing(world, "c-1-1")
    world.world.edit(groupReplica=2, brokerImage="other")
    world.pass_seconds(3)
    assert world.world.intent(1)["phase"] == "Opening" and not world.open("c-1-0")
    world.pass_seconds(400)
    assert "c-1-1" in world.taken and world.open("c-1-0")


def test_a_container_that_just_started_is_not_broken_however_old_its_pod_is() -> None:
    """It missed one answer, its probe had not run yet, and it was replaced while it took messages."""
    pod = PodFact("c-0-0", "uid", 0, container="run://2", created=0 + 1, started=1_000_000)
    assert not broken(pod, 1_000_000 + BROKEN_MS) and broken(pod, 1_000_001 + BROKEN_MS)


def test_a_group_that_gave_way_and_was_not_closed_yet_comes_back_into_the_routes() -> None:
    """The edit was undone in the second in which it was to be closed: it served, and name servers hid it for good (code 205)."""
    world = Rolling(membersPerGroup=1)
    order_topics(world)
    good = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="other")
    while world.world.intent(0)["phase"] != "Restarting":
        world.second()
    told = len(world.told("c-0-0"))
    assert world.open("c-0-0")
    world.world.edit(brokerImage=good)
    world.pass_seconds(10)
    assert [each["brokerPermission"] for each in world.told("c-0-0")[told:]] == ["4", "6"]
    assert world.world.intent(0)["phase"] == "" and world.open("c-0-0") and world.taken == []


def test_slaves_of_a_master_that_has_just_ended_for_the_second_time_stay() -> None:
    """Its kubelet makes a pause before it starts it once more; one of its slaves had been evicted, and the last one was taken."""
    world = Rolling(groups=1, membersPerGroup=3)
    world.bad = world.revisions()
    world.pass_seconds(300)
    world.world.brokers.pop("c-0-0")
    world.world.brokers.pop("c-0-1")
    now = world.world.now_ms
    crash = {"problem": Problem("CrashLoop", "it ends again and again"), "silent_since": now, "restarts": 2}
    homeless = {"problem": Problem("PodUnschedulable", "no node"), "created": now}
    for name, what in (("c-0-0", crash), ("c-0-1", homeless)):
        world.world.pods[name] = msgspec.structs.replace(world.world.pods[name], container="", **what)
    world.world.edit(brokerImage="other")
    world.pass_seconds(110)
    assert "c-0-2" not in world.taken
    world.pass_seconds(60)
    assert world.taken


def test_a_master_whose_probe_fails_serves_though_it_does_not_answer_us_once() -> None:
    """Its node was busy, one answer was lost, and it was replaced while it took messages."""
    world = Rolling(groups=1, membersPerGroup=1)
    world.bad = world.revisions()
    world.pass_seconds(300)
    world.world.edit(brokerImage="other")
    world.silence("c-0-0", 300)
    pod = world.world.pods["c-0-0"]
    world.world.pods["c-0-0"] = msgspec.structs.replace(pod, silent_since=world.world.now_ms)
    listed, world.world.lists = world.world.lists, dict.fromkeys(world.world.lists)
    world.pass_seconds(10)
    assert world.taken == [], "its probe fails for a moment, and no name server says anything"
    world.world.lists, world.world.now_ms = listed, world.world.now_ms + BROKEN_MS + 1000
    world.pass_seconds(10)
    assert world.taken == [], "name servers list it"


def test_no_slave_is_evicted_beside_one_that_is_told_to_restart() -> None:
    """Its controller had not come to it yet, so the budget counted it as healthy, and another one was evicted."""
    world = Rolling(groups=1, membersPerGroup=3, replicationMode="ASYNC")
    world.world.edit(brokerImage="other")
    while "c-0-2" not in world.taken:
        world.second()
    assert least(world) == 2
    world.second()
    assert least(world) == 1, "what is away counts by itself"


def least(world: Rolling) -> int:
    """How many slaves must stay available."""
    budget = world.world.objects["PodDisruptionBudget", "c-broker-slaves"].content()["spec"]
    return int(budget["minAvailable"])


def test_the_last_slave_that_serves_waits_for_one_that_has_just_failed() -> None:
    """Its master was lost, and it restarted beside one that could not get its image for a moment: nobody was left to read from."""
    world = Rolling(groups=1, membersPerGroup=3)
    world.bad = {"never"}
    world.pass_seconds(300)
    for name in ("c-0-0", "c-0-1"):
        world.world.brokers.pop(name)
    homeless = Problem("PodUnschedulable", "no node")
    failed = Problem("ImagePullFailed", "the registry is away")
    for name, created, problem in (("c-0-0", 1, homeless), ("c-0-1", world.world.now_ms, failed)):
        what = {"container": "", "listening": False, "created": created, "problem": problem, "revision": "never"}
        world.world.pods[name] = msgspec.structs.replace(world.world.pods[name], **what)
    world.world.edit(brokerImage="other")
    world.pass_seconds(100)
    assert "c-0-2" not in world.taken
    world.pass_seconds(60)
    assert "c-0-2" in world.taken


def begins(plan: Plan[BrokerClusterStatus]) -> dict[str, list[str]]:
    """The intents by which groups begin to close, and those that must be as they were seen then."""
    return {
        each.obj["metadata"]["name"]: [seen.name for seen in each.seen]
        for each in plan.actions
        if isinstance(each, Apply) and each.obj.get("data", {}).get("phase") == "Yielding"
    }


def test_a_group_closes_only_while_the_others_are_as_they_were_seen() -> None:
    """Their name server was away, so none was ready or waited for its turn; one began, its pod was ready again, and by a view that did
    not know yet that it had begun a second one followed."""
    world = Rolling(groups=3, membersPerGroup=1)
    order_topics(world)
    world.bad = world.revisions()
    world.world.now_ms += 300_000
    world.world.edit(brokerImage="other")
    while not (found := begins(world.second())):
        before = world.world.objects["ConfigMap", "c-broker-intent-0"]
    assert found == {"c-broker-intent-0": ["c-broker-intent-1", "c-broker-intent-2"]}
    late = world.world.copy()
    late.objects["ConfigMap", "c-broker-intent-0"] = before
    late.pods["c-0-0"] = msgspec.structs.replace(late.pods["c-0-0"], ready=True)
    assert begins(late.plan()) == {"c-broker-intent-1": ["c-broker-intent-0", "c-broker-intent-2"]}
    assert not begins(world.second())


def test_groups_that_may_close_together_do_not_wait_for_each_other() -> None:
    world = Rolling(groups=3, membersPerGroup=1, rollout={"maxUnavailableGroups": 2})
    order_topics(world)
    world.world.edit(brokerImage="other")
    while not (found := begins(world.second())):
        pass
    assert found == {f"c-broker-intent-{group}": ["c-broker-intent-2"] for group in (0, 1)}
