"""The StatefulSet controller (kubernetes: pkg/controller/statefulset/stateful_set_control.go)."""

from .api import Api
from .gc import delete
from .kernel import Kernel
from .readiness import healthy, revision_of
from .revisions import Revisions, owner_of, pod_of
from .stored import Json, Key
from .volumes import Volumes


class StatefulSets:
    """Level-triggered: each change of a set or of one of its pods leads to a look, a little later."""

    def __init__(self, kernel: Kernel, api: Api, volumes: Volumes) -> None:
        self._kernel = kernel
        self._api = api
        self._volumes = volumes
        self._random = kernel.random("statefulsets")
        self._pending: set[Key] = set()
        self._revisions: dict[str, Revisions] = {}
        self.away_until = -1.0
        """Until then the controller manager does nothing: another one of it has still to be elected."""
        api.listen("statefulsets", lambda key, old, new: self._poke(key) if new else None)
        api.listen("pods", self._pod_changed)

    def _pod_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        for owner in ((new or old) or {})["metadata"].get("ownerReferences", ()):
            if owner["kind"] == "StatefulSet":
                self._poke((key[0], owner["name"]))

    def _poke(self, key: Key) -> None:
        if key not in self._pending:
            self._pending.add(key)
            away = max(0.0, self.away_until - self._kernel.now())
            self._kernel.later(away + self._random.uniform(0.01, 0.4), self._sync, key)

    def _sync(self, key: Key) -> None:
        self._pending.discard(key)
        if self.away_until > self._kernel.now():
            self._poke(key)
            return
        obj = self._api.find("statefulsets", key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return
        revisions = self._revisions.setdefault(obj["metadata"]["uid"], Revisions())
        revisions.look(key[1], obj)
        self._adopt(key, obj)
        pods = self._pods(obj)
        if self._scale(obj, pods, revisions):
            self._roll(obj, pods, revisions)
        self._keep(obj, pods)
        self._status(key, obj, revisions)

    def _adopt(self, key: Key, obj: Json) -> None:
        """Pods of that name and with its labels that belong to nobody are its own from now on (controller_ref_manager.go)."""
        wanted = obj["spec"]["selector"]["matchLabels"].items()
        for place, pod in list(self._api.all("pods").items()):
            metadata = pod.obj["metadata"]
            own = place[0] == key[0] and place[1].rpartition("-")[0] == key[1] and wanted <= metadata["labels"].items()
            if own and not metadata.get("ownerReferences") and not metadata.get("deletionTimestamp"):
                self._kernel.tell("statefulset", key[1], "adopts", place[1])
                self._kernel.count("set/adopted-a-pod")
                self._api.update("pods", place, lambda each: _owned(each, [owner_of(obj)]))

    def _keep(self, obj: Json, pods: dict[int, Json]) -> None:
        """Claims that go with their set belong to it, also if another one of that name had them before."""
        if obj["spec"].get("persistentVolumeClaimRetentionPolicy", {}).get("whenDeleted") != "Delete":
            return
        for pod in pods.values():
            for template in obj["spec"].get("volumeClaimTemplates", ()):
                key = (obj["metadata"]["namespace"], f"{template['metadata']['name']}-{pod['metadata']['name']}")
                claim = self._api.find("persistentvolumeclaims", key)
                if claim is not None and not claim["metadata"].get("ownerReferences"):
                    self._own(key, [owner_of(obj)])

    def _pods(self, obj: Json) -> dict[int, Json]:
        found = {}
        for plural, key in self._api.dependents.get(obj["metadata"]["uid"], ()):
            if plural == "pods":
                pod = self._api.find("pods", key)
                if pod is not None:
                    found[int(key[1].rpartition("-")[2])] = pod
        return found

    def _scale(self, obj: Json, pods: dict[int, Json], revisions: Revisions) -> bool:
        """Create what is missing, delete what is too much; False while an ordered set waits for one of its pods."""
        spec = obj["spec"]
        ordered = spec.get("podManagementPolicy") != "Parallel"
        first = spec.get("ordinals", {}).get("start", 0)
        wanted = range(first, first + spec["replicas"])
        for ordinal in wanted:
            pod = pods.get(ordinal)
            if pod is not None and pod.get("status", {}).get("phase") in ("Failed", "Succeeded"):
                delete(self._api, "pods", (obj["metadata"]["namespace"], pod["metadata"]["name"]))
                pod = None
                continue
            if pod is None and self._taken(obj, ordinal):
                if ordered:
                    return False
                continue
            if pod is None:
                pods[ordinal] = pod = self._api.insert("pods", pod_of(obj, ordinal, revisions, self._volumes)).obj
            if ordered and not healthy(pod):
                return False
        for ordinal in sorted(set(pods) - set(wanted), reverse=True):
            pod = pods.pop(ordinal)
            self._retire(obj, pod)
            if ordered:
                return False
        return True

    def _taken(self, obj: Json, ordinal: int) -> bool:
        """Whether a pod of an earlier set of that name still ends; it is tried again until it is gone."""
        key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
        if self._api.find("pods", (key[0], f"{key[1]}-{ordinal}")) is None:
            return False
        self._kernel.later(1.0, self._poke, key)
        return True

    def _retire(self, obj: Json, pod: Json) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        namespace, name = obj["metadata"]["namespace"], pod["metadata"]["name"]
        if obj["spec"].get("persistentVolumeClaimRetentionPolicy", {}).get("whenScaled") == "Delete":
            owner = {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": pod["metadata"]["uid"]}
            for template in obj["spec"].get("volumeClaimTemplates", ()):
                self._own((namespace, f"{template['metadata']['name']}-{name}"), [owner])
        self._kernel.tell("statefulset", obj["metadata"]["name"], "retires", name)
        delete(self._api, "pods", (namespace, name))

    def _own(self, key: Key, owners: list[Json]) -> None:
        self._api.update(
            "persistentvolumeclaims", key,
            lambda claim: _owned(claim, owners),
        )  # fmt: skip

    def _roll(self, obj: Json, pods: dict[int, Json], revisions: Revisions) -> None:
        """Replace pods of an old revision, the highest first, one at a time, none below the partition."""
        # Whatever is held back: what all pods run is the current revision (completeRollingUpdate).
        if all(revision_of(pod) == revisions.newest and healthy(pod) for pod in pods.values()):
            revisions.current = revisions.newest
        strategy = obj["spec"].get("updateStrategy", {})
        if strategy.get("type") == "OnDelete" or len(pods) < obj["spec"]["replicas"]:
            return
        partition = strategy.get("rollingUpdate", {}).get("partition", 0)
        for ordinal in sorted(pods, reverse=True):
            if ordinal < partition:
                return
            pod = pods[ordinal]
            if revision_of(pod) != revisions.newest and not pod["metadata"].get("deletionTimestamp"):
                self._kernel.tell("statefulset", obj["metadata"]["name"], "replaces", pod["metadata"]["name"])
                delete(self._api, "pods", (pod["metadata"]["namespace"], pod["metadata"]["name"]))
                return
            if not healthy(pod):
                return

    def _status(self, key: Key, obj: Json, revisions: Revisions) -> None:
        pods = self._pods(obj)
        status: Json = {
            "observedGeneration": obj["metadata"]["generation"],
            "replicas": len(pods),
            "readyReplicas": sum(healthy(pod) for pod in pods.values()),
            "currentRevision": revisions.current,
            "updateRevision": revisions.newest,
            "updatedReplicas": sum(revision_of(pod) == revisions.newest for pod in pods.values()),
        }
        if obj.get("status") != status:
            self._api.update("statefulsets", key, lambda each: {**each, "status": status})


def _owned(obj: Json, owners: list[Json]) -> Json:
    return {**obj, "metadata": {**obj["metadata"], "ownerReferences": owners}}
