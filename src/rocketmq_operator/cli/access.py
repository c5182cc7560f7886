"""How the kubectl plugin reaches the cluster: the user's kubeconfig, the API server, and through it the operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from rocketmq_operator import __version__
from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.kubeconfig import configuration
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.reconcile.figures import ClusterFigures
from rocketmq_operator.reconcile.resources import CLUSTERS

OPERATOR_NAMESPACE = "rocketmq-operator"
OPERATOR_SERVICE = "rocketmq-operator"
OPERATOR_PORT = "http"


class Access:
    """One connection to one Kubernetes cluster, for one namespace."""

    def __init__(self, kube: Kube, namespace: str, operator_namespace: str) -> None:
        self.kube = kube
        self.namespace = namespace
        self.operator_namespace = operator_namespace

    async def some(self, name: str | None) -> list[BrokerCluster]:
        """The named cluster of the namespace (NotFound if there is none), or all of the namespace."""
        if name is not None:
            return [await self.kube.get(Ref(CLUSTERS, self.namespace, name), BrokerCluster)]
        return await self.kube.list(CLUSTERS, namespace=self.namespace, type=BrokerCluster)

    async def all(self) -> list[BrokerCluster]:
        """The clusters of all namespaces."""
        return await self.kube.list(CLUSTERS, type=BrokerCluster)

    async def figures(self, cluster: BrokerCluster) -> ClusterFigures:
        """Live figures from the operator."""
        path = f"v1/clusters/{cluster.metadata.namespace}/{cluster.metadata.name}"
        body = await self.kube.proxy_get(self.operator_namespace, OPERATOR_SERVICE, OPERATOR_PORT, path)
        return msgspec.json.decode(body, type=ClusterFigures)


@asynccontextmanager
async def connect(namespace: str | None, context: str | None, operator_namespace: str) -> AsyncIterator[Access]:
    """Access by the kubeconfig in force; ``namespace`` None is the context's own."""
    chosen = namespace or configuration(context=context).namespace or "default"
    # As kubectl, so that a dry run of an apply is the apply that kubectl would do.
    agent = f"kubectl-rocketmq/{__version__}"
    async with Client.from_environment(field_manager="kubectl", context=context, user_agent=agent) as kube:
        yield Access(kube, chosen, operator_namespace)
