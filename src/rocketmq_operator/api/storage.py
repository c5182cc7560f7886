"""Where a broker keeps its messages: the four ways of the seed project and our own, exactly one in force."""

from enum import Enum
from typing import Annotated

import msgspec

from .common import Quantity, StringMap, Wire
from .schema import DNS_SUBDOMAIN, Rule, doc

DEFAULT_SIZE = "5Gi"


class VolumePolicy(Enum):
    """What happens to the claims when their broker group or cluster is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


class LostVolume(Enum):
    """What a master does that finds its volume empty although its group already held messages."""

    REFUSE = "Refuse"
    START_EMPTY = "StartEmpty"


class BrokerResources(Wire, frozen=True):
    """CPU, memory and volume sizes, under the seed project's names."""

    cpu: Annotated[Quantity | None, doc("CPU, such as 500m or 2.")] = None
    memory: Annotated[Quantity | None, doc("Memory, such as 1Gi.")] = None
    log_storage: Annotated[
        Quantity | None, doc("Size of the log volume (claim brokerlogs-<pod>); only in requests.")
    ] = None
    store_storage: Annotated[
        Quantity | None, doc("Size of the message volume (claim brokerstore-<pod>); only in requests.")
    ] = None


class ClaimMetadata(Wire, frozen=True):
    """Metadata of the claims; enumerated, because the API server prunes what a schema does not name."""

    name: Annotated[
        str | None,
        doc(
            "Name of the volume; claims are called <name>-<pod>. Default: brokerstore.",
            max_length=40,
            pattern=DNS_SUBDOMAIN,
        ),
    ] = None
    labels: Annotated[StringMap, doc("Labels of the claims.", max_properties=32)] = {}
    annotations: Annotated[StringMap, doc("Annotations of the claims.", max_properties=32)] = {}


class ClaimRequests(Wire, frozen=True):
    """Requested size."""

    storage: Annotated[Quantity, doc("Size of the volume.")]


class ClaimResources(Wire, frozen=True):
    """Resources of a claim."""

    requests: Annotated[ClaimRequests, doc("Requested size.")]


class ClaimSpec(Wire, frozen=True):
    """Specification of a claim (Kubernetes: ``core/v1 PersistentVolumeClaimSpec``, what people use of it)."""

    resources: Annotated[ClaimResources, doc("Size of the volume.")]
    access_modes: Annotated[
        list[str], doc("Access modes. Default: ReadWriteOnce.", list_type="atomic", max_length=4)
    ] = msgspec.field(default_factory=lambda: ["ReadWriteOnce"])
    storage_class_name: Annotated[
        str | None, doc("Storage class; without it the cluster's default.", max_length=253)
    ] = None
    volume_attributes_class_name: Annotated[str | None, doc("Volume attributes class.", max_length=253)] = None


class VolumeClaimTemplate(Wire, frozen=True):
    """The seed's ``volumeClaimTemplate``: one claim a broker for its messages; logs then lie on an emptyDir."""

    spec: Annotated[ClaimSpec, doc("Specification of the claims.")]
    metadata: Annotated[ClaimMetadata | None, doc("Name, labels and annotations of the claims.")] = None


class Storage(Wire, frozen=True):
    """Volumes in our own words, and what is done with them in trouble."""

    size: Annotated[Quantity | None, doc("Size of the message volume. Default: 5Gi.")] = None
    log_size: Annotated[Quantity | None, doc("Size of the log volume. Default: 5Gi.")] = None
    storage_class_name: Annotated[
        str | None, doc("Storage class of both volumes; without it the cluster's default.", max_length=253)
    ] = None
    volume_policy: Annotated[
        VolumePolicy,
        doc(
            "What happens to the claims when the cluster is deleted, or when a member or a group leaves it: Retain keeps them, Delete "
            "removes them."
        ),
    ] = VolumePolicy.RETAIN
    on_lost_volume: Annotated[
        LostVolume,
        doc(
            "What a master does on an empty volume once its group held messages: Refuse to start (messages may still be on its slave), "
            "or StartEmpty, which gives up what only the lost volume held."
        ),
    ] = LostVolume.REFUSE
    adopt_cluster_uid: Annotated[
        str | None,
        doc(
            "UID of a deleted cluster whose kept volumes this cluster takes over. Without it a volume of another cluster is refused. "
            "The value 'unstamped' takes over volumes that no operator has stamped.",
            max_length=64,
        ),
    ] = None


