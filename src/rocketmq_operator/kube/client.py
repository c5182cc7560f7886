"""The port on a real API server: typed errors, time-outs, bounded rate and concurrency, every call observable."""

import builtins
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from .connect import http_from_environment
from .encoding import as_json, as_yaml
from .errors import Undecodable
from .limits import Limits
from .pages import list_all
from .port import PatchKind
from .session import Guard, OnRequest, Session
from .types import Json, Ref, Resource

T = TypeVar("T")

FIELD_MANAGER = "rocketmq-operator"
PATCH_TYPES: dict[PatchKind, str] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
APPLY_TYPE = "application/apply-patch+yaml"


class Client:
    """A ``Kube`` over HTTP.

    ``guard`` is called right before each write starts and raises NotLeader when no write may start any more.
    ``on_request(verb, resource, status, seconds)`` is called after each call (status 0: no answer came); of a watch, once
    its answer begins.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        field_manager: str = FIELD_MANAGER,
        limits: Limits | None = None,
        on_request: OnRequest | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manager = field_manager
        self._now = now
        self._session = Session(http, limits=limits or Limits(now=now), now=now)
        self._session.on_request = on_request

    @property
    def guard(self) -> Guard | None:
        """Asked before each write."""
        return self._session.guard

    @guard.setter
    def guard(self, guard: Guard | None) -> None:
        self._session.guard = guard

    @property
    def on_request(self) -> OnRequest | None:
        """Told of each call."""
        return self._session.on_request

    @on_request.setter
    def on_request(self, on_request: OnRequest | None) -> None:
        self._session.on_request = on_request

    @classmethod
    def from_environment(
        cls,
        *,
        field_manager: str = FIELD_MANAGER,
        user_agent: str = FIELD_MANAGER,
        context: str | None = None,
        kubeconfig: str | Path | None = None,
        limits: Limits | None = None,
        on_request: OnRequest | None = None,
    ) -> Self:
        """A client for the pod's service account, or for a kubeconfig; Unconfigured if there is neither."""
        http = http_from_environment(user_agent=user_agent, context=context, kubeconfig=kubeconfig)
        return cls(http, field_manager=field_manager, limits=limits, on_request=on_request)

    def unguarded(self) -> "Client":
        """A client on the same connections with limits of its own and no guard: for the lease itself."""
        return Client(self._session.http, field_manager=self._manager, on_request=self.on_request, now=self._now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.http.aclose()

    async def get(self, ref: Ref, type: builtins.type[Any] = dict) -> Any:  # noqa: A002
        """The object, decoded as ``type``; NotFound if it is not there."""
        return decode(await self._session.call("get", ref.resource, "GET", ref.path), type, str(ref))

    async def create(self, resource: Resource, obj: Json) -> Json:
        path = resource.path(obj["metadata"].get("namespace"))
        parameters = {"fieldManager": self._manager}
        body = await self._write("create", resource, "POST", path, obj, "application/json", parameters)
        return _object(body, path)

    async def apply(self, resource: Resource, obj: Json, *, force: bool = True, subresource: str | None = None) -> Json:
        metadata = obj["metadata"]
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        parameters = {"fieldManager": self._manager, "force": str(force).lower()}
        return _object(await self._write("apply", resource, "PATCH", path, obj, APPLY_TYPE, parameters), path)

    async def patch(
        self,
        ref: Ref,
        body: Json | builtins.list[Json],
        *,
        kind: PatchKind = "merge",
        subresource: str | None = None,
    ) -> Json:
        path = ref.resource.path(ref.namespace, ref.name, subresource)
        parameters = {"fieldManager": self._manager}
        answer = await self._write("patch", ref.resource, "PATCH", path, body, PATCH_TYPES[kind], parameters)
        return _object(answer, path)

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        options: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        conditions = {"uid": uid, "resourceVersion": resource_version}
        if wanted := {key: value for key, value in conditions.items() if value is not None}:
            options["preconditions"] = wanted
        await self._write("delete", ref.resource, "DELETE", ref.path, options, "application/json", {})

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
        parameters = _parameters(
            labelSelector=label_selector,
            fieldSelector=field_selector,
            limit=str(limit) if limit else None,
            **{"continue": continue_token},
        )
        return await self._session.call("list", resource, "GET", resource.path(namespace), params=parameters)

    async def watch(
        self,
        resource: Resource,
        *,
        resource_version: str,
        timeout_seconds: int,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> AsyncGenerator[bytes, None]:
        parameters = _parameters(
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            timeoutSeconds=str(timeout_seconds),
            labelSelector=label_selector,
            fieldSelector=field_selector,
        )
        async with self._session.watch(resource, resource.path(namespace), parameters) as chunks:
            async for chunk in chunks:
                yield chunk

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        type: builtins.type[Any] = dict,  # noqa: A002
    ) -> builtins.list[Any]:
        """All objects, each decoded as ``type``, as they were at one moment."""
        selection = {"namespace": namespace, "label_selector": label_selector, "field_selector": field_selector}

        async def page(limit: int, token: str | None) -> bytes:
            return await self.list_page(resource, limit=limit, continue_token=token, **selection)

        return await list_all(page, type, f"list of {resource.plural}")

    async def proxy_get(self, namespace: str, service: str, port: int | str, path: str) -> bytes:
        target = f"/api/v1/namespaces/{quote(namespace)}/services/{quote(service)}:{port}/proxy/{path.lstrip('/')}"
        return await self._session.call("proxy", _SERVICE_PROXY, "GET", target)

    async def pod_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        path = _POD_LOG.path(namespace, pod, "log")
        wanted = _parameters(tailLines=str(lines), previous="true" if previous else None)
        return (await self._session.call("log", _POD_LOG, "GET", path, params=wanted)).decode(errors="replace")

    async def _write(
        self,
        verb: str,
        resource: Resource,
        method: str,
        path: str,
        body: object,
        content_type: str,
        params: Mapping[str, str],
    ) -> bytes:
        content = as_yaml(body) if content_type == APPLY_TYPE else as_json(body)
        return await self._session.call(
            verb, resource, method, path, params=params, content=content, content_type=content_type
        )


_POD_LOG = Resource("", "v1", "Pod", "pods")
_SERVICE_PROXY = Resource("", "v1", "Service", "services/proxy")


def _parameters(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}


def _object(body: bytes, what: str) -> Json:
    found: Json = decode(body, dict, what)
    return found


def decode(body: bytes, type: builtins.type[T], what: str) -> T:  # noqa: A002
    """``body`` as ``type``; Undecodable if it is not that."""
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.MsgspecError as error:
        raise Undecodable(f"{what}: {error}") from error
