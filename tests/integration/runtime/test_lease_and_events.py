"""Leader election and events on a real API server."""

import asyncio
from random import Random
from typing import Any

import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import NotLeader
from rocketmq_operator.kube.resources import CONFIG_MAP, EVENT, LEASE
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.runtime import Elector, EventRecorder, SystemClock, Terms

from ..apiserver import ApiServer
from .cutter import Cutter
from .patience import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

TERMS = Terms(lease_seconds=4, renew_seconds=2.5, retry_seconds=0.4)


class Candidate:
    """A process that would lead: its own connection through a relay of its own."""

    def __init__(self, client: Client, namespace: str, name: str, leaders: list[str]) -> None:
        self.name, self.leaders = name, leaders
        self.client = client
        self.leads = asyncio.Event()
        self.elector = Elector(
            client.unguarded(),
            namespace=namespace,
            name="operator",
            identity=name,
            clock=SystemClock(),
            random=Random(name),
            terms=TERMS,
        )
        client.guard = self.elector.guard
        self.task = asyncio.create_task(self.elector.run(self._lead))

    async def _lead(self) -> None:
        assert self.leaders == [], "two lead at once"
        self.leaders.append(self.name)
        self.leads.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leaders.remove(self.name)
            self.leads.clear()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_two_electors(api: ApiServer, client: Client, namespace: str) -> None:
    leaders: list[str] = []
    ref = Ref(LEASE, namespace, "operator")
    async with Cutter(api.port) as cutter:
        server = f"https://127.0.0.1:{cutter.port}"
        async with (
            Client.from_environment(kubeconfig=api.kubeconfig(server=server)) as through,
            Client.from_environment(kubeconfig=api.kubeconfig()) as direct,
            asyncio.timeout(90),
        ):
            first = Candidate(through, namespace, "first", leaders)
            await first.leads.wait()
            second = Candidate(direct, namespace, "second", leaders)
            await asyncio.sleep(TERMS.lease_seconds + 1)
            assert leaders == ["first"]
            assert (await client.get(ref))["spec"]["holderIdentity"] == "first"

            await cutter.refuse()
            await second.leads.wait()
            assert leaders == ["second"]
            with pytest.raises(NotLeader):
                await through.apply(CONFIG_MAP, config_map(namespace))
            await direct.apply(CONFIG_MAP, config_map(namespace))
            assert not first.task.done(), "a lost lease means standby"

            await cutter.accept()
            await second.stop()
            await first.leads.wait()
            spec = (await client.get(ref))["spec"]
            assert spec["holderIdentity"] == "first"
            assert spec["leaseTransitions"] == 2
            await first.stop()
            assert "holderIdentity" not in (await client.get(ref))["spec"], "a clean stop frees the lease"


def config_map(namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}}


async def test_events_of_one_kind_become_a_series(client: Client, namespace: str) -> None:
    made = await client.create(CONFIG_MAP, config_map(namespace))
    about = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "namespace": namespace,
        "name": "a",
        "uid": made["metadata"]["uid"],
    }
    recorder = EventRecorder(
        client, controller="rocketmq.huanwei.io/operator", instance="test-1", clock=SystemClock(), random=Random(1)
    )
    run = asyncio.create_task(recorder.run())
    recorder.event(about, "Normal", "Created", "the first")
    for _ in range(5):
        recorder.event(about, "Warning", "Failed", "the same again and again: ü")
    await eventually(lambda: told(client, namespace, 2))
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    by_reason = {each["reason"]: each for each in await client.list(EVENT, namespace=namespace)}
    assert by_reason["Created"]["type"] == "Normal"
    assert by_reason["Failed"]["series"]["count"] == 5
    assert by_reason["Failed"]["regarding"] == about
    assert recorder.dropped == 0


async def told(client: Client, namespace: str, count: int) -> bool:
    return len(await client.list(EVENT, namespace=namespace)) >= count


async def test_a_series_goes_on(client: Client, namespace: str) -> None:
    about = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "name": "a", "uid": "u"}
    recorder = EventRecorder(client, controller="x.y/z", instance="test-1", clock=SystemClock(), random=Random(1))
    run = asyncio.create_task(recorder.run())
    recorder.event(about, "Normal", "Again", "same")
    await eventually(lambda: told(client, namespace, 1))
    recorder.event(about, "Normal", "Again", "same")

    async def counted() -> bool:
        (found,) = await client.list(EVENT, namespace=namespace)
        return bool(found.get("series", {}).get("count") == 2)

    await eventually(counted)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
