"""What kinds, references and object metadata look like to the rest of the operator.

Objects travel as plain JSON dictionaries when written and are decoded from bytes into small frozen Structs when read; so
nothing here models a whole Kubernetes object.
"""

from typing import Any, Protocol
from urllib.parse import quote

import msgspec

Json = dict[str, Any]


class Resource(msgspec.Struct, frozen=True):
    """A kind as the API server serves it: ``group`` is empty for the core group."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """URL path of the collection (in one namespace, or in all) or of one object, each part escaped."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/" + "/".join(quote(part, safe="") for part in parts)


class Ref(msgspec.Struct, frozen=True):
    """One object by its name; ``namespace`` is None for a cluster-scoped one."""

    resource: Resource
    namespace: str | None
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.resource.kind} {place}{self.name}"

    @property
    def path(self) -> str:
        """URL path of the object."""
        return self.resource.path(self.namespace, self.name)


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who owns an object; with the owner gone, the garbage collector removes it."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    controller: bool = False


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """The part of ``metadata`` that decisions need; the rest (``managedFields`` above all) is never kept."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    finalizers: tuple[str, ...] = ()


class MetaLike(Protocol):
    """What a cached view's metadata must tell: its key and its version."""

    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def resource_version(self) -> str: ...


class Viewed(Protocol):
    """Any view of a Kubernetes object."""

    @property
    def metadata(self) -> MetaLike: ...
