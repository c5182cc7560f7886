"""Simulated volumes grow as Kubernetes lets them, and a set that is orphaned leaves its pods to the next of its name."""

import asyncio
from typing import Any

import pytest

from rocketmq_operator.kube.errors import Invalid
from rocketmq_operator.kube.resources import PVC, STATEFULSET
from rocketmq_operator.reconcile.resources import CLUSTERS

from . import calm
from .driver.events_growth import small, wanted
from .driver.history import History
from .test_world_workloads import SET, pod

CLAIM = ("ns", "brokerstore-c-0-0")


def ask(history: History, size: str) -> None:
    body = {"spec": {"resources": {"requests": {"storage": size}}}}
    history.world.api.patch(PVC, CLAIM, body, "merge", None, "kubectl")


def capacity(history: History) -> Any:
    return history.world.api.stored("persistentvolumeclaims", CLAIM).obj["status"]["capacity"]["storage"]


def test_a_claim_grows_a_while_after_it_was_asked_and_never_shrinks() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        ask(history, "8Gi")
        assert capacity(history) == "5Gi"
        await asyncio.sleep(150)
        assert capacity(history) == "8Gi"
        with pytest.raises(Invalid, match="less than status"):
            ask(history, "6Gi")

    calm.run(test)


def test_what_the_storage_could_not_give_may_be_taken_back() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        history.world.expansion.trouble = 1.0
        ask(history, "80Gi")
        await asyncio.sleep(30)
        status = history.world.api.stored("persistentvolumeclaims", CLAIM).obj["status"]
        assert status["allocatedResourceStatuses"]["storage"] == "ControllerResizeInfeasible"
        ask(history, "6Gi")
        history.world.expansion.trouble = 0.0
        await asyncio.sleep(300)
        assert capacity(history) == "6Gi"

    calm.run(test)


def test_an_orphaned_set_goes_late_and_its_pods_belong_to_the_next() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        before = {name: pod(history, name)["metadata"]["uid"] for name in ("c-0-0", "c-0-1")}
        spec = history.world.api.stored("statefulsets", SET).obj["spec"]
        metadata = {"namespace": "ns", "name": "c-0", "labels": {}}
        history.world.api.delete(STATEFULSET, SET, propagation="Orphan")
        assert history.world.api.find("statefulsets", SET)
        await asyncio.sleep(5)
        assert not history.world.api.find("statefulsets", SET)
        assert not any("ownerReferences" in pod(history, name)["metadata"] for name in before)
        history.world.api.create(STATEFULSET, {"kind": "StatefulSet", "metadata": metadata, "spec": spec}, "kubectl")
        await asyncio.sleep(5)
        uid = history.world.api.stored("statefulsets", SET).obj["metadata"]["uid"]
        assert {name: pod(history, name)["metadata"]["uid"] for name in before} == before
        assert {pod(history, name)["metadata"]["ownerReferences"][0]["uid"] for name in before} == {uid}

    calm.run(test)


def test_a_size_may_stand_in_any_of_three_places() -> None:
    assert wanted({}, "brokerstore") == wanted({"requests": {"memory": "1Gi"}}, "brokerlogs") == "5Gi"
    assert wanted({"requests": {"storeStorage": "7Gi"}, "storage": {"logSize": "1Gi"}}, "brokerstore") == "7Gi"
    seeds = {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "9Gi"}}}}}
    assert (wanted(seeds, "brokerstore"), wanted(seeds, "brokerlogs")) == ("9Gi", "")


def test_the_operator_makes_volumes_bigger() -> None:
    async def test(history: History) -> None:
        history.world.api.patch(CLUSTERS, ("ns", "c"), {"spec": {"storage": {"size": "9Gi"}}}, "merge", None, "kubectl")
        assert [*small(history.world)]
        await asyncio.sleep(300)
        assert capacity(history) == "9Gi" and not [*small(history.world)]

    calm.run(test)
