"""Plans and deeds where numbers change too, and of name servers."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.core import names
from rocketmq_operator.core.rollout.preview import Preview, preview
from rocketmq_operator.core.rollout.preview_servers import preview as server_preview
from tests.unit.core.names_world import NamesWorld, name_server

from .rolling import Rolling, restarts


def foretold(world: Rolling, annotations: dict[str, str] | None = None, **edit: Any) -> Preview:
    item = world.world.cluster
    spec = msgspec.convert({**msgspec.to_builtins(item.spec), **edit}, BrokerClusterSpec)
    meta = msgspec.structs.replace(item.metadata, annotations={**item.metadata.annotations, **(annotations or {})})
    after = msgspec.structs.replace(item, spec=spec, metadata=meta)
    return preview(world.world.snapshot(), after, "", world.world.now_ms)


def pods(found: Preview) -> list[str]:
    return [each.pod for each in found.restarts]


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        ({"groupReplica": 3}, "groupReplica 2 -> 3: broker-2 comes"),
        ({"groupReplica": 1}, "groupReplica 2 -> 1: broker-1 goes"),
        ({"membersPerGroup": 1}, "membersPerGroup 2 -> 1: slaves leave"),
        ({"membersPerGroup": 3}, "membersPerGroup 2 -> 3: slaves are added"),
    ],
)
def test_numbers_are_told_apart_from_restarts(edit: dict[str, Any], word: str) -> None:
    world = Rolling()
    assert foretold(world, **edit).numbers[0].startswith(word) and foretold(world, **edit).verdict == "nothing"


def carry_out(world: Rolling, edit: dict[str, Any], seconds: int = 300) -> None:
    """Time passes; pods that a StatefulSet has no more are gone, and others come."""
    inner = world.world
    inner.edit(**edit)
    for _ in range(seconds):
        world.second()
        away = world._gone
        for kind, name in list(inner.objects):
            members = range(inner.replicas(name)) if kind == "StatefulSet" else ()
            for member in members:
                if f"{name}-{member}" not in inner.pods and f"{name}-{member}" not in away:
                    inner.start(int(name.rpartition("-")[2]), member)
        for pod in list(inner.pods.values()):
            name = pod.name.rpartition("-")[0]
            if ("StatefulSet", name) in inner.objects and pod.member >= inner.replicas(name):
                inner.stop(pod.name)


@pytest.mark.parametrize(("before", "after"), [(3, 2), (2, 3), (2, 1), (1, 2)])
def test_members_that_come_and_go_with_a_change_of_pods(before: int, after: int) -> None:
    world = Rolling(membersPerGroup=before)
    edit: dict[str, Any] = {"membersPerGroup": after, "brokerImage": "other"}
    said = foretold(world, **edit)
    carry_out(world, edit)
    assert pods(said) == world.taken
    assert {each.pod: each.closed for each in said.restarts} == world.closed
    assert world.open("c-0-0") and world.open("c-1-0") and len(world.world.pods) == 2 * after


@pytest.mark.parametrize("after", [1, 3])
def test_a_group_that_is_closed_when_its_size_changes_comes_to_its_end(after: int) -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(20)
    assert not world.open("c-0-0")
    carry_out(world, {"membersPerGroup": after})
    assert world.open("c-0-0") and world.open("c-1-0")
    assert len(world.revisions()) == 1 and len(world.world.pods) == 2 * after


def test_groups_that_go_are_not_restarted_before() -> None:
    assert pods(foretold(Rolling(), groupReplica=1, brokerImage="other")) == ["c-0-1", "c-0-0"]


def test_a_paused_cluster_says_that_nothing_begins() -> None:
    found = foretold(Rolling(), brokerImage="other", paused=True)
    assert found.holds == ("spec.paused is true: nothing is changed until it is false",)
    found = foretold(Rolling(), {names.ROLLOUT_PAUSED: "true"}, brokerImage="other")
    assert "resume" in found.holds[0] and len(found.restarts) == 4


def test_order_topics_are_known_where_the_master_was_looked_at() -> None:
    world = Rolling()
    data = dict(world.world.data)
    assert foretold(world, brokerImage="other").closings[0].order_topics is None
    item = world.world.cluster
    spec = msgspec.structs.replace(item.spec, broker_image="other")
    looked = msgspec.structs.replace(world.world.snapshot(), data=data)
    found = preview(looked, msgspec.structs.replace(item, spec=spec), "", world.world.now_ms)
    assert found.closings[0].order_topics is False and found.pauses == ()


def test_an_edit_ends_an_undo_and_one_of_other_fields_does_not() -> None:
    world = Rolling()
    first = world.second().status.revision
    world.world.edit(brokerImage="other")
    second = world.pass_seconds(2).status.revision
    world.world.annotate(**{names.RUN_REVISION: f"{second} {first}"})
    world.pass_seconds(30)
    assert foretold(world, scaleDown={"closeSeconds": 40}).holds[0].startswith("the undo stays in force")
    found = foretold(world, brokerImage="third")
    assert found.holds == () and [change.words() for change in found.changes] == [
        "image apache/rocketmq:5.4.0 -> third"
    ]


@pytest.mark.parametrize("replicas", [1, 3])
def test_name_servers_restart_as_foretold(replicas: int) -> None:
    world = NamesWorld(replicas)
    world.settle()
    after = msgspec.structs.replace(world.server, spec=name_server(replicas, image="other").spec)
    said = server_preview(world.snapshot(), after, world.now_ms)
    world.ask(replicas, image="other")
    done: list[Any] = []
    world.watch = lambda action, seen: done.append(action)
    world.settle()
    assert pods(said) == restarts(done) and len(said.restarts) == replicas
    assert bool(said.pauses) == (replicas == 1)
