"""What ``kubectl apply`` would store of a file's object: admitted and defaulted by the API server, and not stored.

An object that was applied from a client before (kubectl's annotation of the last applied configuration) is patched as kubectl
does it then, so that a field which the file no longer has goes; any other by server-side apply.
"""

from typing import Any

import msgspec

from rocketmq_operator.kube.errors import NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Json, Ref

from .frame import Refused

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


async def stored(kube: Kube, ref: Ref) -> Json | None:
    """The object as it is; None if it does not exist yet."""
    try:
        return await kube.get(ref)
    except NotFound:
        return None


async def admitted(kube: Kube, ref: Ref, wanted: Json, there: Json | None) -> Json:
    """The object as it would be; Invalid with the reasons if the API server refuses it."""
    metadata = {**wanted.get("metadata", {}), "name": ref.name, "namespace": ref.namespace}
    last = (there or {}).get("metadata", {}).get("annotations", {}).get(LAST_APPLIED)
    if last is None:
        return await kube.apply(ref.resource, {**wanted, "metadata": metadata}, dry_run=True)
    # kubectl adds its own annotation to them, so they are never taken away as a whole.
    metadata["annotations"] = metadata.get("annotations") or {}
    return await kube.patch(ref, merge(_decoded(last, ref), {**wanted, "metadata": metadata}), dry_run=True)


def merge(last: Json, wanted: Json) -> Json:
    """A merge patch: all that is wanted, and null for what was applied last and is wanted no more."""
    patch: Json = {name: None for name in last if name not in wanted}
    for name, value in wanted.items():
        before = last.get(name)
        patch[name] = merge(before if isinstance(before, dict) else {}, value) if isinstance(value, dict) else value
    return patch


def _decoded(text: str, ref: Ref) -> Json:
    try:
        found: Any = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Refused(f"{ref}: annotation {LAST_APPLIED} is not JSON ({error}); remove it") from error
    last: Json = found
    return last
