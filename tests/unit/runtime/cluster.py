"""An API server in memory, small but strict: versions, preconditions, pages, watches from a version, compaction.

``faults`` is asked before each list page and each watch; what it returns or raises is what goes wrong.
"""

import asyncio
import builtins
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec

from rocketmq_operator.kube.errors import AlreadyExists, Conflict, Gone, NotFound
from rocketmq_operator.kube.types import Json, Ref, Resource

Key = tuple[str, str, str]
Event = tuple[int, str, str, Json]


def line(kind: str, obj: Json) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def status_410() -> Json:
    return {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old"}


class Cluster:
    """``Kube`` in memory. A selector is not looked at: everything of a kind is selected."""

    def __init__(self) -> None:
        self.version = 1
        self.compacted = 0
        self.objects: dict[Key, Json] = {}
        self.log: list[Event] = []
        self.writes: list[tuple[str, str, Json]] = []
        self.before: Callable[[str], None] = lambda verb: None
        self.stream: Callable[[AsyncGenerator[bytes, None]], AsyncGenerator[bytes, None]] = lambda stream: stream
        self._changed = asyncio.Event()

    async def get(self, ref: Ref, type: builtins.type[Any] = dict) -> Any:  # noqa: A002
        self.before("get")
        return msgspec.convert(json.loads(json.dumps(self._there(ref))), type)

    async def create(self, resource: Resource, obj: Json) -> Json:
        self.before("create")
        metadata = obj["metadata"]
        key = (resource.plural, metadata.get("namespace", ""), metadata["name"])
        if key in self.objects:
            raise AlreadyExists(str(key))
        self.writes.append(("create", resource.plural, obj))
        self.version += 1
        stored = obj | {"metadata": metadata | {"uid": f"u{self.version}", "resourceVersion": str(self.version)}}
        self._store(key, "ADDED", stored)
        return stored

    async def patch(self, ref: Ref, body: Any, *, kind: str = "merge", subresource: str | None = None) -> Json:
        self.before("patch")
        there = self._there(ref)
        wanted = body.get("metadata", {})
        self._check(there, wanted.get("uid"), wanted.get("resourceVersion"))
        self.writes.append(("patch", ref.resource.plural, body))
        self.version += 1
        merged = _merge(there, body)
        merged["metadata"] = merged["metadata"] | {"resourceVersion": str(self.version)}
        self._store((ref.resource.plural, ref.namespace or "", ref.name), "MODIFIED", merged)
        return merged

    async def apply(self, resource: Resource, obj: Json, *, force: bool = True, subresource: str | None = None) -> Json:
        metadata = obj["metadata"]
        ref = Ref(resource, metadata.get("namespace"), metadata["name"])
        try:
            return await self.patch(ref, obj)
        except NotFound:
            return await self.create(resource, obj)

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        self.before("delete")
        there = self._there(ref)
        self._check(there, uid, resource_version)
        self.version += 1
        gone = there | {"metadata": there["metadata"] | {"resourceVersion": str(self.version)}}
        self._store((ref.resource.plural, ref.namespace or "", ref.name), "DELETED", gone)

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
        self.before("list")
        version, start = (self.version, 0)
        if continue_token:
            version, start = map(int, continue_token.split("/"))
            if version < self.compacted:
                raise Gone("the continue token has expired")
        items = self._at(version, resource.plural, namespace)
        page = items[start : start + limit] if limit else items
        metadata: Json = {"resourceVersion": str(version)}
        if limit and start + limit < len(items):
            metadata["continue"] = f"{version}/{start + limit}"
        return json.dumps({"metadata": metadata, "items": page or None}).encode()

    async def list(self, resource: Resource, **_: Any) -> Any:
        raise NotImplementedError

    async def pod_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        raise NotImplementedError

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
        return self.stream(self._watch(resource.plural, int(resource_version), timeout_seconds, namespace))

    async def _watch(
        self, plural: str, version: int, seconds: int, namespace: str | None
    ) -> AsyncGenerator[bytes, None]:
        self.before("watch")
        if version < self.compacted:
            yield line("ERROR", status_410())
            return
        ends = asyncio.get_running_loop().time() + seconds
        position = 0
        while True:
            while position < len(self.log):
                number, kind, where, obj = self.log[position]
                position += 1
                if number > version and where == plural and namespace in (None, obj["metadata"].get("namespace")):
                    yield line(kind, obj)
            self._changed.clear()
            try:
                async with asyncio.timeout_at(min(ends, asyncio.get_running_loop().time() + 60)):
                    await self._changed.wait()
            except TimeoutError:
                if asyncio.get_running_loop().time() >= ends:
                    return
                yield line("BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}})

    def compact(self) -> None:
        """Forget the past: older versions are gone."""
        self.compacted = self.version

    def _at(self, version: int, plural: str, namespace: str | None) -> builtins.list[Json]:
        """All objects as they were at a version."""
        found: dict[str, Json] = {}
        for number, kind, where, obj in self.log:
            if number > version or where != plural:
                continue
            key = f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"
            found.pop(key, None)
            if kind != "DELETED" and namespace in (None, obj["metadata"].get("namespace")):
                found[key] = obj
        return [found[key] for key in sorted(found)]

    def _store(self, key: Key, kind: str, obj: Json) -> None:
        if kind == "DELETED":
            del self.objects[key]
        else:
            self.objects[key] = obj
        self.log.append((self.version, kind, key[0], obj))
        self._changed.set()

    def _there(self, ref: Ref) -> Json:
        key = (ref.resource.plural, ref.namespace or "", ref.name)
        if key not in self.objects:
            raise NotFound(str(ref))
        return self.objects[key]

    def _check(self, there: Json, uid: str | None, version: str | None) -> None:
        metadata = there["metadata"]
        if (uid or metadata["uid"]) != metadata["uid"] or (version or metadata["resourceVersion"]) != metadata[
            "resourceVersion"
        ]:
            raise Conflict("the precondition does not hold")


def _merge(there: Json, patch: Json) -> Json:
    """RFC 7396."""
    merged = dict(there)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merge(merged.get(key) if isinstance(merged.get(key), dict) else {}, value)  # type: ignore[arg-type]
        else:
            merged[key] = value
    return merged
