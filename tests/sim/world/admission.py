"""What the API server itself does to a write: generations, subresources, fields that may not change, defaults."""

from decimal import Decimal
from typing import Any

from rocketmq_operator.core.quantity import parse
from rocketmq_operator.kube.errors import Invalid

Json = dict[str, Any]

WITH_STATUS = {"brokerclusters", "nameservers", "statefulsets", "pods", "poddisruptionbudgets", "nodes",
               "persistentvolumeclaims", "services"}  # fmt: skip
"""Kinds whose status is a subresource: writes to one side leave the other alone."""

MUTABLE_SET_FIELDS = {
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
}  # fmt: skip

SCALE = {"brokerclusters": "groupReplica", "nameservers": "replicas", "statefulsets": "replicas"}


def admit(plural: str, old: Json | None, new: Json, subresource: str | None) -> Json:
    """The object as it will be stored; Invalid if it may not be."""
    if old is None:
        return _created(plural, new)
    if plural in WITH_STATUS:
        new = _sided(old, new, subresource)
    _immutable(plural, old, new)
    if _content(plural, old) != _content(plural, new):
        metadata = {**new["metadata"], "generation": old["metadata"].get("generation", 1) + 1}
        new = {**new, "metadata": metadata}
    return new


def _created(plural: str, new: Json) -> Json:
    if plural in WITH_STATUS and plural not in ("pods", "nodes"):
        new = {key: value for key, value in new.items() if key != "status"}
    if plural == "statefulsets":
        defaults = {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"}
        new = {**new, "spec": defaults | new["spec"]}
    return new


def _sided(old: Json, new: Json, subresource: str | None) -> Json:
    if subresource == "status":
        return {**old, "metadata": {**old["metadata"], **_own_metadata(new)}, "status": new.get("status", {})}
    if "status" in old:
        return {**new, "status": old["status"]}
    return {key: value for key, value in new.items() if key != "status"}


def _own_metadata(new: Json) -> Json:
    return {key: new["metadata"][key] for key in ("labels", "annotations") if key in new["metadata"]}


def _content(plural: str, obj: Json) -> Any:
    return obj.get("spec") if plural in WITH_STATUS else None


def _immutable(plural: str, old: Json, new: Json) -> None:
    if (
        plural == "configmaps"
        and old.get("immutable")
        and (old.get("data") != new.get("data") or not new.get("immutable"))
    ):
        raise Invalid("data: Forbidden: field is immutable when `immutable` is set", status=422, reason="Invalid")
    if plural == "statefulsets":
        before, after = old["spec"], new["spec"]
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)} - MUTABLE_SET_FIELDS
        if changed:
            raise Invalid(
                f"spec: Forbidden: updates to statefulset spec for {sorted(changed)}", status=422, reason="Invalid"
            )
        if int(after["replicas"]) < 0:
            raise Invalid("spec.replicas: Invalid value", status=422, reason="Invalid")
    if plural == "persistentvolumeclaims":
        _claim(old, new)
    if plural in ("brokerclusters", "nameservers") and int(new["spec"].get(SCALE[plural], 1)) < 1:
        raise Invalid(
            f"spec.{SCALE[plural]}: Invalid value: should be greater than or equal to 1", status=422, reason="Invalid"
        )


def size_of(sizes: Json) -> Decimal:
    """The storage in a list of resources."""
    return parse(sizes["storage"]) or Decimal(0)


def _claim(old: Json, new: Json) -> None:
    """A bound claim may ask for more, and for less of what it never got; nothing else of it changes."""
    before, after = old["spec"], new["spec"]
    if before == after:
        return
    bound = old.get("status", {}).get("phase") == "Bound"
    if not bound or {**before, "resources": None} != {**after, "resources": None}:
        raise Invalid("spec: Forbidden: spec is immutable after creation", status=422, reason="Invalid")
    had, asked, has = (size_of(each) for each in (before["resources"]["requests"], after["resources"]["requests"],
                                                  old["status"]["capacity"]))  # fmt: skip
    if asked < had and asked <= has:
        raise Invalid("spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
                      status=422, reason="Invalid")  # fmt: skip