ONE_SOURCE = (
    Rule(
        "!self.emptyDir || (!has(self.storageClassName) && !has(self.volumeClaimTemplate)"
        " && !(has(self.storage) && (has(self.storage.size) || has(self.storage.storageClassName))))",
        "emptyDir cannot be combined with storageClassName, volumeClaimTemplate, storage.size or storage.storageClassName: leave one",
        field_path=".emptyDir",
    ),
    Rule(
        "!has(self.volumeClaimTemplate) || (!has(self.storageClassName)"
        " && !(has(self.storage) && (has(self.storage.size) || has(self.storage.storageClassName)))"
        " && !(has(self.requests) && has(self.requests.storeStorage)))",
        "volumeClaimTemplate already gives size and class: remove storageClassName, storage.size, storage.storageClassName and requests.storeStorage",
        field_path=".volumeClaimTemplate",
    ),
    Rule(
        "!(has(self.storageClassName) && has(self.storage) && has(self.storage.storageClassName))",
        "storageClassName and storage.storageClassName name the same thing: leave one",
        field_path=".storageClassName",
    ),
    Rule(
        "!(has(self.requests) && has(self.requests.storeStorage) && has(self.storage) && has(self.storage.size))",
        "requests.storeStorage and storage.size name the same thing: leave one",
        field_path=".requests",
    ),
)

UNCHANGEABLE_SOURCE = (
    Rule(
        "self.emptyDir == oldSelf.emptyDir",
        "emptyDir cannot be changed after creation: the messages lie there",
        field_path=".emptyDir",
    ),
    Rule(
        "has(self.storageClassName) == has(oldSelf.storageClassName)"
        " && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)",
        "storageClassName cannot be changed after creation: Kubernetes cannot move a volume to another class",
        field_path=".storageClassName",
    ),
    Rule(
        "has(self.volumeClaimTemplate) == has(oldSelf.volumeClaimTemplate)",
        "volumeClaimTemplate cannot be added or removed after creation",
        field_path=".volumeClaimTemplate",
    ),
)


def _size(spec: str, ours: str, seeds: str, template: bool) -> str:
    """CEL for the size that a spec asks for: the template's, or whichever of our field and the seed's is set, or the default.

    ``has`` and ``?:`` rather than optional fields: of those CEL does not know how long a text can be, and the API server refuses
    rules that could cost too much.
    """
    seed = f"(has({spec}.requests) && has({spec}.requests.{seeds}) ? {spec}.requests.{seeds} : '{DEFAULT_SIZE}')"
    plain = f"(has({spec}.storage) && has({spec}.storage.{ours}) ? {spec}.storage.{ours} : {seed})"
    if not template:
        return plain
    return f"(has({spec}.volumeClaimTemplate) ? {spec}.volumeClaimTemplate.spec.resources.requests.storage : {plain})"


def _never_smaller(status: str, fields: str, ours: str, seeds: str, template: bool) -> Rule:
    """A transition rule of the whole resource, about specs that change: a status must be writable whatever the spec says."""
    new, old = (_size(f"{each}.spec", ours, seeds, template) for each in ("self", "oldSelf"))
    what = "message" if template else "log"
    return Rule(
        f"self.spec.emptyDir || !has(self.status) || !has(self.status.{status}) || self.status.{status} == '' || {new} == {old}"
        f" || quantity({new}).compareTo(quantity(self.status.{status})) >= 0",
        f"the {what} volumes cannot become smaller than status.{status}: Kubernetes shrinks no volume. Ask for at least that in {fields}; "
        "for smaller volumes create a new cluster",
        field_path=".spec",
    )


NEVER_SMALLER = (
    _never_smaller(
        "storeSize",
        "storage.size, requests.storeStorage or volumeClaimTemplate.spec.resources.requests.storage, whichever is in force",
        "size",
        "storeStorage",
        template=True,
    ),
    _never_smaller(
        "logSize",
        "storage.logSize or requests.logStorage, whichever is in force",
        "logSize",
        "logStorage",
        template=False,
    ),
)
"""Against the size that is in force (``status``) and not against the last spec: a wish that was never granted can be taken back."""
