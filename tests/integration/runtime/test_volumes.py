"""A real API server: sizes never go down, claims grow only as they were seen, a StatefulSet is let go and made again."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import BROKER_CLUSTER, BrokerCluster
from rocketmq_operator.api.schema import API_VERSION
from rocketmq_operator.core.build import workload
from rocketmq_operator.core.objects import Owner, owned, referenced
from rocketmq_operator.core.plan import Action, Create, GrowClaim, Orphan, Rebuild
from rocketmq_operator.core.volumes.view import as_they_are, templates
from rocketmq_operator.crd.definition import definition
from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import Invalid, KubeError, NotFound
from rocketmq_operator.kube.resources import CRD, POD, PVC, STATEFULSET, STORAGE_CLASS
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.reconcile import look
from rocketmq_operator.reconcile.act import Actor, Outcome
from rocketmq_operator.reconcile.facts_of import claim_fact, object_fact
from rocketmq_operator.reconcile.resources import CLUSTERS
from rocketmq_operator.reconcile.views import ClaimView, Made
from rocketmq_operator.reconcile.world import World

from .patience import eventually

pytestmark = pytest.mark.integration
Json = dict[str, Any]


class Place:
    """A namespace with clusters, claims and StatefulSets that no controller looks at."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client, self.namespace = client, namespace
        self.actor = Actor(client, Admin(), Ref(CLUSTERS, namespace, "c"), lambda: None, World())
        self.owner = Owner(API_VERSION, "BrokerCluster", "c", namespace, "uid-1")

    async def do(self, action: Action) -> Outcome:
        return await self.actor.carry_out([action])

    async def done(self, action: Action) -> list[str]:
        outcome = await self.do(action)
        assert not outcome.problems and not outcome.retry
        return [event.reason for event in outcome.events]

    async def cluster(self, **spec: Any) -> None:
        meta = {"name": "c", "namespace": self.namespace}
        body = {"apiVersion": API_VERSION, "kind": "BrokerCluster", "metadata": meta}
        await self.client.apply(CLUSTERS, {**body, "spec": {"nameServers": "n:9876", **spec}})

    async def in_force(self, **sizes: str) -> None:
        """What the operator writes into the status."""
        meta = {"name": "c", "namespace": self.namespace}
        status = {"apiVersion": API_VERSION, "kind": "BrokerCluster", "metadata": meta, "status": sizes}
        await self.client.apply(CLUSTERS, status, subresource="status")

    async def claim(self, name: str, storage_class: str) -> None:
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": storage_class,
        }
        meta = {"name": name, "namespace": self.namespace}
        await self.client.create(
            PVC, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
        )
        status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        await self.client.patch(Ref(PVC, self.namespace, name), {"status": status}, subresource="status")

    async def grow(self, name: str, size: str, **changes: str) -> Outcome:
        fact = claim_fact(await self.client.get(Ref(PVC, self.namespace, name), ClaimView))
        known = {"uid": fact.uid, "resource_version": fact.resource_version, **changes}
        return await self.do(GrowClaim("VolumeGrows", f"{name} grows", name, size=size, **known))

    async def requested(self, name: str) -> str:
        return claim_fact(await self.client.get(Ref(PVC, self.namespace, name), ClaimView)).requested

    async def workload(self) -> Made:
        found: Made = await self.client.get(Ref(STATEFULSET, self.namespace, "c-0"), Made)
        return found


@pytest.fixture
async def place(client: Client, namespace: str) -> Place:
    await client.apply(CRD, definition(BROKER_CLUSTER))
    for name, grows in (("grows", True), ("fixed", False)):
        body = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
        await client.apply(STORAGE_CLASS, {**body, "provisioner": "example.com/none", "allowVolumeExpansion": grows})
    found = Place(client, namespace)
    await eventually(lambda: _served(client, namespace))
    return found


async def _served(client: Client, namespace: str) -> bool:
    try:
        await client.list(CLUSTERS, namespace=namespace)
    except NotFound:
        return False
    return True


