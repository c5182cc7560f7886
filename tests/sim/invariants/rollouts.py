"""Rules about rollouts: what a restart must wait for, how many groups it closes, what a failure stops."""

from collections.abc import Iterator
from typing import Any

from rocketmq_operator.core import names

from ..world import World
from ..world.containers import NOWHERE
from ..world.readiness import healthy, revision_of
from ..world.revisions import name_of
from . import facts
from .copies import moved

Key = tuple[str, str]
CLOSED = {"Yielding", "Restarting"}
NOTICED_SECONDS = 20.0
"""After so long an operator that runs has seen that a pod cannot start."""


def let_through(world: World, verb: str, plural: str, key: Key, body: Any) -> list[str]:
    """The pods that a write gives to their StatefulSet's controller, which will replace them."""
    there = world.api.find("statefulsets", key) if plural == "statefulsets" and verb == "patch" else None
    partition = body.get("spec", {}).get("updateStrategy", {}).get("rollingUpdate", {}).get("partition")
    if there is None or partition is None:
        return []
    metadata = body.get("metadata", {})
    if metadata.get("resourceVersion", there["metadata"]["resourceVersion"]) != there["metadata"]["resourceVersion"]:
        return []
    newest = name_of(key[1], there["spec"]["template"])
    pods = (f"{key[1]}-{number}" for number in range(partition, there["spec"]["replicas"]))
    found = ((name, world.api.find("pods", (key[0], name))) for name in pods)
    return [name for name, pod in found if pod is not None and revision_of(pod) != newest]


def restarts_only_equal(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A master that serves restarts only when it takes nothing, and its slaves hold all that it holds."""
    there = world.api.find(plural, key) if plural == "statefulsets" else None
    group = facts.group_of(there) if there else None
    taken = let_through(world, verb, plural, key, body) if group else []
    return moved(world, group, f"{key[1]}-0", "restarts") if group and f"{key[1]}-0" in taken else None


def one_group_closed_at_a_time(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """No more groups are closed for a rollout than the spec allows, and never all of them."""
    if plural != "configmaps" or verb != "apply" or "-broker-intent-" not in key[1]:
        return None
    before = (world.api.find(plural, key) or {}).get("data", {}).get("phase")
    if body.get("data", {}).get("phase") not in CLOSED or before in CLOSED:
        return None
    name, _, group = key[1].partition("-broker-intent-")
    cluster = facts.cluster(world, (key[0], name))
    if cluster is None:
        return None
    count = cluster["spec"]["groupReplica"]
    others = [each for each in range(count) if each != int(group) and facts.phase(world, key[0], name, each) in CLOSED]
    most = max(1, min(cluster["spec"].get("rollout", {}).get("maxUnavailableGroups", 1), count - 1))
    # A wish that was changed a moment ago may still be acted upon: only more than any wish allows is wrong.
    allowed = max(most, 2) if "rollout" in cluster["spec"] else most
    return f"broker-{group} is closed while {len(others)} others are" if len(others) >= allowed else None


def halted_means_halted(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """No pod that serves is restarted for an image with which another one of its cluster is seen to fail."""
    taken = let_through(world, verb, plural, key, body)
    there = world.api.find("statefulsets", key)
    if not taken or there is None:
        return None
    image = there["spec"]["template"]["spec"]["containers"][0]["image"]
    if not image.startswith(NOWHERE):
        return None
    label = names.CLUSTER_LABEL if facts.group_of(there) else names.NAME_SERVER_LABEL
    failing = list(_failing(world, label, there["metadata"]["labels"].get(label, ""), image))
    if facts.never_open(world, key[0], facts.group_of(there)):
        # Nobody writes to it or reads from it: its members do not wait for each other.
        return None
    serving = [each for each in taken if healthy(world.api.find("pods", (key[0], each)) or {"metadata": {}})]
    return f"{serving[0]} restarts for {image}, with which {failing[0]} fails" if serving and failing else None


def no_step_back(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """No template asks for a major version whose brokers cannot read what those that run have written."""
    group = facts.group_of(body) if plural == "statefulsets" and verb == "apply" else None
    if group is None or "template" not in body.get("spec", {}):
        return None
    image = str(body["spec"]["template"]["spec"]["containers"][0]["image"])
    for each in world.rocketmq.brokers():
        mine = each.pod.name.startswith(f"{names.workload(*group)}-")
        if mine and image.rpartition(":")[2].partition(".")[0] < each.version.partition(".")[0]:
            return f"{key[1]} is to run {image}, and {each.pod.name} runs {each.version}"
    return None


def _failing(world: World, label: str, owner: str, image: str) -> Iterator[str]:
    since = world.kernel.now() - NOTICED_SECONDS
    for pod in world.kubelets.pods.values():
        # One whose workload was taken away is nobody's any more, and ends.
        there = world.api.find("statefulsets", (pod.key[0], pod.name.rpartition("-")[0]))
        mine = there and pod.obj and pod.obj["metadata"]["labels"].get(label) == owner
        if mine and pod.image == image and pod.waiting[0] == "ErrImagePull" and pod.failed_at < since:
            yield pod.name
