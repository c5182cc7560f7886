"""PodDisruptionBudgets and evictions (kubernetes: pkg/registry/core/pod/storage/eviction.go)."""

from collections.abc import Callable

from .api import Api
from .gc import delete
from .readiness import ready
from .selectors import by_selector
from .stored import Json, Key


def evict(api: Api, key: Key, before: Callable[[Key], None] = lambda key: None) -> str:
    """Evict a pod: "evicted", or why not, or "gone". ``before`` hears of it right before it happens."""
    pod = api.find("pods", key)
    if pod is None:
        return "gone"
    if pod["metadata"].get("deletionTimestamp"):
        return "going"
    labels = pod["metadata"].get("labels", {})
    budgets = [
        each for each in api.objects("poddisruptionbudgets")
        if each["metadata"]["namespace"] == key[0] and by_selector(each["spec"]["selector"])(labels)
    ]  # fmt: skip
    if len(budgets) > 1:
        return "has more than one budget, which the API server refuses"
    if budgets and not _allowed(api, budgets[0], pod):
        return f"would violate the budget {budgets[0]['metadata']['name']}"
    before(key)
    delete(api, "pods", key)
    return "evicted"


def _allowed(api: Api, budget: Json, pod: Json) -> bool:
    spec = budget["spec"]
    if not ready(pod) and spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    test = by_selector(spec["selector"])
    pods = [
        each for each in api.objects("pods")
        if each["metadata"]["namespace"] == pod["metadata"]["namespace"] and test(each["metadata"].get("labels", {}))
    ]  # fmt: skip
    expected = _expected(api, pods)
    healthy = sum(ready(each) and not each["metadata"].get("deletionTimestamp") for each in pods)
    if "minAvailable" in spec:
        return bool(healthy - 1 >= spec["minAvailable"])
    return bool(healthy - 1 >= expected - spec["maxUnavailable"])


def _expected(api: Api, pods: list[Json]) -> int:
    """How many pods there should be: the sum of the replicas of all controllers that the pods have.

    Kubernetes counts *all* of a controller's replicas, though the budget may select only some of its pods
    (disruption.go, getExpectedScale).
    """
    owners = {
        each["uid"] for pod in pods for each in pod["metadata"].get("ownerReferences", ()) if each.get("controller")
    }
    return sum(each["spec"]["replicas"] for each in api.objects("statefulsets") if each["metadata"]["uid"] in owners)
