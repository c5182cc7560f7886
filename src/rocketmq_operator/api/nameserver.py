"""``NameServer``: a set of name servers that broker clusters refer to."""

from typing import Annotated, Any, ClassVar

import msgspec

from .brokercluster import DEFAULT_IMAGE
from .common import Conditions, Jvm, Metadata, PodTemplate, Quantity, StringMap, Wire
from .properties import LINE_RULE, OWNED_NAME_SERVER_KEYS, owned_rule
from .rollout import Restarts
from .schema import API_VERSION, Column, Kind, Rule, Scale, doc


class ComputeResources(Wire, frozen=True):
    """CPU and memory."""

    cpu: Annotated[Quantity | None, doc("CPU, such as 500m or 2.")] = None
    memory: Annotated[Quantity | None, doc("Memory, such as 1Gi.")] = None


class NameServerSpec(Wire, frozen=True):
    """What the user wants."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    image: Annotated[
        str,
        doc(
            "Container image: an official apache/rocketmq image or one of its layout.",
            min_length=1,
            max_length=512,
            pattern=r"^\S+$",
        ),
    ] = DEFAULT_IMAGE
    replicas: Annotated[int, doc("Number of name servers.", ge=1, le=16)] = 2
    properties: Annotated[
        StringMap,
        doc(
            "namesrv.conf keys and their values.",
            rules=(owned_rule(OWNED_NAME_SERVER_KEYS), LINE_RULE),
            max_properties=128,
        ),
    ] = {}
    node_selector: Annotated[StringMap, doc("Node labels that the pods' nodes must have.", max_properties=64)] = {}
    affinity: Annotated[
        dict[str, Any] | None, doc("A core/v1 Affinity; replaces the default spread.", preserve=True)
    ] = None
    requests: Annotated[ComputeResources | None, doc("Requested CPU and memory. Default: 100m, 256Mi.")] = None
    limits: Annotated[
        ComputeResources | None, doc("Limits of CPU (none by default) and memory (512Mi by default).")
    ] = None
    rollout: Annotated[Restarts | None, doc("How changes reach running name servers.")] = None
    jvm: Annotated[Jvm | None, doc("Java settings.")] = None
    pod_template: Annotated[PodTemplate | None, doc("What else to set on the pods.")] = None
    paused: Annotated[bool, doc("Stop all changes by the operator; status stays true.")] = False


class NameServerMember(Wire, frozen=True, omit_defaults=False):
    """One name server."""

    pod: Annotated[str, doc("Name of its pod.", max_length=253)]
    address: Annotated[str, doc("Its address.", max_length=512)] = ""
    ready: Annotated[bool, doc("Whether its pod is ready.")] = False
    listed: Annotated[bool, doc("Whether its address is given to brokers and clients; one that is to go is not.")] = (
        True
    )
    complete: Annotated[
        bool, doc("Whether it knew every broker and the order configuration, and so was opened for clients.")
    ] = False
    revision: Annotated[str, doc("Revision of the spec that it was started for.", max_length=253)] = ""
    problem: Annotated[str, doc("What keeps it from serving, in words.", max_length=1024)] = ""


class NameServerStatus(Wire, frozen=True, omit_defaults=False):
    """What is; derived again at every look."""

    observed_generation: Annotated[int, doc("Generation of the spec that this status speaks of.")] = 0
    replicas: Annotated[int, doc("Name servers that exist.")] = 0
    ready_replicas: Annotated[int, doc("Name servers ready.")] = 0
    ready: Annotated[str, doc("Ready and wanted name servers, for people.", max_length=32)] = ""
    address: Annotated[
        str, doc("Name and port that stand for all ready name servers: for clients.", max_length=512)
    ] = ""
    selector: Annotated[str, doc("Selects the pods.", max_length=512)] = ""
    revision: Annotated[
        str, doc("Revision of the spec that is to run; history and undo speak of it.", max_length=253)
    ] = ""
    members: Annotated[
        list[NameServerMember], doc("The name servers.", list_type="map", list_keys=("pod",), max_length=16)
    ] = []
    conditions: Conditions = []


class NameServer(Wire, frozen=True):
    """A set of name servers."""

    metadata: Metadata
    spec: Annotated[NameServerSpec, doc("What is wanted.")] = msgspec.field(default_factory=NameServerSpec)
    status: Annotated[NameServerStatus | None, doc("What is.")] = None
    api_version: str = API_VERSION
    kind: str = "NameServer"


NAME_SERVER = Kind(
    kind="NameServer",
    plural="nameservers",
    singular="nameserver",
    short_names=("rmqns",),
    type=NameServer,
    description="A set of name servers that broker clusters and clients find by one stable name.",
    scale=Scale(spec=".spec.replicas", status=".status.replicas", selector=".status.selector"),
    columns=(
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Servers", ".status.ready"),
        Column("Address", ".status.address"),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Image", ".spec.image", priority=1),
    ),
)
