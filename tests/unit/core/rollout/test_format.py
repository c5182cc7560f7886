"""What an upgrade of the operator does to pods that run: nothing, unless the release says so."""

import msgspec
import pytest

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, NameServer, NameServerSpec
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import names
from rocketmq_operator.core.build import config, nameserver, workload
from rocketmq_operator.core.drift import digest
from rocketmq_operator.core.release import FORMAT, Release
from rocketmq_operator.core.rollout.template import HELD_PARTITION, partition_of

from .rolling import Rolling, restarts

KNOWN = {1: "a70d3a1b46"}
"""By format, what is built of one cluster and one NameServer. Another digest wants another ``release.FORMAT``."""

META = Metadata(name="c", namespace="ns", uid="uid-1")


def upgraded(world: Rolling, oldest: int = 1) -> None:
    """The operator is another one: it builds in format 2, and restarts what is older than ``oldest``."""
    world.world.release = Release(format=2, oldest=oldest)


def built() -> str:
    cluster = BrokerCluster(META, msgspec.convert({"nameServers": "names:9876"}, BrokerClusterSpec))
    made = config.config_map(cluster, "")
    group = workload.stateful_set(cluster, 0, made["metadata"]["name"], True, 2, "revision")
    return digest([made, group, nameserver.objects(NameServer(META, NameServerSpec()), "revision")])


def test_what_is_built_belongs_to_its_format() -> None:
    assert KNOWN[FORMAT] == built(), (
        "what is built has changed: running pods would differ from it, so raise core/release.py FORMAT and add the digest here"
    )


def test_another_format_restarts_nobody_and_rewrites_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Rolling()
    before = dict(world.world.objects)
    upgraded(world)
    monkeypatch.setattr(workload, "START_SECONDS", 77)
    world.pass_seconds(60)
    sets = [key for key in before if key[0] == "StatefulSet"]
    assert world.taken == [] and all(world.world.objects[key] == before[key] for key in sets)
    world.world.edit(brokerImage="other")
    world.pass_seconds(300)
    assert len(world.taken) == 4 and world.world.objects[sets[0]].notes[names.FORMAT_ANNOTATION] == "2"


def test_a_format_that_would_do_harm_is_restarted_with_its_reason() -> None:
    world = Rolling()
    upgraded(world, oldest=2)
    plan = world.pass_seconds(4)
    rolling = next(each for each in plan.status.conditions if each.type == "RollingOut")
    assert rolling.reason == "OperatorUpgraded" and plan.upgrading
    world.pass_seconds(300)
    assert world.taken == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]
    assert world.second().actions == ()


def test_it_waits_for_other_clusters() -> None:
    world = Rolling()
    upgraded(world, oldest=2)
    world.world.others_rolling = 3
    plan = world.pass_seconds(60)
    assert world.taken == [] and not plan.upgrading
    world.world.others_rolling = 2
    world.pass_seconds(300)
    assert len(world.taken) == 4


def test_pods_are_held_back_again_where_the_operator_is_upgraded_in_the_middle_of_a_rollout() -> None:
    """What another version has built is not written anew, and so every pod stayed let through: its set was never made anew
    for bigger volumes, since it looked as if pods were still being replaced."""
    world = Rolling()
    world.world.edit(brokerImage="other")
    while not world.taken:
        world.second()
    upgraded(world)
    world.pass_seconds(300)
    facts = [world.world.objects["StatefulSet", f"c-{group}"] for group in (0, 1)]
    assert len(world.taken) == 4 and [partition_of(fact) for fact in facts] == [HELD_PARTITION] * 2
    assert facts[0].notes[names.FORMAT_ANNOTATION] == "1" and world.second().actions == ()


def test_who_is_of_another_format_is_not_let_through_with_one_below() -> None:
    """A template was taken back to what two of three pods still ran, in another format. One of them was asked to restart: with
    the highest it was given to the controller, which does not ask whether a slave can be spared."""
    world = Rolling(groups=1, membersPerGroup=3)
    before = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="other")
    upgraded(world)
    while not world.taken:
        world.second()
    world.world.edit(brokerImage=before)
    world.pass_seconds(120)
    told = len(world.world.done)
    pod = world.world.pods["c-0-0"]
    world.world.now_ms += 1000
    world.world.pods["c-0-0"] = msgspec.structs.replace(pod, restart=world.time())
    world.pass_seconds(200)
    assert restarts(world.world.done[told:])[:2] == ["c-0-1", "c-0-0"]
