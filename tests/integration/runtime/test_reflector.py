"""The reflector against a real API server that is cut, frozen, restarted and whose history is compacted away."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import Gone, NotFound
from rocketmq_operator.kube.resources import CONFIG_MAP
from rocketmq_operator.kube.types import Meta, Ref, Resource
from rocketmq_operator.runtime import Policy, Reflector, Settings, Store, SystemClock

from ..apiserver import NOBODY, ApiServer
from .cutter import Cutter
from .patience import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

COUNT = 1000
QUICK = Policy(initial=0.02, maximum=0.5)


class View(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, str] = {}


class Watched:
    """A store of one namespace's ConfigMaps, and how often each was told to change."""

    def __init__(self, client: Client, namespace: str, settings: Settings) -> None:
        self.store: Store[View] = Store(indexers={"value": lambda view: [view.data.get("value", "")]})
        self.gone: list[str] = []
        self._changed = asyncio.Event()
        self.store.subscribe(self._note)
        self.reflector = Reflector(
            client,
            CONFIG_MAP,
            View,
            self.store,
            clock=SystemClock(),
            random=Random(1),
            namespace=namespace,
            label_selector="test=ours",
            settings=settings,
        )

    def _note(self, old: View | None, new: View | None) -> None:
        if new is None and old is not None:
            self.gone.append(old.metadata.name)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(90):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def has(self, name: str, value: str) -> None:
        def there() -> bool:
            view = self.store.get(self.namespace, name)
            return view is not None and view.data.get("value") == value

        await self.until(there)

    @property
    def namespace(self) -> str:
        return self.reflector.health.namespace


def config_map(namespace: str, name: str, value: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"test": "ours"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


async def write(client: Client, namespace: str, name: str, value: str) -> None:
    await client.apply(CONFIG_MAP, config_map(namespace, name, value))


@asynccontextmanager
async def watching(
    api: ApiServer, namespace: str, *, watch: int = 100, page: int = 500, token: str | None = None
) -> AsyncIterator[tuple[Watched, Cutter]]:
    settings = Settings(page=page, watch_seconds=(watch, watch), grace_seconds=1.0, backoff=QUICK, forbidden=QUICK)
    async with Cutter(api.port) as cutter:
        server = f"https://127.0.0.1:{cutter.port}"
        kubeconfig = api.kubeconfig(token, server=server) if token else api.kubeconfig(server=server)
        async with Client.from_environment(kubeconfig=kubeconfig) as through:
            watched = Watched(through, namespace, settings)
            run = asyncio.create_task(watched.reflector.run())
            try:
                yield watched, cutter
            finally:
                assert not run.done(), "nothing may end a reflector"
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)


async def same(client: Client, watched: Watched) -> None:
    """The store is like the server, object for object."""
    found = await client.list(CONFIG_MAP, namespace=watched.namespace, label_selector="test=ours", type=View)
    there = {each.metadata.name: each.metadata.resource_version for each in found}
    await watched.until(
        lambda: {each.metadata.name: each.metadata.resource_version for each in watched.store.values()} == there
    )


