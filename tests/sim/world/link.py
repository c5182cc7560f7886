"""One process's way to the API server: the ``Kube`` port with everything that goes wrong on a network."""

import builtins
from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from rocketmq_operator.kube.pages import list_all
from rocketmq_operator.kube.port import PatchKind
from rocketmq_operator.kube.types import Json, Ref, Resource

from .stored import Key
from .watch import Watching
from .way import Way


class Link(Way):
    """A ``Kube``."""

    async def get(self, ref: Ref, type: builtins.type[Any] = dict) -> Any:  # noqa: A002
        raw = await self._read("get", ref.resource, lambda: self.api.stored(ref.resource.plural, _key(ref)).raw)
        return msgspec.json.decode(raw, type=type)

    async def create(self, resource: Resource, obj: Json) -> Json:
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        return await self._write("create", resource, key, obj, lambda: self.api.create(resource, obj, self._manager))

    async def apply(
        self,
        resource: Resource,
        obj: Json,
        *,
        force: bool = True,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Json:
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        verb = f"apply/{subresource}" if subresource else "apply"
        return await self._write(
            verb, resource, key, obj, lambda: self.api.apply(resource, obj, self._manager, force, subresource)
        )

    async def patch(
        self,
        ref: Ref,
        body: Json | builtins.list[Json],
        *,
        kind: PatchKind = "merge",
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Json:
        verb = f"patch/{subresource}" if subresource else "patch"
        key = _key(ref)
        return await self._write(
            verb, ref.resource, key, body,
            lambda: self.api.patch(ref.resource, key, body, kind, subresource, self._manager),
        )  # fmt: skip

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        key = _key(ref)
        await self._write(
            "delete", ref.resource, key, {"uid": uid, "resourceVersion": resource_version, "propagation": propagation},
            lambda: self.api.delete(ref.resource, key, uid, resource_version, propagation),
        )  # fmt: skip

    async def list_page(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        continue_token: str | None = None,
    ) -> bytes:
        # Small pages, so that lists have several; nobody notices but the token.
        shown = min(limit, self._random.choice((3, 500))) if limit else 0
        return await self._read(
            "list", resource,
            lambda: self.api.list_page(resource, namespace, label_selector, field_selector, shown, continue_token),
        )  # fmt: skip

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        type: builtins.type[Any] = dict,  # noqa: A002
    ) -> builtins.list[Any]:
        async def page(limit: int, token: str | None) -> bytes:
            return await self.list_page(
                resource, namespace=namespace, label_selector=label_selector, field_selector=field_selector,
                limit=limit, continue_token=token,
            )  # fmt: skip

        return await list_all(page, type, f"list of {resource.plural}")

    async def pod_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        return ""

    async def proxy_get(self, namespace: str, service: str, port: int | str, path: str) -> bytes:
        raise NotImplementedError

    def watch(
        self,
        resource: Resource,
        *,
        resource_version: str,
        timeout_seconds: int,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> AsyncGenerator[bytes, None]:
        self._step(f"watch {resource.plural}")
        self.calls += 1
        watching = Watching(self.api, self._weather, self._random, resource.plural, namespace, label_selector)
        return watching.stream(int(resource_version), timeout_seconds)


def _key(ref: Ref) -> Key:
    return ref.namespace or "", ref.name
