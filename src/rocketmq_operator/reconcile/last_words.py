"""The last log line of a pod that keeps a rollout from going on: what a person would look at first."""

from collections.abc import Iterable, Mapping

from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core.facts import PodFact
from rocketmq_operator.kube.errors import KubeError
from rocketmq_operator.kube.port import Kube


async def last_words(
    kube: Kube, namespace: str, pods: Iterable[PodFact], conditions: Iterable[Condition]
) -> Mapping[str, str]:
    """By pod; asked only while a rollout is halted, of pods that started and are not ready. What cannot be read is left out."""
    rolling = condition(list(conditions), "RollingOut")
    if rolling is None or rolling.reason != "Halted":
        return {}
    found = {}
    for pod in pods:
        if pod.ready or pod.deleting or not (pod.container or pod.restarts):
            continue
        try:
            text = await kube.pod_log(namespace, pod.name, lines=1, previous=not pod.container)
        except KubeError:
            continue
        found[pod.name] = text.strip()[-300:]
    return found
