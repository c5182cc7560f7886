"""Faults of rollouts that the simulator found."""

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ObjectFact, PodFact, Problem
from rocketmq_operator.core.rollout.standing import HELD_PARTITION, going_now, partition_of

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
    world = Rolling()
    before = world.second().status.revision
    for name in world.world.brokers:
        world.world.change_broker(name, settings={"maxMessageSize": "4194304"})
    world.world.edit(properties={"maxMessageSize": "1000000"})
    asked = ""
    while asked in ("", before) or not _noted(world, asked):
        asked = world.second().status.revision
    world.world.annotate(**{names.RUN_REVISION: f"{asked} {before}"})
    world.pass_seconds(10)
    assert _noted(world, before)


def _noted(world: Rolling, revision: str) -> bool:
    return world.world.objects["StatefulSet", "c-1"].notes[names.REVISION_LABEL] == revision


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
        pod = msgspec.structs.replace(world.world.pods[name], problem=Problem("ImagePullFailed", "no image"))
        world.world.pods[name] = pod
    world.world.now_ms += 300_000
    world.world.edit(groupReplica=1, brokerImage="good")
    world.pass_seconds(120)
    assert {"c-1-0", "c-1-1"} <= set(world.taken)
