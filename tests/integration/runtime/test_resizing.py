"""A real API server: a workload's size is changed by itself and survives apply; labels and sizes only of what was seen."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import NameServer
from rocketmq_operator.core import names
from rocketmq_operator.core.build import nameserver
from rocketmq_operator.core.drift import unsized
from rocketmq_operator.core.objects import Owner, owned
from rocketmq_operator.core.plan import Action, Apply, Create, Leaving, Resize, SetGate, SetListed
from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.resources import POD, STATEFULSET
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.reconcile.act import Actor
from rocketmq_operator.reconcile.resources import NAME_SERVERS
from rocketmq_operator.reconcile.world import World

pytestmark = pytest.mark.integration
Json = dict[str, Any]


class Place:
    """A NameServer's StatefulSet of two, and the pod of its second name server (nobody runs it)."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client, self.namespace = client, namespace
        self.actor = Actor(client, Admin(), Ref(NAME_SERVERS, namespace, "n"), lambda: None, World())
        body = {"metadata": {"name": "n", "namespace": namespace, "uid": "uid-n"}, "spec": {"replicas": 2}}
        *_, self.wanted = nameserver.objects(msgspec.convert(body, NameServer))
        self.owner = Owner("rocketmq.huanwei.io/v1alpha1", "NameServer", "n", namespace, "uid-n")

    async def do(self, action: Action) -> list[str]:
        outcome = await self.actor.carry_out([action])
        assert not outcome.problems and not outcome.retry
        return [event.reason for event in outcome.events]

    async def workload(self) -> Json:
        found: Json = await self.client.get(Ref(STATEFULSET, self.namespace, "n-ns"))
        return found

    async def pod(self) -> Json:
        found: Json = await self.client.get(Ref(POD, self.namespace, "n-ns-1"))
        return found

    async def create(self) -> None:
        await self.do(Create("Created", "created", owned(self.wanted, self.owner)))
        template = self.wanted["spec"]["template"]
        container = {"name": "name-server", "image": "nothing"}
        labels = template["metadata"]["labels"]
        spec = {"containers": [container], "readinessGates": template["spec"]["readinessGates"]}
        metadata = {"name": "n-ns-1", "namespace": self.namespace, "labels": labels}
        await self.client.create(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    async def resize(self, replicas: int, **changes: Any) -> list[str]:
        meta = (await self.workload())["metadata"]
        known = {"name": "n-ns", "uid": meta["uid"], "resource_version": meta["resourceVersion"], **changes}
        return await self.do(Resize("Resized", "resized", replicas=replicas, **known))


@pytest.fixture
async def place(client: Client, namespace: str) -> Place:
    found = Place(client, namespace)
    await found.create()
    return found


async def test_apply_leaves_the_size_alone(place: Place) -> None:
    assert await place.resize(3) == ["Resized"]
    await place.do(Apply("Applied", "applied", owned(unsized(place.wanted), place.owner)))
    workload = await place.workload()
    assert workload["spec"]["replicas"] == 3
    assert workload["spec"]["updateStrategy"]["rollingUpdate"]["partition"] == nameserver.HELD_PARTITION
    assert workload["metadata"]["annotations"][names.HASH_ANNOTATION]


async def test_a_size_is_changed_only_of_the_set_that_was_seen(place: Place) -> None:
    seen = (await place.workload())["metadata"]["resourceVersion"]
    await place.resize(3)
    assert await place.resize(1, resource_version=seen) == []
    assert await place.resize(1, uid="another") == []
    assert (await place.workload())["spec"]["replicas"] == 3


async def test_unlisted_and_taken_away_or_listed_again(place: Place) -> None:
    uid = (await place.pod())["metadata"]["uid"]
    leaving = Leaving("n-ns-1", uid, 1234)
    assert await place.resize(1, leaving=leaving) == []
    assert await place.do(SetListed("Unlisted", "unlisted", "n-ns-1", "another", False, 1234)) == []
    assert await place.do(SetListed("Unlisted", "unlisted", "n-ns-1", uid, False, 1234)) == ["Unlisted"]
    meta = (await place.pod())["metadata"]
    assert (meta["labels"][names.LISTED_LABEL], meta["annotations"]) == ("false", {names.UNLISTED_SINCE: "1234"})
    assert await place.resize(1, leaving=Leaving("n-ns-1", uid, 1)) == []
    assert await place.resize(1, leaving=Leaving("n-ns-1")) == []
    assert await place.do(SetListed("Listed", "listed", "n-ns-1", uid, True)) == ["Listed"]
    meta = (await place.pod())["metadata"]
    assert meta["labels"][names.LISTED_LABEL] == "true" and not meta.get("annotations")
    assert await place.resize(1, leaving=leaving) == []
    await place.do(SetListed("Unlisted", "unlisted", "n-ns-1", uid, False, 1234))
    assert await place.resize(1, leaving=leaving) == ["Resized"]
    assert (await place.workload())["spec"]["replicas"] == 1
    assert await place.resize(0, leaving=Leaving("n-ns-0")) == ["Resized"]


async def test_the_gate_of_a_name_server(place: Place) -> None:
    uid = (await place.pod())["metadata"]["uid"]
    gate = SetGate("Complete", "complete", "n-ns-1", uid, True, "run://1", names.COMPLETE_GATE, told=True)
    assert await place.do(gate) == ["Complete"]
    conditions = {each["type"]: each for each in (await place.pod())["status"]["conditions"]}
    assert conditions[names.COMPLETE_GATE]["status"] == "True"
    assert conditions[names.COMPLETE_GATE]["message"] == "run://1"
