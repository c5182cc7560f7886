"""Volumes of a broker: which of the four ways of the spec is in force, as claim templates or emptyDirs."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.api.storage import DEFAULT_SIZE, BrokerResources, Storage, VolumeClaimTemplate, VolumePolicy

from ..names import Labels

Json = dict[str, Any]

LOGS = "brokerlogs"
STORE = "brokerstore"


class Volumes(msgspec.Struct, frozen=True):
    """Claim templates, pod volumes, and the names under which a container mounts store and logs."""

    claims: tuple[Json, ...]
    volumes: tuple[Json, ...]
    store: str = STORE
    logs: str = LOGS


class Wish(msgspec.Struct, frozen=True):
    """What the spec wants of a volume, and the field that says so."""

    size: str
    storage_class: str
    field: str
    class_field: str


def wishes(spec: BrokerClusterSpec) -> dict[str, Wish]:
    """Each claim template's size and class (empty: the cluster's default), by the template's name."""
    template = spec.volume_claim_template
    if spec.empty_dir:
        return {}
    if template:
        size, place = template.spec.resources.requests.storage, "spec.volumeClaimTemplate.spec"
        wish = Wish(size, template.spec.storage_class_name or "", f"{place}.resources.requests.storage", place)
        return {store_name(spec): msgspec.structs.replace(wish, class_field=f"{place}.storageClassName")}
    storage, requests = spec.storage or Storage(), spec.requests or BrokerResources()
    own = "spec.storageClassName" if spec.storage_class_name else "spec.storage.storageClassName"
    name = spec.storage_class_name or storage.storage_class_name or ""
    return {
        LOGS: _wish(storage.log_size, requests.log_storage, "logSize", "logStorage", name, own),
        STORE: _wish(storage.size, requests.store_storage, "size", "storeStorage", name, own),
    }


def _wish(ours: str | None, seeds: str | None, field: str, seeds_field: str, name: str, own: str) -> Wish:
    if ours or not seeds:
        return Wish(ours or DEFAULT_SIZE, name, f"spec.storage.{field}", own)
    return Wish(seeds, name, f"spec.requests.{seeds_field}", own)


def store_name(spec: BrokerClusterSpec) -> str:
    """The name of the volume with the messages."""
    template = spec.volume_claim_template
    return (template and template.metadata and template.metadata.name) or STORE


def store_claim(spec: BrokerClusterSpec, pod: str) -> str:
    """The claim of a pod for the volume with the messages (StatefulSet: template, then pod)."""
    return f"{store_name(spec)}-{pod}"


def volumes(spec: BrokerClusterSpec, labels: Labels) -> Volumes:
    """The volumes of each broker of a group; ``labels`` go on the claims."""
    if spec.empty_dir:
        return Volumes((), tuple({"name": name, "emptyDir": {}} for name in (LOGS, STORE)))
    if spec.volume_claim_template:
        return _from_template(spec.volume_claim_template, store_name(spec), labels)
    claims = (_claim(name, wish.size, wish.storage_class, labels) for name, wish in wishes(spec).items())
    return Volumes(tuple(claims), ())


def retention(spec: BrokerClusterSpec) -> Json:
    """What the StatefulSet controller does with the claims of groups and of members that leave."""
    what = "Delete" if (spec.storage or Storage()).volume_policy is VolumePolicy.DELETE else "Retain"
    return {"whenDeleted": what, "whenScaled": what}


def _from_template(template: VolumeClaimTemplate, name: str, labels: Labels) -> Volumes:
    metadata = template.metadata
    claim = _claim(name, template.spec.resources.requests.storage, template.spec.storage_class_name, labels)
    claim["spec"]["accessModes"] = list(template.spec.access_modes)
    if template.spec.volume_attributes_class_name:
        claim["spec"]["volumeAttributesClassName"] = template.spec.volume_attributes_class_name
    if metadata:
        claim["metadata"]["labels"] = {**metadata.labels, **labels}
        if metadata.annotations:
            claim["metadata"]["annotations"] = dict(metadata.annotations)
    return Volumes((claim,), ({"name": LOGS, "emptyDir": {}},), store=name)


def _claim(name: str, size: str, storage_class: str | None, labels: Labels) -> Json:
    spec: Json = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "volumeMode": "Filesystem",
    }
    if storage_class:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": spec,
    }
