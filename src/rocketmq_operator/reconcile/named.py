"""Objects of others that a spec names."""

from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.core.facts import Problem
from rocketmq_operator.kube.errors import NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONFIG_MAP
from rocketmq_operator.kube.types import Ref


async def config_of(kube: Kube, cluster: BrokerCluster) -> tuple[str, tuple[Problem, ...]]:
    """The text of the ConfigMap that ``spec.config`` names, and what is wrong with it."""
    reference = cluster.spec.config
    if reference is None:
        return "", ()
    try:
        found = await kube.get(Ref(CONFIG_MAP, cluster.metadata.namespace, reference.name))
    except NotFound:
        message = f"spec.config names ConfigMap {reference.name}, which does not exist; create it or remove spec.config"
        return "", (Problem("ConfigMapMissing", message),)
    text = found.get("data", {}).get("broker.conf")
    if text is None:
        message = f"ConfigMap {reference.name} (spec.config) has no key broker.conf; add it"
        return "", (Problem("ConfigKeyMissing", message),)
    return text, ()
