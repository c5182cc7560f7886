"""An API server for reads: objects in a dictionary, field selectors as the real one serves them for Services."""

from typing import Any

import msgspec

from rocketmq_operator.kube.errors import NotFound
from rocketmq_operator.kube.types import Json, Ref, Resource


class FakeKube:
    """Answers ``get`` and ``list``."""

    def __init__(self, *objects: Json) -> None:
        self.objects = list(objects)

    async def get(self, ref: Ref, type: Any = dict) -> Any:  # noqa: A002
        for each in self.objects:
            meta = each["metadata"]
            if (each["kind"], meta.get("namespace"), meta["name"]) == (ref.resource.kind, ref.namespace, ref.name):
                return msgspec.convert(each, type)
        raise NotFound(f"{ref} not found", status=404)

    async def list(self, resource: Resource, *, type: Any = dict, **selection: Any) -> list[Any]:  # noqa: A002
        found = [each for each in self.objects if each["kind"] == resource.kind and _selected(each, **selection)]
        return [msgspec.convert(each, type) for each in found]


def _selected(
    obj: Json, namespace: str | None = None, label_selector: str | None = None, field_selector: str | None = None
) -> bool:
    meta = obj["metadata"]
    if namespace and meta.get("namespace") != namespace:
        return False
    if label_selector:
        key, _, value = label_selector.partition("=")
        if meta.get("labels", {}).get(key) != value:
            return False
    if field_selector:
        key, _, value = field_selector.partition("=")
        return bool(obj["spec"].get(key.removeprefix("spec.")) == value)
    return True
