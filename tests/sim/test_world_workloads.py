"""Simulated controllers and kubelets keep to Kubernetes' own rules."""

import asyncio
from typing import Any

from rocketmq_operator.kube.resources import POD, STATEFULSET
from rocketmq_operator.reconcile.resources import CLUSTERS

from . import calm
from .driver import events_users as users
from .driver.history import History
from .world.budgets import evict
from .world.containers import NOWHERE
from .world.readiness import revision_of
from .world.revisions import name_of

SET = ("ns", "c-0")


def pod(history: History, name: str) -> Any:
    return history.world.api.stored("pods", ("ns", name)).obj


def edit(history: History, spec: dict[str, Any]) -> None:
    history.world.api.patch(STATEFULSET, SET, {"spec": spec}, "merge", None, "kubectl")


def test_a_pod_below_the_partition_comes_back_as_it_was() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        before = revision_of(pod(history, "c-0-1"))
        template = {"template": {"metadata": {"annotations": {"new": "yes"}}}}
        edit(history, template)
        history.world.api.delete(POD, ("ns", "c-0-1"))
        await asyncio.sleep(60)
        assert revision_of(pod(history, "c-0-1")) == before
        edit(history, {"updateStrategy": {"rollingUpdate": {"partition": 1}}})
        await asyncio.sleep(60)
        assert revision_of(pod(history, "c-0-1")) != before
        assert revision_of(pod(history, "c-0-0")) == before

    calm.run(test)


def test_what_all_pods_run_is_current_whatever_is_held_back_then() -> None:
    async def test(history: History) -> None:
        before = revision_of(pod(history, "c-0-0"))
        users.edit(history, CLUSTERS, "c", {"brokerImage": "rocketmq:5.5.0"})
        await asyncio.sleep(300)
        history.operators[0].kill()
        now = {revision_of(pod(history, name)) for name in ("c-0-0", "c-0-1")}
        strategy = history.world.api.stored("statefulsets", SET).obj["spec"]["updateStrategy"]
        assert len(now - {before}) == 1 and strategy["rollingUpdate"]["partition"] == 1000
        history.world.api.delete(POD, ("ns", "c-0-1"))
        await asyncio.sleep(60)
        assert {revision_of(pod(history, "c-0-1"))} == now

    calm.run(test)


def test_another_spelling_of_a_quantity_is_no_other_template() -> None:
    def template(memory: str) -> dict[str, Any]:
        return {"spec": {"containers": [{"name": "broker", "resources": {"limits": {"memory": memory}}}]}}

    assert name_of("c-0", template("2Gi")) == name_of("c-0", template("2048Mi")) != name_of("c-0", template("3Gi"))


def test_an_image_that_nobody_has_never_starts() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        image = {
            "containers": [{**pod(history, "c-0-1")["spec"]["containers"][0], "image": f"{NOWHERE}/rocketmq:5.4.0"}]
        }
        edit(history, {"template": {"spec": image}, "updateStrategy": {"rollingUpdate": {"partition": 0}}})
        await asyncio.sleep(120)
        state = pod(history, "c-0-1")["status"]["containerStatuses"][0]["state"]
        assert state["waiting"]["reason"] == "ErrImagePull"
        assert calm.broker(history, "c-0-0").listening, "the controller waits for the pod that does not become ready"

    calm.run(test)


def test_scaling_down_takes_the_highest_and_keeps_its_claim() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        edit(history, {"replicas": 1})
        await asyncio.sleep(30)
        assert ("ns", "c-0-0") in history.world.api.all("pods")
        assert ("ns", "c-0-1") not in history.world.api.all("pods")
        assert ("ns", "brokerstore-c-0-1") in history.world.api.all("persistentvolumeclaims")
        edit(history, {"replicas": 2})
        await asyncio.sleep(30)
        assert calm.broker(history, "c-0-1").store.records == calm.broker(history, "c-0-0").store.records

    calm.run(test)


def test_a_deleted_set_leaves_claims_by_its_policy() -> None:
    async def deleted(history: History) -> None:
        history.operators[0].kill()
        history.world.api.delete(STATEFULSET, SET)
        await asyncio.sleep(30)

    async def kept(history: History) -> None:
        await deleted(history)
        assert len(history.world.api.all("persistentvolumeclaims")) == 4

    async def gone(history: History) -> None:
        await deleted(history)
        assert not history.world.api.all("persistentvolumeclaims")
        assert all(each.gone for each in history.world.volumes.all.values())

    calm.run(kept)
    calm.run(gone, storage={"volumePolicy": "Delete"})


def test_a_replaced_pod_has_another_address_and_a_restarted_one_another_container() -> None:
    async def test(history: History) -> None:
        first = pod(history, "c-0-0")["status"]
        history.world.kubelets.restart(history.world.kubelets.pods["ns", "c-0-0"])
        await asyncio.sleep(20)
        second = pod(history, "c-0-0")["status"]
        assert second["podIP"] == first["podIP"]
        assert second["containerStatuses"][0]["containerID"] != first["containerStatuses"][0]["containerID"]
        history.world.api.delete(POD, ("ns", "c-0-0"))
        await asyncio.sleep(40)
        assert pod(history, "c-0-0")["status"]["podIP"] != first["podIP"]

    calm.run(test)


def test_members_of_a_group_never_share_a_node() -> None:
    async def test(history: History) -> None:
        nodes = {pod(history, f"c-0-{member}")["spec"]["nodeName"] for member in range(3)}
        assert len(nodes) == 3

    calm.run(test, membersPerGroup=3)


def test_a_broken_pod_never_blocks_an_eviction_and_a_second_budget_does() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        history.world.kubelets.pods["ns", "c-0-1"].process.listening = False
        history.world.kubelets.probe(history.world.kubelets.pods["ns", "c-0-1"])
        await asyncio.sleep(5)
        assert evict(history.world.api, ("ns", "c-0-1")) == "evicted"
        budget = history.world.api.stored("poddisruptionbudgets", ("ns", "c-broker-masters")).copy()
        budget["metadata"]["name"] = "another"
        history.world.api.insert("poddisruptionbudgets", budget)
        assert "more than one" in evict(history.world.api, ("ns", "c-0-0"))

    calm.run(test)
