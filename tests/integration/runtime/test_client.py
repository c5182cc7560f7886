"""The adapter against a real API server: each error by its remedy, server-side apply, preconditions, lists in pages."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, NotLeader
from rocketmq_operator.kube.resources import CONFIG_MAP
from rocketmq_operator.kube.types import Meta, Ref

from ..apiserver import NOBODY, ApiServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]


class Small(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, str] = {}


def config_map(namespace: str, name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


async def test_create_get_patch_delete(client: Client, namespace: str) -> None:
    made = await client.create(CONFIG_MAP, config_map(namespace, "a", key="1"))
    ref = Ref(CONFIG_MAP, namespace, "a")
    assert (await client.get(ref, Small)).metadata.uid == made["metadata"]["uid"]
    await client.patch(ref, {"data": {"key": "2"}})
    assert (await client.get(ref))["data"] == {"key": "2"}
    await client.delete(ref)
    with pytest.raises(NotFound):
        await client.get(ref)


async def test_each_refusal_names_its_remedy(client: Client, api: ApiServer, namespace: str) -> None:
    made = await client.create(CONFIG_MAP, config_map(namespace, "a"))
    ref = Ref(CONFIG_MAP, namespace, "a")
    with pytest.raises(AlreadyExists):
        await client.create(CONFIG_MAP, config_map(namespace, "a"))
    with pytest.raises(Conflict):
        await client.delete(ref, uid="00000000-0000-0000-0000-000000000000")
    await client.patch(ref, {"data": {"changed": "yes"}})
    with pytest.raises(Conflict):
        await client.delete(ref, resource_version=made["metadata"]["resourceVersion"])
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"x": "y"}}
    with pytest.raises(Conflict):
        await client.patch(ref, stale)
    with pytest.raises(Invalid, match=r"metadata\.name"):
        await client.create(CONFIG_MAP, config_map(namespace, "Not_A_Name"))
    async with Client.from_environment(kubeconfig=api.kubeconfig(NOBODY)) as nobody:
        with pytest.raises(Forbidden):
            await nobody.get(ref)
    async with Client.from_environment(kubeconfig=api.kubeconfig("unknown-token")) as unknown:
        with pytest.raises(Forbidden):
            await unknown.get(ref)


async def test_apply_owns_its_fields_and_meets_those_of_others(client: Client, api: ApiServer, namespace: str) -> None:
    mine = config_map(namespace, "shared", ours="1")
    await client.apply(CONFIG_MAP, mine)
    async with Client.from_environment(kubeconfig=api.kubeconfig(), field_manager="somebody-else") as other:
        await other.apply(CONFIG_MAP, config_map(namespace, "shared", theirs="1"))
        with pytest.raises(Conflict, match="ours"):
            await other.apply(CONFIG_MAP, config_map(namespace, "shared", ours="2", theirs="1"), force=False)
    ref = Ref(CONFIG_MAP, namespace, "shared")
    assert (await client.get(ref))["data"] == {"ours": "1", "theirs": "1"}
    await client.apply(CONFIG_MAP, config_map(namespace, "shared"))
    assert (await client.get(ref))["data"] == {"theirs": "1"}, "what we no longer apply is removed, theirs stays"


async def test_apply_of_the_same_is_no_change(client: Client, namespace: str) -> None:
    first = await client.apply(CONFIG_MAP, config_map(namespace, "same", key="1"))
    second = await client.apply(CONFIG_MAP, config_map(namespace, "same", key="1"))
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]


async def test_apply_with_the_uid_of_another_object_is_a_conflict(client: Client, namespace: str) -> None:
    await client.apply(CONFIG_MAP, config_map(namespace, "a", key="1"))
    wrong = config_map(namespace, "a", key="2")
    wrong["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(Conflict):
        await client.apply(CONFIG_MAP, wrong)


async def test_a_list_comes_in_pages(client: Client, namespace: str) -> None:
    for number in range(7):
        await client.create(CONFIG_MAP, config_map(namespace, f"page-{number}"))
    first = msgspec.json.decode(await client.list_page(CONFIG_MAP, namespace=namespace, limit=3))
    assert len(first["items"]) == 3
    assert first["metadata"]["continue"]
    names = {each.metadata.name for each in await client.list(CONFIG_MAP, namespace=namespace, type=Small)}
    assert {f"page-{number}" for number in range(7)} <= names


async def test_no_write_starts_once_the_guard_forbids_it(client: Client, namespace: str) -> None:
    def forbid() -> None:
        raise NotLeader("the lease has run out")

    client.guard = forbid
    with pytest.raises(NotLeader):
        await client.create(CONFIG_MAP, config_map(namespace, "late"))
    with pytest.raises(NotFound):
        await client.get(Ref(CONFIG_MAP, namespace, "late"))
    await client.unguarded().create(CONFIG_MAP, config_map(namespace, "late"))
    client.guard = None


async def test_calls_can_be_counted(client: Client, namespace: str) -> None:
    seen: list[tuple[str, str, int]] = []
    client.on_request = lambda verb, resource, status, _: seen.append((verb, resource, status))
    await client.create(CONFIG_MAP, config_map(namespace, "counted"))
    with pytest.raises(NotFound):
        await client.get(Ref(CONFIG_MAP, namespace, "absent"))
    assert seen == [("create", "configmaps", 201), ("get", "configmaps", 404)]


async def test_the_proxy_needs_a_service(client: Client, namespace: str) -> None:
    with pytest.raises(NotFound, match="absent"):
        await client.proxy_get(namespace, "absent", 80, "/status")
