"""``BrokerCluster``: the broker groups of one RocketMQ cluster, with every field of the seed in the seed's meaning."""

from enum import Enum
from typing import Annotated, Any, ClassVar

from .brokercluster_status import BrokerClusterStatus
from .common import Jvm, LocalReference, Metadata, PodTemplate, StringMap, Wire
from .properties import LINE_RULE, OWNED_BROKER_KEYS, owned_rule
from .rollout import Rollout
from .scaling import ScaleDown
from .schema import API_VERSION, DNS_LABEL, DNS_SUBDOMAIN, IMMUTABLE, Column, Kind, Rule, Scale, doc
from .storage import NEVER_SMALLER, ONE_SOURCE, UNCHANGEABLE_SOURCE, BrokerResources, Storage, VolumeClaimTemplate

DEFAULT_IMAGE = "apache/rocketmq:5.4.0"

# One address or name with a port; ';' or ',' between them, as in the seed and in RocketMQ's own settings.
_ADDRESS = r"([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}"
NAME_SERVERS = rf"^\s*{_ADDRESS}(\s*[;,]\s*{_ADDRESS})*\s*[;,]?\s*$"


class ReplicationMode(Enum):
    """SYNC: a send is acknowledged when a slave holds it, too. ASYNC: when the master holds it."""

    SYNC = "SYNC"
    ASYNC = "ASYNC"


class NameServerReference(Wire, frozen=True):
    """A ``NameServer`` resource."""

    name: Annotated[str, doc("Name of the NameServer.", min_length=1, max_length=63, pattern=DNS_SUBDOMAIN)]
    namespace: Annotated[
        str | None,
        doc("Its namespace. Default: the namespace of the BrokerCluster.", max_length=63, pattern=DNS_LABEL),
    ] = None


class BrokerClusterSpec(Wire, frozen=True):
    """What the user wants."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.nameServers) != has(self.nameServerRef)",
            "give exactly one of nameServers (addresses) and nameServerRef (a NameServer resource)",
        ),
        Rule(
            "self.allMaster == oldSelf.allMaster",
            "allMaster cannot be changed after creation",
            field_path=".allMaster",
        ),
        *ONE_SOURCE,
        *UNCHANGEABLE_SOURCE,
    )

    broker_image: Annotated[
        str,
        doc(
            "Container image of the brokers: an official apache/rocketmq image or one of its layout.",
            min_length=1,
            max_length=512,
            pattern=r"^\S+$",
        ),
    ] = DEFAULT_IMAGE
    name_servers: Annotated[
        str | None,
        doc(
            "Name servers as host:port, several separated by ';' or ','. A name stands for all its addresses; the name of a Service for all pods behind it.",
            min_length=1,
            max_length=4096,
            pattern=NAME_SERVERS,
        ),
    ] = None
    name_server_ref: Annotated[NameServerReference | None, doc("A NameServer resource, instead of nameServers.")] = None
    cluster_name: Annotated[
        str,
        doc(
            "RocketMQ's name of the cluster (brokerClusterName).",
            rules=(IMMUTABLE,),
            min_length=1,
            max_length=127,
            pattern=r"^[%|a-zA-Z0-9_-]+$",
        ),
    ] = "DefaultCluster"
    broker_name_prefix: Annotated[
        str,
        doc(
            "Broker groups are called <prefix>-<index>. Set it where several clusters share name servers.",
            rules=(IMMUTABLE,),
            min_length=1,
            max_length=100,
            pattern=r"^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$",
        ),
    ] = "broker"
    all_master: Annotated[bool, doc("One master in each group and no slaves, whatever membersPerGroup says.")] = False
    replication_mode: Annotated[
        ReplicationMode, doc("SYNC: acknowledged messages are on a slave, too. ASYNC: on the master only.")
    ] = ReplicationMode.SYNC
    group_replica: Annotated[int, doc("Number of broker groups.", ge=1, le=256)] = 2
    members_per_group: Annotated[int, doc("Brokers in each group: one master and its slaves.", ge=1, le=10)] = 2
    properties: Annotated[
        StringMap,
        doc(
            "broker.conf keys and their values; the seed project's UPPER_SNAKE names are accepted.",
            rules=(owned_rule(OWNED_BROKER_KEYS), LINE_RULE),
            max_properties=256,
        ),
    ] = {}
    config: Annotated[
        LocalReference | None,
        doc(
            "A ConfigMap whose key broker.conf is merged in: below properties, and below the keys that the operator owns."
        ),
    ] = None
    node_selector: Annotated[StringMap, doc("Node labels that the brokers' nodes must have.", max_properties=64)] = {}
    affinity: Annotated[
        dict[str, Any] | None,
        doc("A core/v1 Affinity; replaces the default spread of a group over nodes.", preserve=True),
    ] = None
    empty_dir: Annotated[bool, doc("Keep messages in the pod: they are gone with it. For trials.")] = False
    storage_class_name: Annotated[
        str | None, doc("Storage class of the claims brokerlogs and brokerstore.", max_length=253)
    ] = None
    volume_claim_template: Annotated[VolumeClaimTemplate | None, doc("One claim a broker for its messages.")] = None
    storage: Annotated[Storage | None, doc("Sizes and class of the volumes, and what happens to them.")] = None
    requests: Annotated[
        BrokerResources | None, doc("Requested CPU, memory and volume sizes. Default: 250m, 1Gi, 5Gi, 5Gi.")
    ] = None
    limits: Annotated[BrokerResources | None, doc("Limits of CPU (none by default) and memory (2Gi by default).")] = (
        None
    )
    scale_down: Annotated[ScaleDown | None, doc("How broker groups leave when groupReplica is lowered.")] = None
    rollout: Annotated[Rollout | None, doc("How changes reach running brokers.")] = None
    jvm: Annotated[Jvm | None, doc("Java settings.")] = None
    pod_template: Annotated[PodTemplate | None, doc("What else to set on the pods.")] = None
    paused: Annotated[bool, doc("Stop all changes by the operator; status stays true.")] = False


class BrokerCluster(Wire, frozen=True):
    """The broker groups of one RocketMQ cluster."""

    rules: ClassVar[tuple[Rule, ...]] = NEVER_SMALLER

    metadata: Metadata
    spec: Annotated[BrokerClusterSpec, doc("What is wanted.")]
    status: Annotated[BrokerClusterStatus | None, doc("What is.")] = None
    api_version: str = API_VERSION
    kind: str = "BrokerCluster"


BROKER_CLUSTER = Kind(
    kind="BrokerCluster",
    plural="brokerclusters",
    singular="brokercluster",
    short_names=("rmqbc", "rmqcluster"),
    type=BrokerCluster,
    description="The broker groups of one RocketMQ cluster: masters, their slaves, and where their messages lie.",
    scale=Scale(spec=".spec.groupReplica", status=".status.groups", selector=".status.selector"),
    columns=(
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Groups", ".status.groups", "integer"),
        Column("Brokers", ".status.brokersReady"),
        Column("Mode", ".spec.replicationMode"),
        Column("Version", ".status.version"),
        Column("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
        Column("Age", ".metadata.creationTimestamp", "date"),
        Column("Cluster", ".spec.clusterName", priority=1),
        Column("Image", ".spec.brokerImage", priority=1),
    ),
)
