"""What a plan decided is not done any more once what it was decided on is no longer so."""

import asyncio
from typing import Any, cast

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.plan import (
    Action,
    Annotate,
    Apply,
    Beside,
    Orphan,
    PutOrders,
    Rebuild,
    Remove,
    Resize,
    Seen,
    SetFinalizer,
    SetPartition,
    WipeWritePermission,
)
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.reconcile.act import Actor
from rocketmq_operator.reconcile.resources import CLUSTERS
from rocketmq_operator.reconcile.world import World

from .memory import MemoryKube

INTENT = "c-broker-intent-0"


def stored(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"namespace": "ns", "name": name}, **fields}


def carried_out(kube: MemoryKube, action: Action) -> list[tuple[str, str, str]]:
    """What was written."""
    item = Ref(CLUSTERS, "ns", "c")
    actor = Actor(cast(Kube, kube), cast(Admin, None), item, lambda: None, World())
    outcome = asyncio.run(actor.carry_out([action]))
    assert bool(outcome.events) == bool(kube.writes)
    return kube.writes


def made() -> tuple[MemoryKube, SetPartition]:
    """A StatefulSet, an intent, and what takes a master while both are as they are."""
    kube = MemoryKube()
    kube.put(stored("ConfigMap", INTENT, data={"phase": "Restarting"}))
    kube.put(stored("StatefulSet", "c-0", spec={"replicas": 2}))
    meta = kube.find("StatefulSet", "c-0")["metadata"]
    seen = Seen(INTENT, kube.find("ConfigMap", INTENT)["metadata"]["resourceVersion"])
    return kube, SetPartition("Restarted", "restarts c-0-0", "c-0", meta["uid"], meta["resourceVersion"], 0, seen)


def test_a_master_is_taken_while_its_groups_intent_is_as_it_was_seen() -> None:
    kube, action = made()
    assert carried_out(kube, action) == [("patch", "StatefulSet", "c-0")]


def test_one_that_another_operator_opens_meanwhile_is_left_alone() -> None:
    kube, action = made()
    kube.put({**kube.find("ConfigMap", INTENT), "data": {"phase": ""}})
    assert carried_out(kube, action) == []
    assert carried_out(kube, Remove("Moved", "moved c-0-0", "Pod", "c-0-0", "uid-c-0-0", action.intent)) == []


class NameServers:
    """What name servers are told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def wipe_write_permission(self, ns: str, broker_name: str) -> int:
        self.told.append(f"{ns} hides {broker_name}")
        return 1

    async def put_kv(self, ns: str, namespace: str, key: str, value: str) -> None:
        self.told.append(f"{ns} has {value} of {key}")


def test_name_servers_are_not_told_any_more_of_a_group_that_another_operator_opens_meanwhile() -> None:
    """The request before it, of the same plan, took half a minute (found by the simulator)."""
    kube, taken = made()
    servers = NameServers()
    actor = Actor(cast(Kube, kube), cast(Admin, servers), Ref(CLUSTERS, "ns", "c"), lambda: None, World())
    told = [
        WipeWritePermission("", "took it out", "10.0.0.1:9876", "broker-0", taken.intent),
        PutOrders("Orders", "order topics", "10.0.0.1:9876", {"orders": "broker-1:2"}, taken.intent),
    ]
    asyncio.run(actor.carry_out(told))
    assert servers.told == ["10.0.0.1:9876 hides broker-0", "10.0.0.1:9876 has broker-1:2 of orders"]
    kube.put({**kube.find("ConfigMap", INTENT), "data": {"phase": "Opening"}})
    outcome = asyncio.run(actor.carry_out(told))
    assert len(servers.told) == 2 and not outcome.events


def test_nobody_is_taken_once_another_of_its_group_is_on_its_way_out() -> None:
    """Evicted in the very moment in which the budget allowed nobody else (found by the simulator)."""
    kube, action = made()
    kube.put(stored("Pod", "c-0-1"))
    pod = kube.find("Pod", "c-0-1")
    action = msgspec.structs.replace(action, beside=(Beside("c-0-1", pod["metadata"]["uid"], ""),))
    removal = Remove("Moved", "moved c-0-0", "Pod", "c-0-0", "uid-c-0-0", action.intent, action.beside)
    resize = Resize(
        "MemberRemoved", "removes c-0-2", "c-0", action.uid, action.resource_version, 2, None, action.beside
    )
    rebuild = Rebuild("SlaveRebuilt", "rebuilds c-0-2", "c-0-2", "uid-c-0-2", (("gone", "uid"),), action.beside)
    kube.put({**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    for each in (action, removal, resize, rebuild):
        assert carried_out(kube, each) == []
    kube.drop("Pod", "c-0-1")
    assert carried_out(kube, action) == []
    kube.put(pod)
    again = msgspec.structs.replace(action, beside=(Beside("c-0-1", kube.find("Pod", "c-0-1")["metadata"]["uid"], ""),))
    assert carried_out(kube, again) == [("patch", "StatefulSet", "c-0")]


def test_nobody_is_taken_once_the_process_of_another_of_its_group_is_a_new_one() -> None:
    """A master that starts again may lack what only the slave holds that is to be removed (found by the simulator)."""
    kube, action = made()
    kube.put(running("containerd://1"))
    uid = kube.find("Pod", "c-0-0")["metadata"]["uid"]
    stays = (Beside("c-0-0", uid, "containerd://1"),)
    resize = Resize("MemberRemoved", "removes c-0-1", "c-0", action.uid, action.resource_version, 1, None, stays)
    kube.put(running("containerd://2", uid=uid))
    assert carried_out(kube, resize) == []
    kube.put(running("containerd://1", state="terminated", uid=uid))
    assert carried_out(kube, resize) == []
    kube.put(running("containerd://1", uid=uid))
    assert carried_out(kube, resize) == [("patch", "StatefulSet", "c-0")]


def test_one_that_did_not_run_is_not_taken_once_it_does() -> None:
    """Another operator may have opened it meanwhile (found by the simulator)."""
    kube, action = made()
    kube.put(running("", state="waiting"))
    uid = kube.find("Pod", "c-0-0")["metadata"]["uid"]
    restart = msgspec.structs.replace(action, beside=(Beside("c-0-0", uid, ""),))
    kube.put(running("containerd://1", uid=uid))
    assert carried_out(kube, restart) == []
    kube.put(running("", state="waiting", uid=uid))
    assert carried_out(kube, restart) == [("patch", "StatefulSet", "c-0")]


def running(container: str, state: str = "running", **meta: str) -> dict[str, Any]:
    """The master's pod, with a container."""
    pod = stored("Pod", "c-0-0", status={"containerStatuses": [{"containerID": container, "state": {state: {}}}]})
    pod["metadata"] |= meta
    return pod


