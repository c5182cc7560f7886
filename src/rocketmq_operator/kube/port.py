"""The narrow port to Kubernetes: everything above it works as well on a simulated API server."""

import builtins
from collections.abc import AsyncGenerator
from typing import Literal, Protocol, TypeVar, overload

from .types import Json, Ref, Resource

T = TypeVar("T")

PatchKind = Literal["merge", "strategic", "json"]


class Kube(Protocol):
    """Calls to one API server. Each raises a ``KubeError`` of the class that names the remedy."""

    @overload
    async def get(self, ref: Ref) -> Json: ...
    @overload
    async def get(self, ref: Ref, type: type[T]) -> T: ...

    async def create(self, resource: Resource, obj: Json) -> Json:
        """Create ``obj`` (its metadata says where) and return it as stored; AlreadyExists if the name is taken."""
        ...

    async def apply(self, resource: Resource, obj: Json, *, force: bool = True, subresource: str | None = None) -> Json:
        """Server-side apply under our field manager; a ``uid`` or ``resourceVersion`` in its metadata is a precondition.

        Without ``force``, a field that another manager owns is a Conflict.
        """
        ...

    async def patch(
        self,
        ref: Ref,
        body: Json | builtins.list[Json],
        *,
        kind: PatchKind = "merge",
        subresource: str | None = None,
    ) -> Json:
        """Patch an object; a ``metadata.uid`` or ``metadata.resourceVersion`` in a merge body is a precondition."""
        ...

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        """Ask for an object's deletion, on the preconditions given (Conflict if they do not hold)."""
        ...

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
        """One page of a consistent list, undecoded; Gone if the continue token has expired. ``limit`` 0: all at once."""
        ...

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
        """Changes after ``resource_version``, with bookmarks, in chunks of bytes as they come, until the server ends it.

        Nothing is promised about where chunks begin or end. The caller closes the generator.
        """
        ...

    async def proxy_get(self, namespace: str, service: str, port: int | str, path: str) -> bytes:
        """GET from a Service through the API server's proxy; the answer's body."""
        ...

    async def pod_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        """The last lines of a pod's only container, or of its life before."""
        ...

    @overload
    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> builtins.list[Json]: ...
    @overload
    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        type: type[T],
    ) -> builtins.list[T]: ...
