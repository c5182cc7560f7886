"""Never two members of a group taken away at once by us: not by deleting pods, nor by what a StatefulSet is told."""

from typing import Any

from rocketmq_operator.core import names

from ..world import World
from ..world.readiness import healthy, revision_of
from ..world.revisions import name_of
from ..world.selectors import by_selector
from . import facts

Key = tuple[str, str]
PATIENCE_SECONDS = 115.0


class Taking:
    """``taken`` are members that an operator took and that are not back: pod name to the uid of the pod that went, and when."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._taken: dict[str, dict[str, tuple[str, float]]] = {}
        world.api.listen("pods", self._pod_changed)

    def _pod_changed(self, key: Key, old: Any, new: Any) -> None:
        """A member that was retired for good is not away: if it is ever made again, it is another one. Nor is one that users
        take away because it finds no node."""
        if new is not None:
            self._came_back(key, new)
        group = facts.group_of(old) if old is not None and new is None else None
        if group is not None and (self._retired(key[0], group, key[1]) or _homeless(old)):
            self._taken.get(names.workload(*group), {}).pop(key[1], None)

    def _came_back(self, key: Key, pod: Any) -> None:
        """What happens to it from now on, users or nodes do."""
        group = facts.group_of(pod)
        taken = self._taken.get(names.workload(*group), {}) if group else {}
        if key[1] in taken and taken[key[1]][0] != pod["metadata"]["uid"] and healthy(pod):
            del taken[key[1]]

    def _retired(self, namespace: str, group: tuple[str, int], name: str) -> bool:
        workload = self._world.api.find("statefulsets", (namespace, names.workload(*group)))
        return workload is None or int(name.rpartition("-")[2]) >= workload["spec"]["replicas"]

    def object_write(self, verb: str, plural: str, key: Key, body: Any) -> str | None:
        """What a write takes, and whether that is one too many."""
        if plural == "pods" and verb == "delete":
            return self._take(key[0], [key[1]], body.get("uid"))
        if plural == "statefulsets" and verb in ("apply", "patch", "patch/scale"):
            return self._set_write(key, body)
        return None

    def evicted(self, key: Key) -> str | None:
        """What an eviction takes; a pod that is broken anyway may always go."""
        pod = self._world.api.find("pods", key)
        if pod is None or not healthy(pod) or not self._guarded(key[0], pod):
            return None
        return self._take(key[0], [key[1]], None, evicted=True)

    def _guarded(self, namespace: str, pod: Any) -> bool:
        """Whether a budget guards the pod; one that users have just deleted does not."""
        labels = pod["metadata"]["labels"]
        return any(
            each["metadata"]["namespace"] == namespace and by_selector(each["spec"]["selector"])(labels)
            for each in self._world.api.objects("poddisruptionbudgets")
        )

    def _set_write(self, key: Key, body: Any) -> str | None:
        there = self._world.api.find("statefulsets", key)
        if there is None or facts.group_of(there) is None or not isinstance(body, dict):
            return None
        metadata = body.get("metadata", {})
        if (
            metadata.get("resourceVersion", there["metadata"]["resourceVersion"])
            != there["metadata"]["resourceVersion"]
        ):
            return None
        before, after = there["spec"], {**there["spec"], **body.get("spec", {})}
        gone = [f"{key[1]}-{number}" for number in range(after["replicas"], before["replicas"])]
        if f"{key[1]}-0" in gone:
            return f"{key[1]} is scaled to {after['replicas']}: its master goes before the group does"
        rolled = []
        partition = _partition(after)
        newest = name_of(key[1], after["template"])
        if name_of(key[1], before["template"]) != newest or partition < _partition(before):
            rolled = [
                each
                for each in self._there(key, range(partition, after["replicas"]))
                if self._other(key[0], each, newest)
            ]
            # Of a group that was never open the controller takes one after the other, and nobody is disturbed.
            if len(rolled) > 1 and self._opened(key[0], facts.group_of(there) or ("", -1)):
                return f"{key[1]}: a new template reaches {rolled} at once"
        return self._take(key[0], gone + rolled, None)

    def _there(self, key: Key, numbers: range) -> list[str]:
        pods = (f"{key[1]}-{number}" for number in numbers)
        return [each for each in pods if self._world.api.find("pods", (key[0], each))]

    def _other(self, namespace: str, name: str, revision: str) -> bool:
        """Whether a pod was made of another template, and is not going already."""
        pod = self._world.api.find("pods", (namespace, name))
        return pod is not None and revision_of(pod) != revision and not pod["metadata"].get("deletionTimestamp")

    def _take(self, namespace: str, pods: list[str], uid: str | None, *, evicted: bool = False) -> str | None:
        for name in pods:
            pod = self._world.api.find("pods", (namespace, name))
            if pod is None or (uid and pod["metadata"]["uid"] != uid):
                continue
            group = facts.group_of(pod)
            if group is None or not self._opened(namespace, group):
                # One that was never open has nobody to disturb.
                continue
            away = self._away(namespace, group)
            # Budgets count the members that are meant to stay: one that is retired and still ends is none of them.
            others = [each for each in away if each != name and not (evicted and self._retired(namespace, group, each))]
            if others and self._serves(namespace, name, pod):
                return f"{name} is taken away while {others[0]} of the same group is not back yet"
            if self._serves(namespace, name, pod):
                self._taken.setdefault(names.workload(*group), {})[name] = (
                    pod["metadata"]["uid"],
                    self._world.kernel.now(),
                )
        return None

    def _serves(self, namespace: str, name: str, pod: Any) -> bool:
        """Whether a member is back: it listens, and nobody stops it. Its readiness follows a little later."""
        running = self._world.kubelets.pods.get((namespace, name))
        listens = running is not None and running.reachable and running.process and running.process.listening
        return not pod["metadata"].get("deletionTimestamp") and (bool(listens) or healthy(pod))

    def _opened(self, namespace: str, group: tuple[str, int]) -> bool:
        intent = self._world.api.find("configmaps", (namespace, names.intent(*group))) or {}
        return bool(intent.get("data", {}).get("initialized") == "true")

    def _away(self, namespace: str, group: tuple[str, int]) -> list[str]:
        """Members taken and neither back nor meant to stay away."""
        taken = self._taken.get(names.workload(*group), {})
        since = self._world.kernel.now() - PATIENCE_SECONDS
        master = self._world.api.find("pods", (namespace, names.broker_pod(*group, 0)))
        dead = master is None or not self._serves(namespace, master["metadata"]["name"], master)
        for name, (uid, at) in list(taken.items()):
            pod = self._world.api.find("pods", (namespace, name))
            back = pod is not None and pod["metadata"]["uid"] != uid and self._serves(namespace, name, pod)
            running = self._world.kubelets.pods.get((namespace, name))
            homeless = running is not None and bool(running.unschedulable)
            # Where the master is lost, who waits for its return would wait for ever: slaves get what may mend it.
            back = back or self._called_back(namespace, group, name, uid)
            if (dead and at < since) or back or homeless or (pod is None and self._retired(namespace, group, name)):
                del taken[name]
        return list(taken)

    def _called_back(self, namespace: str, group: tuple[str, int], name: str, uid: str) -> bool:
        """Whether a member that was given to its controller is there still, and its controller may take it no more."""
        pod = self._world.api.find("pods", (namespace, name))
        workload = self._world.api.find("statefulsets", (namespace, names.workload(*group)))
        if pod is None or workload is None or pod["metadata"]["uid"] != uid or pod["metadata"].get("deletionTimestamp"):
            return False
        held = _partition(workload["spec"]) > int(name.rpartition("-")[2])
        newest = revision_of(pod) == name_of(names.workload(*group), workload["spec"]["template"])
        return (held or newest) and not self._retired(namespace, group, name) and self._serves(namespace, name, pod)


def _partition(spec: Any) -> int:
    return int(spec.get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0))


def _homeless(pod: Any) -> bool:
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", ())}
    return conditions.get("PodScheduled") == "False"
