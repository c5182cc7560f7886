"""The kinds of ``rocketmq.huanwei.io/v1alpha1`` as frozen typed Structs."""

from .brokercluster import BROKER_CLUSTER, BrokerCluster, BrokerClusterSpec
from .brokercluster_status import BrokerClusterStatus
from .nameserver import NAME_SERVER, NameServer, NameServerSpec, NameServerStatus
from .schema import API_VERSION, GROUP, VERSION

KINDS = (BROKER_CLUSTER, NAME_SERVER)

__all__ = [
    "API_VERSION",
    "BROKER_CLUSTER",
    "GROUP",
    "KINDS",
    "NAME_SERVER",
    "VERSION",
    "BrokerCluster",
    "BrokerClusterSpec",
    "BrokerClusterStatus",
    "NameServer",
    "NameServerSpec",
    "NameServerStatus",
]