async def test_a_thousand_objects_through_cuts(client: Client, api: ApiServer, namespace: str) -> None:
    async with watching(api, namespace, page=100) as (watched, cutter):
        await asyncio.gather(*(write(client, namespace, f"c{number}", "0") for number in range(COUNT // 2)))
        for round_ in range(5):
            writes = [write(client, namespace, f"c{number}", str(round_)) for number in range(round_, COUNT, 20)]
            deletes = [f"c{number}" for number in range(round_ + 10, COUNT, 40)]
            burst = asyncio.gather(*writes, *(delete(client, namespace, name) for name in deletes))
            # One that waits before it connects again has nothing to be cut.
            await eventually(cutter.standing)
            cutter.cut()
            await burst
        last = [write(client, namespace, f"c{number}", "last") for number in range(COUNT)]
        await asyncio.gather(*last)
        await eventually(cutter.standing)
        cutter.cut()
        await same(client, watched)
        assert len(watched.store) == COUNT
        assert len(watched.store.by_index("value", "last")) == COUNT
        assert cutter.connections > 5


async def delete(client: Client, namespace: str, name: str) -> None:
    try:
        await client.delete(Ref(CONFIG_MAP, namespace, name))
    except NotFound:
        return


async def test_objects_without_our_label_are_never_seen(client: Client, api: ApiServer, namespace: str) -> None:
    async with watching(api, namespace) as (watched, _):
        other = config_map(namespace, "other", "x")
        del other["metadata"]["labels"]
        await client.create(CONFIG_MAP, other)
        await write(client, namespace, "ours", "1")
        await watched.has("ours", "1")
        assert watched.store.get(namespace, "other") is None
        await client.patch(Ref(CONFIG_MAP, namespace, "ours"), {"metadata": {"labels": {"test": "not-ours"}}})
        await watched.until(lambda: "ours" in watched.gone)


async def test_text_that_looks_like_the_end_of_a_line(client: Client, api: ApiServer, namespace: str) -> None:
    strange = "one\u0085two\u2028three\u2029four\nfive\r\x1c€\x7f\x9b\ufeff\ufffd\U0001f600"
    async with watching(api, namespace) as (watched, _):
        await watched.store.wait_synced()
        await write(client, namespace, "strange", strange)
        await watched.has("strange", strange)
        assert watched.reflector.health.failures == 0


async def test_a_watch_ends_by_itself_after_a_bookmark(client: Client, namespace: str) -> None:
    listed = msgspec.json.decode(await client.list_page(CONFIG_MAP, namespace=namespace))
    version = listed["metadata"]["resourceVersion"]
    watch = client.watch(CONFIG_MAP, namespace=namespace, resource_version=version, timeout_seconds=12)

    async def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in b"".join([chunk async for chunk in watch]).splitlines()]

    async def write_elsewhere() -> None:
        # A server that has seen no event of a kind sends no bookmark for it either.
        for number in range(6):
            await asyncio.sleep(1)
            await write(client, "default", f"elsewhere-{namespace}", str(number))

    async with asyncio.timeout(60):
        events, _ = await asyncio.gather(read(), write_elsewhere())
    bookmarks = [each["object"]["metadata"]["resourceVersion"] for each in events if each["type"] == "BOOKMARK"]
    assert int(bookmarks[-1]) > int(version), "it moves on though nothing of ours has changed"


async def test_a_peer_that_falls_silent(client: Client, api: ApiServer, namespace: str) -> None:
    async with watching(api, namespace, watch=2) as (watched, cutter):
        await write(client, namespace, "a", "1")
        await watched.has("a", "1")
        cutter.freeze()
        await write(client, namespace, "a", "2")
        before = cutter.connections

        async def reconnected() -> bool:
            return cutter.connections > before

        await eventually(reconnected)
        cutter.thaw()
        await watched.has("a", "2")


async def test_what_was_deleted_while_its_history_was_compacted(client: Client, api: ApiServer, namespace: str) -> None:
    async with watching(api, namespace) as (watched, cutter):
        for name in ("stays", "goes", "changes"):
            await write(client, namespace, name, "1")
            await watched.has(name, "1")
        await cutter.refuse()
        await delete(client, namespace, "goes")
        await write(client, namespace, "changes", "2")
        await write(client, namespace, "comes", "1")
        # Only a server that begins anew has no memory of its own of what etcd has forgotten.
        api.compact()
        await restart(api)
        await cutter.accept()
        await watched.has("comes", "1")
        await watched.has("changes", "2")
        assert watched.gone == ["goes"]
        await same(client, watched)


async def test_a_server_that_restarts(client: Client, api: ApiServer, namespace: str) -> None:
    async with watching(api, namespace) as (watched, _):
        await write(client, namespace, "a", "1")
        await watched.has("a", "1")
        await restart(api)
        await write(client, namespace, "a", "2")
        await watched.has("a", "2")
        assert watched.gone == []


async def restart(api: ApiServer) -> None:
    api.stop_api()
    api.launch_api()
    await asyncio.to_thread(api.wait_for_api)


async def test_a_list_whose_token_is_compacted_away(client: Client, api: ApiServer, namespace: str) -> None:
    await asyncio.gather(*(write(client, namespace, f"p{number}", "1") for number in range(9)))
    first = msgspec.json.decode(await client.list_page(CONFIG_MAP, namespace=namespace, limit=3))
    await write(client, namespace, "p0", "2")
    api.compact()
    await restart(api)
    with pytest.raises(Gone):
        await client.list_page(CONFIG_MAP, namespace=namespace, limit=3, continue_token=first["metadata"]["continue"])


async def test_one_who_may_not_read_waits_until_allowed(client: Client, api: ApiServer, namespace: str) -> None:
    await write(client, namespace, "a", "1")
    async with watching(api, namespace, token=NOBODY) as (watched, _):

        async def refused() -> bool:
            return watched.reflector.health.failures >= 2

        await eventually(refused)
        assert "forbidden" in watched.reflector.health.problem
        await allow(client, namespace)
        await watched.has("a", "1")


async def allow(client: Client, namespace: str) -> None:
    group = "rbac.authorization.k8s.io"
    role = Resource(group, "v1", "Role", "roles")
    binding = Resource(group, "v1", "RoleBinding", "rolebindings")
    metadata = {"name": "reader", "namespace": namespace}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}]
    await client.create(role, {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules})
    reference = {"apiGroup": group, "kind": "Role", "name": "reader"}
    subjects = [{"apiGroup": group, "kind": "User", "name": "nobody"}]
    body = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": reference}
    await client.create(binding, body | {"subjects": subjects})