SOURCES: dict[str, Any] = {
    "ours": lambda size: {"storage": {"size": size}},
    "the seed's": lambda size: {"requests": {"storeStorage": size}},
    "a template": lambda size: {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": size}}}}},
}


@pytest.mark.parametrize("source", SOURCES)
async def test_a_size_never_goes_below_the_one_in_force(place: Place, source: str) -> None:
    given = SOURCES[source]
    await place.cluster(**given("5Gi"))
    await place.cluster(**given("4Gi"))  # nothing was made yet
    await place.in_force(storeSize="5Gi")
    await place.cluster(**given("8Gi"))
    await place.cluster(**given("5120Mi"))  # what was never granted can be taken back
    with pytest.raises(Invalid, match=r"cannot become smaller than status\.storeSize"):
        await place.cluster(**given("5119Mi"))
    await place.in_force(storeSize="6Gi")  # a status can be written whatever the spec says
    await place.in_force(storeSize="6Gi", logSize="6Gi")
    await place.cluster(**given("5120Mi"), groupReplica=3)  # and a spec that does not speak of it changed


async def test_another_field_or_the_default_may_not_say_less_either(place: Place) -> None:
    await place.cluster(requests={"storeStorage": "8Gi", "logStorage": "2Gi"})
    await place.in_force(storeSize="8Gi", logSize="2Gi")
    for less in ({"storage": {"size": "7Gi"}, "requests": {"logStorage": "2Gi"}}, {"requests": {"logStorage": "2Gi"}}):
        with pytest.raises(Invalid, match=r"status\.storeSize"):
            await place.cluster(**less)
    with pytest.raises(Invalid, match=r"status\.logSize"):
        await place.cluster(requests={"storeStorage": "8Gi", "logStorage": "1Gi"})
    await place.cluster(storage={"size": "8Gi"}, requests={"cpu": "1"})
    await place.cluster(storage={"size": "9Gi", "logSize": "3Gi"}, requests={"cpu": "1"})


async def test_a_claim_grows_only_as_it_was_seen(place: Place) -> None:
    await place.claim("brokerstore-c-0-0", "grows")
    seen = claim_fact(await place.client.get(Ref(PVC, place.namespace, "brokerstore-c-0-0"), ClaimView))
    assert (seen.requested, seen.capacity, seen.storage_class, seen.lost) == ("1Gi", "1Gi", "grows", False)
    assert not (await place.grow("brokerstore-c-0-0", "2Gi", uid="another")).events
    assert [each.reason for each in (await place.grow("brokerstore-c-0-0", "2Gi")).events] == ["VolumeGrows"]
    assert not (await place.grow("brokerstore-c-0-0", "3Gi", resource_version=seen.resource_version)).events
    assert await place.requested("brokerstore-c-0-0") == "2Gi"


async def test_a_class_that_does_not_allow_it_is_told(place: Place) -> None:
    await place.claim("brokerstore-c-0-0", "fixed")
    assert [await look.expandable(place.client, name) for name in ("grows", "fixed", "none")] == [True, False, False]
    outcome = await place.grow("brokerstore-c-0-0", "2Gi")
    assert [problem.reason for problem in outcome.problems] == ["ForbiddenByKubernetes"]
    assert "must support resize" in outcome.problems[0].message


async def test_a_set_is_let_go_as_it_was_seen_and_can_be_made_again(place: Place) -> None:
    cluster = msgspec.convert(
        {"metadata": {"name": "c", "namespace": place.namespace, "uid": "uid-1"}, "spec": {}}, BrokerCluster
    )
    wanted = owned(workload.stateful_set(cluster, 0, "config", True, 2), place.owner)
    await place.done(Create("Created", "created", wanted))
    there = await place.workload()
    fact = object_fact("StatefulSet", there)
    assert {name: each.size for name, each in templates(fact.content()["spec"]).items()} == {
        "brokerlogs": "5Gi",
        "brokerstore": "5Gi",
    }
    go = Orphan("VolumeResized", "made anew", "c-0", fact.uid, "1")
    assert await place.done(go) == []
    assert await place.done(msgspec.structs.replace(go, resource_version=fact.resource_version)) == ["VolumeResized"]
    going = await place.client.get(Ref(STATEFULSET, place.namespace, "c-0"))
    assert going["metadata"]["finalizers"] == ["orphan"] and going["metadata"]["deletionTimestamp"]
    # Nobody takes owner references from pods here, so the finalizer goes by hand; what the API server once said is accepted again.
    await place.client.patch(Ref(STATEFULSET, place.namespace, "c-0"), {"metadata": {"finalizers": None}})
    meta = {"name": "c-0", "labels": wanted["metadata"]["labels"]}
    again = referenced({**wanted, "metadata": meta, "spec": fact.content()["spec"]}, place.owner)
    assert await place.done(Create("Created", "made anew", as_they_are(again, fact))) == ["Created"]
    assert object_fact("StatefulSet", await place.workload()).content()["spec"] == fact.content()["spec"]


async def test_only_a_lost_claim_and_its_pod_go(place: Place) -> None:
    await place.claim("brokerstore-c-0-1", "grows")
    container = {"name": "broker", "image": "nothing"}
    meta = {"name": "c-0-1", "namespace": place.namespace}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    pod = (await place.client.create(POD, body))["metadata"]
    claim = claim_fact(await place.client.get(Ref(PVC, place.namespace, "brokerstore-c-0-1"), ClaimView))
    rebuild = Rebuild("SlaveRebuilt", "rebuilt", "c-0-1", pod["uid"], ((claim.name, claim.uid),))
    assert await place.done(rebuild) == []
    await place.client.patch(Ref(PVC, place.namespace, claim.name), {"status": {"phase": "Lost"}}, subresource="status")
    assert await place.done(msgspec.structs.replace(rebuild, claims=((claim.name, "another"),))) == []
    assert await place.done(rebuild) == ["SlaveRebuilt"]
    with pytest.raises(KubeError):
        await place.client.get(Ref(POD, place.namespace, "c-0-1"))
    going = await place.client.get(Ref(PVC, place.namespace, claim.name))
    assert going["metadata"]["deletionTimestamp"]
