"""The owner reference of everything that belongs to a cluster."""

from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.api.schema import API_VERSION

from .objects import Owner


def owner_of(cluster: BrokerCluster) -> Owner:
    """A BrokerCluster as owner."""
    meta = cluster.metadata
    return Owner(API_VERSION, "BrokerCluster", meta.name, meta.namespace, meta.uid)
