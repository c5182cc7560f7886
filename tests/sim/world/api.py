"""The API server's verbs on its memory, synchronous and without faults; ``link.py`` makes a network of it."""

from typing import Any

import msgspec

from rocketmq_operator.kube.errors import AlreadyExists, Conflict, Gone, Invalid, NotFound
from rocketmq_operator.kube.types import Resource

from . import apply, patches, selectors
from .admission import SCALE, admit
from .database import Database, check
from .kernel import Kernel
from .stored import Json, Key, Stored

NEVER_APPLIED = {"pods", "leases", "events", "nodes"}
"""Kinds that nobody applies: who owns their fields is never asked."""


class Api(Database):
    """Create, apply, patch, delete, list. ``manager`` is the field manager of whoever asks."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self._pages: dict[str, tuple[int, list[bytes]]] = {}

    def create(self, resource: Resource, obj: Json, manager: str) -> Stored:
        """POST."""
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        if key in self.all(resource.plural):
            raise AlreadyExists(f'{resource.plural} "{key[1]}" already exists', status=409, reason="AlreadyExists")
        # Encoded and decoded, so that nothing of the caller's is shared.
        fresh: Json = msgspec.json.decode(msgspec.json.encode(obj))
        return self.insert(resource.plural, admit(resource.plural, None, fresh, None), (manager, "Update", ""))

    def apply(self, resource: Resource, obj: Json, manager: str, force: bool, subresource: str | None) -> Stored:
        """PATCH with server-side apply."""
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        there = self.all(resource.plural).get(key)
        who = (manager, "Apply", subresource or "")
        fresh: Json = msgspec.json.decode(msgspec.json.encode(obj))
        uid, version = fresh["metadata"].pop("uid", None), fresh["metadata"].pop("resourceVersion", None)
        if there is None:
            if subresource:
                raise NotFound(f'{resource.plural} "{key[1]}" not found', status=404, reason="NotFound")
            if uid or version:
                raise Conflict("uid mismatch: no existing object was found", status=409, reason="Conflict")
            return self.insert(resource.plural, admit(resource.plural, None, fresh, None), who)
        check(there, uid, version)
        if subresource == "status":
            if there.status_by in (None, who):
                there.status_by = who
                return self.replace(resource.plural, key, {**there.obj, "status": fresh.get("status", {})})
            fresh = {"metadata": {}, "status": fresh.get("status", {})}
        new, managers = apply.applied(there, fresh, who, force)
        return self.replace(resource.plural, key, admit(resource.plural, there.obj, new, subresource), managers)

    def patch(
        self, resource: Resource, key: Key, body: Any, kind: str, subresource: str | None, manager: str
    ) -> Stored:
        """PATCH of the other three kinds."""
        there = self.stored(resource.plural, key)
        if isinstance(body, dict):
            body = msgspec.json.decode(msgspec.json.encode(body))
            wanted = body.get("metadata", {})
            check(there, wanted.pop("uid", None), wanted.pop("resourceVersion", None))
        if subresource == "scale":
            body, subresource = {"spec": {SCALE[resource.plural]: body["spec"]["replicas"]}}, None
        try:
            new = patches.patched(there.copy(), body, kind)
        except (KeyError, IndexError, ValueError) as error:
            raise Invalid(f"the patch does not fit: {error}", status=422, reason="Invalid") from error
        new = admit(resource.plural, there.obj, new, subresource)
        contested = resource.plural not in NEVER_APPLIED
        managers = apply.updated(there, new, (manager, "Update", subresource or "")) if contested else None
        return self.replace(resource.plural, key, new, managers)

    def delete(
        self,
        resource: Resource,
        key: Key,
        uid: str | None = None,
        version: str | None = None,
        propagation: str = "Background",
    ) -> None:
        """DELETE: at once, or marked while finalizers (of a pod: its kubelet) hold it."""
        there = self.stored(resource.plural, key)
        check(there, uid, version)
        metadata = dict(there.obj["metadata"])
        finalizers = list(metadata.get("finalizers", ()))
        if propagation == "Foreground" and self.dependents.get(metadata["uid"]):
            finalizers.append("foregroundDeletion")
        if propagation == "Orphan":
            finalizers.append("orphan")
        bound = resource.plural == "pods" and there.obj["spec"].get("nodeName")
        if not finalizers and not bound:
            self.remove(resource.plural, key)
        elif not metadata.get("deletionTimestamp"):
            metadata["deletionTimestamp"] = self.kernel.stamp()
            if finalizers:
                metadata["finalizers"] = finalizers
            self.replace(resource.plural, key, {**there.obj, "metadata": metadata})

    def list_page(
        self,
        resource: Resource,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        token: str | None = None,
    ) -> bytes:
        """One page; all pages of a list show the same moment."""
        if token:
            version, items = self._pages.get(token, (0, []))
            if version <= self.compacted:
                raise Gone("the provided continue parameter is too old", status=410, reason="Expired")
        else:
            version, items = self.rv, self.selected(resource.plural, namespace, label_selector, field_selector)
        metadata = b'"resourceVersion":"%d"' % version
        if limit and len(items) > limit:
            rest = f"{version}/{self.kernel.number()}"
            self._pages[rest] = (version, items[limit:])
            metadata += b',"continue":"%s"' % rest.encode()
            items = items[:limit]
        return b'{"metadata":{%s},"items":[%s]}' % (metadata, b",".join(items))

    def selected(
        self, plural: str, namespace: str | None, label_selector: str | None, field_selector: str | None
    ) -> list[bytes]:
        """The selected objects of a kind as JSON, in the order of their keys."""
        test, wanted = selectors.labels(label_selector), selectors.fields(field_selector)
        found = []
        for key, stored in sorted(self.all(plural).items()):
            if namespace and key[0] != namespace:
                continue
            if test and not test(stored.obj["metadata"].get("labels", {})):
                continue
            if not wanted or selectors.field_values(stored.obj, wanted):
                found.append(stored.raw)
        return found

    def compact(self) -> None:
        """Forget the past: older versions and the pages of older lists are gone."""
        self.compacted = self.rv


def without_owners(obj: Json, uids: set[str]) -> Json:
    """An object without those owner references."""
    kept = [each for each in obj["metadata"].get("ownerReferences", ()) if each["uid"] not in uids]
    metadata = {key: value for key, value in obj["metadata"].items() if key != "ownerReferences"}
    return {**obj, "metadata": metadata | ({"ownerReferences": kept} if kept else {})}
