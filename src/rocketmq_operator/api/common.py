"""Fields that several kinds share: pod template, resources, Java settings, conditions, metadata."""

from typing import Annotated, Any

import msgspec

from .schema import DNS_SUBDOMAIN, QUANTITY, doc

Quantity = Annotated[str, doc(pattern=QUANTITY, max_length=32)]
StringMap = dict[str, Annotated[str, doc(max_length=4096)]]


class Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a kind as it travels: camelCase names, defaults left out."""


class Metadata(Wire, frozen=True):
    """The part of ``metadata`` that decisions need."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    deletion_timestamp: str | None = None
    creation_timestamp: str | None = None


class LocalReference(Wire, frozen=True):
    """A reference to an object of the same namespace by its name."""

    name: Annotated[str, doc("Name of the object.", min_length=1, max_length=253, pattern=DNS_SUBDOMAIN)]


class Toleration(Wire, frozen=True):
    """A pod toleration (Kubernetes: ``core/v1 Toleration``)."""

    key: Annotated[str | None, doc("Taint key; empty with operator Exists matches all keys.", max_length=316)] = None
    operator: Annotated[str | None, doc("Exists or Equal (the default).", pattern="^(Exists|Equal)$", max_length=6)] = (
        None
    )
    value: Annotated[str | None, doc("Taint value that the toleration matches.", max_length=63)] = None
    effect: Annotated[
        str | None,
        doc(
            "NoSchedule, PreferNoSchedule or NoExecute; empty matches all.",
            pattern="^(NoSchedule|PreferNoSchedule|NoExecute)$",
            max_length=16,
        ),
    ] = None
    toleration_seconds: Annotated[int | None, doc("How long a NoExecute taint is tolerated, in seconds.")] = None


class PodTemplate(Wire, frozen=True):
    """What users set on pods; deliberately narrow, so that the CRD stays small and every field is honoured."""

    labels: Annotated[StringMap, doc("Labels added to every pod.", max_properties=32)] = {}
    annotations: Annotated[StringMap, doc("Annotations added to every pod.", max_properties=32)] = {}
    tolerations: Annotated[
        list[Toleration], doc("Taints that the pods tolerate.", list_type="atomic", max_length=32)
    ] = []
    topology_spread_constraints: Annotated[
        list[Annotated[dict[str, Any], doc("A core/v1 TopologySpreadConstraint.", preserve=True)]],
        doc("Replaces the default spread over nodes and zones.", list_type="atomic", max_length=8),
    ] = []
    priority_class_name: Annotated[str | None, doc("Priority class of the pods.", max_length=253)] = None
    service_account_name: Annotated[
        str | None, doc("Service account of the pods; its token is not mounted.", max_length=253)
    ] = None
    image_pull_policy: Annotated[
        str | None,
        doc("Always, IfNotPresent or Never.", pattern="^(Always|IfNotPresent|Never)$", max_length=12),
    ] = None
    image_pull_secrets: Annotated[
        list[LocalReference],
        doc("Secrets for pulling images.", list_type="map", list_keys=("name",), max_length=8),
    ] = []
    termination_grace_period_seconds: Annotated[
        int,
        doc(
            "How long a pod may take to stop. A broker needs about 10 s, more with much unflushed data.",
            ge=10,
            le=3600,
        ),
    ] = 60
    env: Annotated[StringMap, doc("Environment variables added to the container.", max_properties=64)] = {}


class Jvm(Wire, frozen=True):
    """Java settings. Without them heap and direct memory follow from the memory limit."""

    heap: Annotated[
        str | None,
        doc(
            "Heap size as Java writes it, such as 512m or 4g. Default: 40 % of the memory limit.",
            pattern="^[1-9][0-9]*[mMgG]$",
            max_length=8,
        ),
    ] = None
    options: Annotated[
        list[Annotated[str, doc(min_length=1, max_length=1024)]],
        doc(
            "More options for the java command, each one argument, placed after the operator's own.",
            list_type="atomic",
            max_length=64,
        ),
    ] = []


class Condition(Wire, frozen=True, omit_defaults=False):
    """A standard condition (Kubernetes: ``meta/v1 Condition``)."""

    type: Annotated[str, doc("Name of the condition.", max_length=316)]
    status: Annotated[str, doc("True, False or Unknown.", pattern="^(True|False|Unknown)$", max_length=7)]
    reason: Annotated[str, doc("One CamelCase word saying why.", max_length=1024)]
    message: Annotated[str, doc("The same for people, with the way out.", max_length=32768)] = ""
    last_transition_time: Annotated[str, doc("When status last changed (RFC 3339).", max_length=64)] = ""
    observed_generation: Annotated[int, doc("The generation the condition speaks of.")] = 0


Conditions = Annotated[
    list[Condition], doc("State in standard conditions.", list_type="map", list_keys=("type",), max_length=16)
]


def condition(conditions: list[Condition], type_: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((each for each in conditions if each.type == type_), None)
