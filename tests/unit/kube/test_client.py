"""What the adapter sends, on real sockets; what it makes of silence."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import NotLeader, Retry, Undecodable
from rocketmq_operator.kube.limits import Limits
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONFIG_MAP, NODE, STATEFULSET
from rocketmq_operator.kube.types import Meta, Ref
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

from ..runtime.fake_api import FakeApi, Reply, answer, failure, page, serving, thing

REF = Ref(STATEFULSET, "ns", "a")


class View(msgspec.Struct, frozen=True):
    metadata: Meta


@asynccontextmanager
async def talking(*script: Reply, **options: Any) -> AsyncIterator[tuple[Client, FakeApi]]:
    async with serving(*script) as server:
        http = httpx2.AsyncClient(base_url=server.url, trust_env=False)
        async with Client(http, **options) as client:
            yield client, server


async def test_every_call_as_it_is_sent() -> None:
    obj = {"metadata": {"name": "a", "namespace": "ns"}}
    async with talking(*[answer({})] * 9) as (client, server):
        port: Kube = client
        await port.get(REF)
        await port.create(STATEFULSET, obj)
        await port.apply(STATEFULSET, obj, subresource="status")
        await port.patch(REF, {"a": 1}, kind="strategic")
        await port.delete(REF, uid="u", resource_version="7", propagation="Foreground")
        await port.get(Ref(NODE, None, "n1"))
        await port.proxy_get("ns", "svc", 8080, "/figures?all=1")
        await port.apply(STATEFULSET, obj, dry_run=True)
        await port.patch(REF, {"a": 1}, dry_run=True)
    base = "/apis/apps/v1/namespaces/ns/statefulsets"
    sent = [(each.method, each.path, each.query) for each in server.requests]
    manager = {"fieldManager": "rocketmq-operator"}
    assert sent == [
        ("GET", f"{base}/a", {}),
        ("POST", base, manager),
        ("PATCH", f"{base}/a/status", manager | {"force": "true"}),
        ("PATCH", f"{base}/a", manager),
        ("DELETE", f"{base}/a", {}),
        ("GET", "/api/v1/nodes/n1", {}),
        ("GET", "/api/v1/namespaces/ns/services/svc:8080/proxy/figures", {"all": "1"}),
        ("PATCH", f"{base}/a", manager | {"force": "true", "dryRun": "All"}),
        ("PATCH", f"{base}/a", manager | {"dryRun": "All"}),
    ]
    types = [each.headers.get("content-type") for each in server.requests]
    assert types[1:4] == [
        "application/json",
        "application/apply-patch+yaml",
        "application/strategic-merge-patch+json",
    ]
    options = json.loads(server.requests[4].body)
    assert options["preconditions"] == {"uid": "u", "resourceVersion": "7"}
    assert options["propagationPolicy"] == "Foreground"


async def test_names_cannot_leave_their_place() -> None:
    async with talking(answer({})) as (client, server):
        await client.get(Ref(CONFIG_MAP, "ns", "../../secrets/x"))
    assert server.requests[0].path == "/api/v1/namespaces/ns/configmaps/..%2F..%2Fsecrets%2Fx"


async def test_a_list_is_all_pages() -> None:
    pages = (page(1, thing("a", 1), thing("b", 1), token="t1"), page(1, token="t2"), page(1, thing("c", 1)))
    async with talking(*pages) as (client, server):
        found = await client.list(CONFIG_MAP, label_selector="x=y", type=View)
    assert [each.metadata.name for each in found] == ["a", "b", "c"]
    assert [each.query.get("continue") for each in server.requests] == [None, "t1", "t2"]
    assert {each.query["labelSelector"] for each in server.requests} == {"x=y"}


async def test_a_list_that_expires_on_the_way_is_one_moment_s_nevertheless() -> None:
    pages = (page(1, thing("old", 1), token="t"), answer(failure(410, "Expired"), 410), page(9, thing("new", 8)))
    async with talking(*pages) as (client, server):
        found = await client.list(CONFIG_MAP, type=View)
    assert [each.metadata.name for each in found] == ["new"]
    assert "limit" not in server.requests[2].query


async def test_no_write_starts_when_the_guard_says_no_but_reads_do() -> None:
    def guard() -> None:
        raise NotLeader("late")

    async with talking(answer({}), answer({})) as (client, server):
        client.guard = guard
        obj = {"metadata": {"name": "a", "namespace": "ns"}}
        for write in (
            client.create(CONFIG_MAP, obj),
            client.apply(CONFIG_MAP, obj),
            client.patch(REF, {}),
            client.delete(REF),
        ):
            with pytest.raises(NotLeader):
                await write
        assert server.requests == []
        await client.get(REF)
        await client.unguarded().patch(REF, {})
        assert [each.method for each in server.requests] == ["GET", "PATCH"]


async def test_silence_breaks_and_refusals_are_worth_another_try() -> None:
    async def abort(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    seen: list[tuple[str, int]] = []
    async with talking(abort) as (client, server):
        client.on_request = lambda verb, resource, status, seconds: seen.append((verb, status))
        with pytest.raises(Retry):
            await client.get(REF)
        await server.stop()
        with pytest.raises(Retry):
            await client.get(REF)
        await server.start()
    assert seen == [("get", 0), ("get", 0)]


async def test_an_answer_that_is_not_what_was_asked_for() -> None:
    async with talking(answer(b"<html>"), answer({"metadata": {"name": 7}})) as (client, _):
        with pytest.raises(Undecodable):
            await client.get(REF)
        with pytest.raises(Undecodable, match="StatefulSet ns/a"):
            await client.get(REF, View)


def test_calls_beyond_the_burst_are_spread() -> None:
    async def scenario() -> list[float]:
        clock = VirtualClock()
        limits = Limits(rate=10.0, burst=5, in_flight=100, now=clock.now, sleep=clock.sleep)
        started: list[float] = []

        async def call() -> None:
            async with limits.slot():
                started.append(round(clock.now(), 3))

        await asyncio.gather(*(call() for _ in range(8)))
        await clock.sleep(100)
        await asyncio.gather(*(call() for _ in range(5)))
        return started

    assert run_virtual(scenario()) == [0.0] * 5 + [0.1, 0.2, 0.3] + [100.3] * 5


def test_no_more_calls_in_flight_than_allowed() -> None:
    async def scenario() -> int:
        clock = VirtualClock()
        limits = Limits(rate=1e9, burst=1000, in_flight=3, now=clock.now, sleep=clock.sleep)
        busy, most = 0, 0

        async def call() -> None:
            nonlocal busy, most
            async with limits.slot():
                busy += 1
                most = max(most, busy)
                await clock.sleep(1)
                busy -= 1

        await asyncio.gather(*(call() for _ in range(10)))
        return most

    assert run_virtual(scenario()) == 3