def test_a_group_does_not_begin_to_close_once_another_has() -> None:
    """What this very operator had written a moment ago its view did not say yet (found by the simulator)."""
    kube, taken = made()
    assert taken.intent is not None
    other = stored("ConfigMap", "c-broker-intent-1", data={"phase": "Yielding"})
    kube.put({**other, "data": {"phase": ""}})
    action = Apply("Closed", "closes broker-1", other, (taken.intent,))
    kube.put({**kube.find("ConfigMap", INTENT), "data": {"phase": "Yielding"}})
    assert carried_out(kube, action) == []
    current = kube.find("ConfigMap", INTENT)["metadata"]["resourceVersion"]
    assert carried_out(kube, msgspec.structs.replace(action, seen=(Seen(INTENT, current),))) == [
        ("apply", "ConfigMap", "c-broker-intent-1")
    ]


def test_a_set_is_not_made_anew_once_its_groups_intent_says_otherwise() -> None:
    """Its group may have begun to leave, and what the set is to be again is forgotten."""
    kube, taken = made()
    action = Orphan("VolumeResized", "made anew", "c-0", taken.uid, taken.resource_version, taken.intent)
    kube.put({**kube.find("ConfigMap", INTENT), "data": {"phase": "Closing"}})
    assert carried_out(kube, action) == []
    current = kube.find("ConfigMap", INTENT)["metadata"]["resourceVersion"]
    assert carried_out(kube, msgspec.structs.replace(action, intent=Seen(INTENT, current))) == [
        ("delete", "StatefulSet", "c-0")
    ]


def test_a_cluster_is_not_let_go_once_one_of_its_sets_is_another() -> None:
    """Its pods have no owner for the moment: with the cluster gone, nobody would ever remove them."""
    kube, taken = made()
    kube.put(stored("BrokerCluster", "c"))
    seen = Seen("c-0", taken.resource_version, "StatefulSet")
    version = kube.find("BrokerCluster", "c")["metadata"]["resourceVersion"]
    action = SetFinalizer("DeletionAllowed", "it was given up", (), version, (seen,))
    kube.drop("StatefulSet", "c-0")
    assert carried_out(kube, action) == []
    kube.put(stored("StatefulSet", "c-0", spec={"replicas": 2}))
    there = kube.find("StatefulSet", "c-0")["metadata"]["resourceVersion"]
    again = msgspec.structs.replace(action, seen=(Seen("c-0", there, "StatefulSet"),))
    assert carried_out(kube, again) == [("patch", "BrokerCluster", "c")]


def test_nothing_is_taken_back_once_the_user_has_written_since() -> None:
    """Automatic rollback was switched off, and by an older view the change was taken back all the same (found by the simulator)."""
    kube, _ = made()
    kube.put(stored("BrokerCluster", "c"))
    meta = kube.find("BrokerCluster", "c")["metadata"]
    action = Annotate("RolledBack", "goes back", "BrokerCluster", "c", meta["uid"], {"a": "b"}, meta["resourceVersion"])
    kube.put({**kube.find("BrokerCluster", "c"), "spec": {}})
    assert carried_out(kube, action) == []
    current = kube.find("BrokerCluster", "c")["metadata"]["resourceVersion"]
    assert carried_out(kube, msgspec.structs.replace(action, version=current)) == [("patch", "BrokerCluster", "c")]


def test_one_whose_intent_is_gone_is_left_alone() -> None:
    kube, action = made()
    kube.drop("ConfigMap", INTENT)
    assert carried_out(kube, action) == []
