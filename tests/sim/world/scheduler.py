"""Where a pod may run: cordons, selectors, hard anti-affinity, node-bound volumes."""

from random import Random

from .api import Api
from .nodes import Nodes
from .selectors import by_selector
from .stored import Json, Key
from .volumes import Volumes, claims_of


def place(api: Api, nodes: Nodes, volumes: Volumes, random: Random, key: Key, pod: Json) -> tuple[str, str]:
    """A node, or "" and why there is none (as the scheduler says it)."""
    bound = {volumes.bound_to((key[0], name)) for name in claims_of(pod)} - {""}
    reasons: list[str] = []
    fit = []
    for name, node in nodes.all.items():
        reason = _refuses(api, nodes, name, pod, key[0], bound)
        if reason or not node.reachable:
            reasons.append(reason or "node(s) had untolerated taint")
        else:
            fit.append(name)
    if not fit:
        return "", f"0/{len(nodes.all)} nodes are available: {', '.join(sorted(set(reasons)))}."
    load = dict.fromkeys(fit, 0)
    for each in api.objects("pods"):
        at = each["spec"].get("nodeName")
        if at in load:
            load[at] += 1 + 5 * (each["metadata"]["labels"].items() & pod["metadata"]["labels"].items()).__len__()
    return min(fit, key=lambda name: (load[name], random.random())), ""


def _refuses(api: Api, nodes: Nodes, name: str, pod: Json, namespace: str, bound: set[str]) -> str:
    if nodes.cordoned(name):
        return "node(s) were unschedulable"
    if bound - {name}:
        return "node(s) had volume node affinity conflict"
    labels = (api.find("nodes", ("", name)) or {})["metadata"]["labels"]
    if not pod["spec"].get("nodeSelector", {}).items() <= labels.items():
        return "node(s) didn't match Pod's node affinity/selector"
    anti = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    terms = anti.get("requiredDuringSchedulingIgnoredDuringExecution", ())
    tests = [by_selector(term["labelSelector"]) for term in terms]
    for other in api.objects("pods") if tests else ():
        meta = other["metadata"]
        there = other["spec"].get("nodeName") == name and meta["namespace"] == namespace
        if there and meta["uid"] != pod["metadata"]["uid"] and any(test(meta["labels"]) for test in tests):
            return "node(s) didn't match pod anti-affinity rules"
    return ""
