"""Whether an object is still what we made it: each field that we set must be there; the API server's defaults may be, too."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from . import quantity
from .names import HASH_ANNOTATION

Json = dict[str, Any]


def digest(content: object) -> str:
    """Ten hex digits that name a content; equal content, equal digits."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:10]


def stamped(obj: Json) -> Json:
    """The object with the hash of itself as an annotation, so that a changed wish is seen without comparing."""
    metadata = obj["metadata"]
    annotations = {**metadata.get("annotations", {}), HASH_ANNOTATION: digest(obj)}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def holds(wanted: object, actual: object) -> bool:
    """Whether everything in ``wanted`` stands in ``actual``; lists must have the same length, quantities may be spelled otherwise."""
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            (_empty(value) and key not in actual) or (key in actual and holds(value, actual[key]))
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(wanted) == len(actual) and all(map(holds, wanted, actual))
    return quantity.same(wanted, actual)


def _empty(value: object) -> bool:
    """The API server drops empty maps, lists and texts; wanting one is wanting nothing."""
    return value in ({}, [], "", None, False, 0)
