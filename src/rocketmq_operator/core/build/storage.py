"""Volumes of a broker: which of the four ways of the spec is in force, as claim templates or emptyDirs."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.api.storage import Storage, VolumeClaimTemplate, VolumePolicy

from ..names import Labels

Json = dict[str, Any]

LOGS = "brokerlogs"
STORE = "brokerstore"
DEFAULT_SIZE = "5Gi"


class Volumes(msgspec.Struct, frozen=True):
    """Claim templates, pod volumes, and the names under which a container mounts store and logs."""

    claims: tuple[Json, ...]
    volumes: tuple[Json, ...]
    store: str = STORE
    logs: str = LOGS


def volumes(spec: BrokerClusterSpec, labels: Labels) -> Volumes:
    """The volumes of each broker of a group; ``labels`` go on the claims."""
    if spec.empty_dir:
        return Volumes((), tuple({"name": name, "emptyDir": {}} for name in (LOGS, STORE)))
    if spec.volume_claim_template:
        return _from_template(spec.volume_claim_template, labels)
    storage, requests = spec.storage or Storage(), spec.requests
    sizes = {
        LOGS: storage.log_size or (requests and requests.log_storage) or DEFAULT_SIZE,
        STORE: storage.size or (requests and requests.store_storage) or DEFAULT_SIZE,
    }
    storage_class = spec.storage_class_name or storage.storage_class_name
    return Volumes(tuple(_claim(name, size, storage_class, labels) for name, size in sizes.items()), ())


def retention(spec: BrokerClusterSpec) -> Json:
    """What the StatefulSet controller does with the claims of groups and of members that leave."""
    what = "Delete" if (spec.storage or Storage()).volume_policy is VolumePolicy.DELETE else "Retain"
    return {"whenDeleted": what, "whenScaled": what}


def _from_template(template: VolumeClaimTemplate, labels: Labels) -> Volumes:
    metadata = template.metadata
    name = (metadata and metadata.name) or STORE
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
