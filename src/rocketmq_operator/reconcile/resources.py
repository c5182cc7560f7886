"""Our kinds as the API server serves them."""

from rocketmq_operator.api import BROKER_CLUSTER, GROUP, NAME_SERVER, VERSION
from rocketmq_operator.kube.types import Resource

CLUSTERS = Resource(GROUP, VERSION, BROKER_CLUSTER.kind, BROKER_CLUSTER.plural)
NAME_SERVERS = Resource(GROUP, VERSION, NAME_SERVER.kind, NAME_SERVER.plural)
