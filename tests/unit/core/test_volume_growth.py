"""A bigger size in the spec, step by step: claims, templates, words; and what is refused."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.plan import Action, Apply, Create, GrowClaim, Orphan, Plan, SetFinalizer
from rocketmq_operator.core.volumes.anew import KEY
from rocketmq_operator.core.volumes.view import templates

from .volumes import Volumes
from .world import World, cluster

SMALL: dict[str, Any] = {"groupReplica": 1, "storage": {"size": "5Gi", "logSize": "1Gi"}}


def settled(storage_class: str = "grows", **spec: Any) -> World:
    """A cluster that serves, on volumes."""
    world = World(cluster(**{**SMALL, **spec}))
    world.volumes = Volumes(storage_class)
    world.plan()
    world.start_pods()
    for _ in range(3):
        world.plan()
    assert world.plan().actions == ()
    return world


def volumes(world: World) -> Volumes:
    assert world.volumes is not None
    return world.volumes


def of(plan: Plan[BrokerClusterStatus], type_: type[Action]) -> list[Any]:
    return [action for action in plan.actions if isinstance(action, type_)]


def problem(plan: Plan[BrokerClusterStatus]) -> tuple[str, str]:
    found = condition(plan.status.conditions, "Degraded")
    assert found is not None
    return found.reason, found.message


def sizes(world: World, group: int = 0) -> dict[str, str]:
    spec = world.objects[("StatefulSet", f"c-{group}")].content()["spec"]
    return {name: each.size for name, each in templates(spec).items()}


def bigger(world: World, size: str = "8Gi", **spec: Any) -> None:
    world.want(**{**SMALL, "storage": {"size": size, "logSize": "1Gi"}, **spec})


def test_claims_first_then_the_set_is_made_anew_around_its_pods() -> None:
    world = settled()
    before = dict(world.pods)
    was = world.objects[("StatefulSet", "c-0")]
    bigger(world)
    asked = of(world.plan(), GrowClaim)
    assert [(each.name, each.size) for each in asked] == [("brokerstore-c-0-0", "8Gi"), ("brokerstore-c-0-1", "8Gi")]
    plan = world.plan()
    assert plan.actions == () and plan.requeue == 3.0
    progressing = condition(plan.status.conditions, "Progressing")
    assert progressing and "c-0-1: volume brokerstore grows to 8Gi" in progressing.message
    volumes(world).grow(on_node=True)
    progressing = condition(world.plan().status.conditions, "Progressing")
    assert progressing and "c-0-0: file system brokerstore grows to 8Gi" in progressing.message
    volumes(world).grow()
    assert world.plan().status.store_size == "5Gi"
    plan = world.plan()
    (gone,) = of(plan, Orphan)
    assert (gone.uid, gone.reason) == (was.uid, "VolumeResized")
    assert "brokerstore 5Gi → 8Gi" in gone.message
    (made,) = of(world.plan(), Create)
    assert sizes(world) == {"brokerlogs": "1Gi", "brokerstore": "8Gi"}
    now = world.objects[("StatefulSet", "c-0")]
    assert (now.hash, now.owner_uid) == (was.hash, was.owner_uid) and now.uid != was.uid
    assert {**now.content()["spec"], "volumeClaimTemplates": 0} == {**was.content()["spec"], "volumeClaimTemplates": 0}
    assert made.obj["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "rocketmq-operator"
    plan = world.plan()
    assert KEY not in world.intent(0) and world.pods == before
    assert world.plan().actions == () and plan.status.store_size == "8Gi"
    assert condition(plan.status.conditions, "ChangesPending") is None


def test_a_set_comes_again_as_it_was_although_something_else_is_wanted_by_now() -> None:
    world = settled()
    template = world.objects[("StatefulSet", "c-0")].content()["spec"]["template"]
    at_noon = {"maintenanceWindows": [{"schedule": "0 12 * * *"}]}
    bigger(world, brokerImage="apache/rocketmq:5.5.0", rollout=at_noon)
    world.plan()
    volumes(world).grow()
    for _ in range(6):
        world.plan()
    assert sizes(world)["brokerstore"] == "8Gi"
    assert world.objects[("StatefulSet", "c-0")].content()["spec"]["template"] == template
    assert world.restarted == []


def test_a_set_whose_pods_are_being_replaced_is_left_alone() -> None:
    world = settled()
    world.pods["c-0-1"] = msgspec.structs.replace(world.pods["c-0-1"], revision="an earlier one")
    bigger(world, paused=False)
    plan = world.plan()
    volumes(world).grow()
    for _ in range(3):
        plan = world.plan()
    assert not of(plan, Orphan) and KEY not in world.intent(0)


def test_no_set_is_let_go_while_a_member_is_away_or_comes() -> None:
    world = settled()
    bigger(world)
    world.plan()
    volumes(world).grow()
    away = world.pods["c-0-1"]
    world.pods["c-0-1"] = msgspec.structs.replace(away, ready=False, gate="False", container="", deleting=True)
    for _ in range(3):
        world.plan()
    assert KEY not in world.intent(0) and sizes(world)["brokerstore"] == "5Gi"
    world.pods["c-0-1"] = away
    world.plan()
    assert world.intent(0)[KEY]
    world.pods["c-0-1"] = msgspec.structs.replace(away, ready=False, gate="False", container="", deleting=True)
    assert not of(world.plan(), Orphan) and world.intent(0)[KEY]


def test_a_new_member_of_an_old_template_grows_too() -> None:
    world = settled()
    bigger(world)
    world.plan()
    world.want(**{**SMALL, "storage": {"size": "8Gi", "logSize": "1Gi"}, "membersPerGroup": 3})
    world.plan()
    world.start_pods()
    volumes(world).grow()
    assert [each.name for each in of(world.plan(), GrowClaim)] == ["brokerstore-c-0-2"]


def test_the_next_group_is_asked_once_the_storage_has_accepted_the_first() -> None:
    world = settled(groupReplica=2)
    bigger(world, groupReplica=2)
    assert {each.name[-3] for each in of(world.plan(), GrowClaim)} == {"0"}
    assert not of(world.plan(), GrowClaim)
    volumes(world).grow(on_node=True)
    assert {each.name[-3] for each in of(world.plan(), GrowClaim)} == {"1"}
    volumes(world).grow()
    done: list[Action] = []
    for _ in range(10):
        done += world.plan().actions
    released = [index for index, each in enumerate(done) if isinstance(each, Orphan)]
    created = [index for index, each in enumerate(done) if isinstance(each, Create)]
    assert [type(done[index]) for index in sorted(released + created)] == [Orphan, Create, Orphan, Create]
    assert sizes(world) == sizes(world, 1) == {"brokerlogs": "1Gi", "brokerstore": "8Gi"}
    assert world.plan().actions == ()


def test_a_class_that_does_not_allow_it_keeps_every_claim_as_it_is() -> None:
    world = settled("fixed")
    bigger(world)
    plan = world.plan()
    assert not of(plan, GrowClaim)
    reason, message = problem(plan)
    assert reason == "VolumesCannotGrow" and "storage class fixed does not allow it" in message
    assert "set spec.storage.size back to 5Gi" in message


def test_where_classes_may_not_be_read_one_claim_goes_first() -> None:
    world = settled("secret")
    bigger(world)
    assert [each.name for each in of(world.plan(), GrowClaim)] == ["brokerstore-c-0-0"]
    assert [each.name for each in of(world.plan(), GrowClaim)] == ["brokerstore-c-0-1"]


def test_storage_that_cannot_is_told_and_what_was_asked_for_can_be_lowered() -> None:
    world = settled()
    bigger(world, "800Ti")
    world.plan()
    for name in ("brokerstore-c-0-0", "brokerstore-c-0-1"):
        volumes(world).change(name, failed="no space in pool")
    plan = world.plan()
    reason, message = problem(plan)
    assert reason == "VolumeGrowthFailed" and "no space in pool" in message and "above 5Gi" in message
    assert plan.actions == () and sizes(world)["brokerstore"] == "5Gi"
    bigger(world, "6Gi")
    assert {each.size for each in of(world.plan(), GrowClaim)} == {"6Gi"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"storage": {"size": "4Gi", "logSize": "1Gi"}}, "spec.storage.size is 4Gi"),
        ({"storage": {"logSize": "1Gi"}, "requests": {"storeStorage": "1Gi"}}, "spec.requests.storeStorage is 1Gi"),
    ],
)
def test_a_smaller_size_is_told_and_nothing_is_done(spec: dict[str, Any], field: str) -> None:
    world = settled()
    world.want(**{**SMALL, **spec})
    plan = world.plan()
    assert plan.actions == () and problem(plan)[0] == "VolumesCannotShrink"
    assert problem(plan)[1].startswith(field) and "broker-0 have 5Gi" in problem(plan)[1]


def test_the_same_size_in_other_words_is_no_change() -> None:
    world = settled()
    bigger(world, "5120Mi")
    plan = world.plan()
    assert plan.actions == () and condition(plan.status.conditions, "ChangesPending") is None


def test_another_class_is_explained() -> None:
    world = settled()
    world.want(**{**SMALL, "storage": {**SMALL["storage"], "storageClassName": "fast"}})
    plan = world.plan()
    assert plan.actions == () and problem(plan)[0] == "StorageClassCannotChange"
    assert "spec.storage.storageClassName asks for fast" in problem(plan)[1]
    assert "made with the default class" in problem(plan)[1]


def test_claims_that_may_not_be_read_are_told_only_if_they_are_to_grow() -> None:
    world = settled()
    world.volumes = None
    assert problem(world.plan())[0] == "AsExpected"
    bigger(world)
    plan = world.plan()
    assert problem(plan)[0] == "VolumesUnknown" and plan.actions == ()


def written() -> World:
    """Its volumes have grown, and the intent says what its StatefulSet is to be again."""
    world = settled()
    bigger(world)
    world.plan()
    volumes(world).grow()
    world.plan()
    return world


def let_go() -> World:
    """Its StatefulSet was deleted and is not made again yet."""
    world = written()
    while not of(world.plan(), Orphan):
        pass
    assert ("StatefulSet", "c-0") not in world.objects and len(world.pods) == 2
    return world


def delete(world: World) -> None:
    """The cluster is deleted, with what is in it."""
    notes = {"rocketmq.huanwei.io/delete-unconsumed": "true"}
    stamp = "2026-01-01T00:00:00Z"
    meta = msgspec.structs.replace(world.cluster.metadata, deletion_timestamp=stamp, annotations=notes)
    world.cluster = msgspec.structs.replace(world.cluster, metadata=meta)


def test_a_pause_or_a_deletion_does_not_leave_pods_without_their_set() -> None:
    for deleted in (False, True):
        world = let_go()
        if deleted:
            delete(world)
        else:
            bigger(world, paused=True)
        assert [type(action) for action in world.plan().actions] == [Create]
        assert sizes(world)["brokerstore"] == "8Gi"
    assert world.plan().actions, "now the deletion may go on"
    assert world.cluster.metadata.finalizers == []


def test_a_cluster_does_not_go_while_a_set_is_being_deleted_that_is_to_come_again() -> None:
    """Its pods lose their owner first: with the cluster gone, nobody would make the set that is to own them."""
    world = written()
    key = ("StatefulSet", "c-0")
    was = world.objects[key]
    world.objects[key] = msgspec.structs.replace(was, deleting=True)
    delete(world)
    assert world.plan().actions == () and world.cluster.metadata.finalizers
    world.objects[key] = msgspec.structs.replace(was, uid="the next one")
    assert world.plan().actions and world.cluster.metadata.finalizers == []


def test_a_deletion_goes_on_only_if_a_set_that_is_to_be_made_anew_is_as_it_was_seen() -> None:
    """It may have been deleted a moment ago, by a view in which the cluster was not deleted yet."""
    world = written()
    delete(world)
    [action] = of(world.plan(), SetFinalizer)
    assert [(each.kind, each.name) for each in action.seen] == [("StatefulSet", "c-0")]


def test_a_set_that_is_being_deleted_is_waited_for() -> None:
    world = written()
    key = ("StatefulSet", "c-0")
    world.objects[key] = msgspec.structs.replace(world.objects[key], deleting=True)
    before = world.intent(0)[KEY]
    bigger(world, "5Gi")
    assert world.plan().actions == () and world.intent(0)[KEY] == before


def test_a_change_of_mind_before_the_set_goes() -> None:
    world = written()
    assert world.intent(0)[KEY]
    bigger(world, "5Gi")
    assert [type(action) for action in world.plan().actions] == [Apply]
    assert KEY not in world.intent(0) and world.plan().actions == ()


def test_a_set_whose_pods_are_of_an_older_format_is_left_alone() -> None:
    """Its pods were to restart for a newer operator, whose template was for the same revision: the set made anew took that for what
    had always run, and gave it to whoever came back by itself."""
    world = settled()
    world.pods = {name: msgspec.structs.replace(pod, format=0) for name, pod in world.pods.items()}
    bigger(world, rollout={"maintenanceWindows": [{"schedule": "0 12 * * *"}]})
    world.plan()
    volumes(world).grow()
    plans = [world.plan() for _ in range(3)]
    assert not any(of(plan, Orphan) for plan in plans) and KEY not in world.intent(0)


def test_no_pod_is_taken_while_its_set_is_made_anew() -> None:
    """Its group was closed for a restart while its set went. Without the set nobody knew that it was to restart, and a second group was
    closed beside it."""
    world = settled(groupReplica=2)
    bigger(world, groupReplica=2)
    while KEY not in world.intent(0):
        world.plan()
        volumes(world).grow()
    world.now_ms += 60_000
    world.annotate(**{names.RESTART: "2026-01-01T00:00:30Z"})
    phases = set()
    while ("StatefulSet", "c-0") in world.objects:
        world.plan()
        phases.add(world.intent(0)["phase"])
    assert phases == {""} and world.restarted == []
