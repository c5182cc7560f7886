"""Whether an object is still what we made it: each field that we set must be there; the API server's defaults may be, too."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from . import quantity
from .memo import Derived
from .names import HASH_ANNOTATION

Json = dict[str, Any]
RULED = {"updateStrategy", "volumeClaimTemplates"}

_unsized: Derived[Json] = Derived(1024)


def digest(content: object) -> str:
    """Ten hex digits that name a content; equal content, equal digits."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:10]


def stamped(obj: Json) -> Json:
    """The object with the hash of itself as an annotation, so that a changed wish is seen without comparing.

    The hash says nothing of a workload's size, of its claim templates and of which pods are held back, which follow rules of their
    own.
    """
    metadata = obj["metadata"]
    annotations = {**metadata.get("annotations", {}), HASH_ANNOTATION: digest(_ruled(obj))}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def unsized(obj: Json) -> Json:
    """The object without ``spec.replicas``: applied like this, it leaves a workload's size alone."""
    if "replicas" not in obj.get("spec", {}):
        return obj
    return _unsized.get(obj, None, lambda: _without_size(obj))


def _without_size(obj: Json) -> Json:
    if "replicas" not in obj.get("spec", {}):
        return obj
    return {**obj, "spec": {key: value for key, value in obj["spec"].items() if key != "replicas"}}


def with_sizes(workload: Json, sizes: Mapping[str, str]) -> Json:
    """The workload with these sizes in its claim templates, by their names; a template that is not named says none."""
    claims = workload.get("spec", {}).get("volumeClaimTemplates")
    if not claims:
        return workload
    sized = [_with_size(claim, sizes.get(claim["metadata"]["name"])) for claim in claims]
    return {**workload, "spec": {**workload["spec"], "volumeClaimTemplates": sized}}


def _with_size(claim: Json, size: str | None) -> Json:
    requests = {} if size is None else {"storage": size}
    return {
        **claim,
        "spec": {**claim["spec"], "resources": {**claim["spec"].get("resources", {}), "requests": requests}},
    }


def _ruled(obj: Json) -> Json:
    """The object without what rules of their own decide."""
    rest = _without_size(obj)
    if not RULED & rest.get("spec", {}).keys():
        return rest
    return {**rest, "spec": {key: value for key, value in rest["spec"].items() if key not in RULED}}


def holds(wanted: object, actual: object) -> bool:
    """Whether all that ``wanted`` says stands in ``actual``; lists have one length, quantities may be spelled otherwise."""
    if wanted == actual:
        return True
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(
            holds(value, actual[key]) if key in actual else _empty(value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(wanted) == len(actual) and all(map(holds, wanted, actual))
    return quantity.same(wanted, actual)


def _empty(value: object) -> bool:
    """The API server drops empty maps, lists and texts; wanting one is wanting nothing."""
    return value in ({}, [], "", None, False, 0)
