"""One process's way to the API server: the ``Kube`` port with everything that goes wrong on a network."""

import asyncio
import builtins
from collections.abc import AsyncGenerator, Callable
from random import Random
from typing import Any, TypeVar

import msgspec

from rocketmq_operator.kube.errors import Conflict, Retry
from rocketmq_operator.kube.pages import list_all
from rocketmq_operator.kube.port import PatchKind
from rocketmq_operator.kube.types import Json, Ref, Resource

from .api import Api
from .stored import Key
from .watch import Watching
from .weather import API_FAULTS, Weather

T = TypeVar("T")
TIMEOUT = 30.0
"""After this many seconds without an answer the client gives up (kube/session.py)."""


class Link:
    """A ``Kube``. ``guard`` is asked right before each write, as by the real client; ``step`` is called before and after
    each call that reaches the server, and raises where the process dies there."""

    def __init__(
        self, api: Api, weather: Weather, random: Random, manager: str, step: Callable[[str], None] = lambda what: None
    ) -> None:
        self.api = api
        self.guard: Callable[[], None] | None = None
        self.calls = 0
        self.writes = 0
        self.on_write: Callable[[str, str, Key, Any], None] = lambda verb, plural, key, body: None
        self._weather = weather
        self._random = random
        self._manager = manager
        self._step = step

    async def get(self, ref: Ref, type: builtins.type[Any] = dict) -> Any:  # noqa: A002
        raw = await self._read("get", ref.resource, lambda: self.api.stored(ref.resource.plural, _key(ref)).raw)
        return msgspec.json.decode(raw, type=type)

    async def create(self, resource: Resource, obj: Json) -> Json:
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        return await self._write("create", resource, key, obj, lambda: self.api.create(resource, obj, self._manager))

    async def apply(self, resource: Resource, obj: Json, *, force: bool = True, subresource: str | None = None) -> Json:
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
            "delete", ref.resource, key, {"uid": uid, "propagation": propagation},
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

    async def _read(self, verb: str, resource: Resource, do: Callable[[], bytes]) -> bytes:
        what = f"{verb} {resource.plural}"
        self._step(what)
        self.calls += 1
        self.api.kernel.count(f"call/{verb}")
        fault = self._weather.draw("api", API_FAULTS) if self._weather.chance else None
        if fault is None:
            await self._travel()
            return do()
        if fault in ("slow", "conflict", "lost-answer"):
            await asyncio.sleep(self._random.uniform(1, 20))
            return do()
        await self._fail(fault, what)
        return do()

    async def _write(self, verb: str, resource: Resource, key: Key, body: Any, do: Callable[[], Any]) -> Json:
        if self.guard is not None:
            self.guard()
        what = f"{verb} {resource.plural} {key[1]}"
        self._step(what)
        self.calls += 1
        self.api.kernel.count(f"call/{verb}")
        fault = self._weather.draw("api", API_FAULTS) if self._weather.chance else None
        if fault is None:
            await self._travel()
        elif fault == "slow":
            await asyncio.sleep(self._random.uniform(1, 20))
        elif fault == "conflict":
            raise Conflict(f"{what}: please apply your changes to the latest version", status=409, reason="Conflict")
        elif fault != "lost-answer":
            await self._fail(fault, what)
        self.writes += 1
        self.on_write(verb, resource.plural, key, body)
        stored = do()
        self._step(f"after {what}")
        if fault == "lost-answer":
            await asyncio.sleep(self._random.choice((0.1, TIMEOUT)))
            raise Retry(f"{what}: no answer: ReadTimeout")
        return stored.copy() if stored is not None else {}

    async def _fail(self, fault: str, what: str) -> None:
        if fault == "hung":
            await asyncio.sleep(TIMEOUT)
        if fault in ("hung", "lost-request"):
            raise Retry(f"{what}: no answer: ConnectError")
        if fault == "throttled":
            wish = self._random.choice((1.0, 5.0, None))
            raise Retry(f"{what}: too many requests", status=429, reason="TooManyRequests", retry_after=wish)
        raise Retry(f"{what}: Internal error occurred", status=500, reason="InternalError")

    async def _travel(self) -> None:
        """Most calls take a moment; some of them long enough for the world to change meanwhile."""
        draw = self._random.random()
        if draw < 0.05 and not self._weather.quiet:
            await asyncio.sleep(draw * 20)
        elif draw < 0.5:
            await asyncio.sleep(draw * 0.02)


def _key(ref: Ref) -> Key:
    return ref.namespace or "", ref.name
