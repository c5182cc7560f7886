"""Faults of rollouts that the simulator found."""

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ObjectFact, PodFact, Problem
from rocketmq_operator.core.rollout.template import HELD_PARTITION, going_now, partition_of

from .rolling import Rolling


def rolled_out(world: Rolling) -> bool:
    found = condition(world.second().status.conditions, "RollingOut")
    return found is not None and found.status == "False"


def test_once_all_pods_are_up_to_date_they_are_held_back_again() -> None:
    """The next template would have reached all of them at once, and no set was made anew for bigger volumes any more."""
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(300)
    sets = [fact for (kind, _), fact in world.world.objects.items() if kind == "StatefulSet"]
    assert [partition_of(fact) for fact in sets] == [HELD_PARTITION, HELD_PARTITION]
    world.world.edit(limits={"memory": "3Gi"})
    world.pass_seconds(10)
    world.world.edit(limits={"memory": "3072Mi"})
    world.pass_seconds(300)
    assert rolled_out(world) and len(world.taken) == 8


def test_who_answers_serves_ready_or_not() -> None:
    """Name servers were away for minutes, so no pod was ready; the open master was replaced without a fence."""
    world = Rolling()
    world.bad = world.revisions()
    world.world.now_ms += 300_000
    world.world.edit(brokerImage="other")
    world.pass_seconds(60)
    assert world.taken == [] and world.open("c-0-0")


def test_slaves_of_a_master_that_is_just_starting_stay() -> None:
    """A master whose image could not be pulled for a moment was taken for lost, and its slave restarted beside it."""
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.second()
    world.world.stop("c-0-0")
    world.world.start(0, 0)
    world.world.brokers.pop("c-0-0")
    problem = Problem("ImagePullFailed", "Back-off pulling image")
    pod = world.world.pods["c-0-0"]
    world.world.pods["c-0-0"] = msgspec.structs.replace(pod, problem=problem, created=world.world.now_ms)
    world.bad = {pod.revision}
    world.pass_seconds(60)
    assert "c-0-1" not in world.taken


def test_a_joining_group_gets_the_change_that_it_needs() -> None:
    """It was made with an image that nobody has; the right one never reached it, since only groups that serve were changed."""
    world = Rolling(groups=1)
    good = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="bad", groupReplica=2)
    bad = world.second().status.revision
    world.bad = {bad}
    world.pass_seconds(3)
    for member in (0, 1):
        pod = world.world.start(1, member)
        world.world.brokers.pop(pod.name, None)
        world.world.pods[pod.name] = msgspec.structs.replace(pod, problem=Problem("ImagePullFailed", "no image"))
    assert world.world.intent(1)["phase"] == "Joining"
    world.world.edit(brokerImage=good)
    world.pass_seconds(60)
    revisions = {pod.revision for name, pod in world.world.pods.items() if name.startswith("c-1-")}
    assert revisions == {world.second().status.revision}


def test_a_member_that_its_controller_was_given_is_as_good_as_gone() -> None:
    """Views of pods lag behind that of their set: a second member was taken in the moment before the first one went."""
    template = {"metadata": {"annotations": {names.REVISION_LABEL: "new", names.FORMAT_ANNOTATION: "1"}}}
    spec = {"template": template, "updateStrategy": {"rollingUpdate": {"partition": 1}}}
    workload = ObjectFact("StatefulSet", "c-0", spec=msgspec.Raw(msgspec.json.encode(spec)))
    pods = [PodFact(f"c-0-{member}", f"uid-{member}", member, revision="old") for member in range(3)]
    assert [going_now(workload, pod) for pod in pods] == [False, True, True]
    assert not going_now(workload, msgspec.structs.replace(pods[2], revision="new"))


def test_a_group_whose_members_are_held_back_holds_nobody_up() -> None:
    """4.x in SYNC gets its first slave only with a restart of its master; the rollout that could do so waited for that slave."""
    world = Rolling(groups=2, membersPerGroup=1, replicationMode="SYNC")
    for second in range(200):
        for name in world.world.brokers:
            world.world.change_broker(name, version="4.9.7", role="ASYNC_MASTER")
        if second == 0:
            world.world.edit(membersPerGroup=2, limits={"memory": "3Gi"})
        world.second()
    assert world.taken == ["c-0-0", "c-1-0"]


def test_an_undo_right_after_a_live_change_is_noted() -> None:
    """The workload was noted to be at the live change without a new hash; the way back has the old hash, and was never written."""
    world = Rolling(properties={"maxMessageSize": "2000000"})
    before = world.second().status.revision
    world.world.edit(properties={"maxMessageSize": "1000000"})
    asked = ""
    while asked in ("", before) or not _noted(world, asked):
        asked = world.second().status.revision
    world.world.annotate(**{names.RUN_REVISION: f"{asked} {before}"})
    world.pass_seconds(10)
    assert _noted(world, before) and world.taken == []


def _noted(world: Rolling, revision: str) -> bool:
    return world.world.objects["StatefulSet", "c-1"].notes[names.REVISION_LABEL] == revision
