"""A Kubernetes in memory, as far as a NameServer needs one: writes with preconditions, a StatefulSet controller, kubelets;
and the operator's stores fed from it when the test says so (so that views can be as stale as they may be)."""

import copy
from typing import Any, cast

import msgspec

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.kube.errors import AlreadyExists, Conflict, NotFound
from rocketmq_operator.kube.types import Json, Ref, Resource
from rocketmq_operator.reconcile.views import Made, PodView
from rocketmq_operator.reconcile.world import World

TYPES: dict[str, Any] = {"BrokerCluster": BrokerCluster, "NameServer": NameServer, "Pod": PodView}


class MemoryKube:
    """Objects by kind, namespace and name. ``writes`` tells what was written: verb, kind, name."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Json] = {}
        self.writes: list[tuple[str, str, str]] = []
        self._version = 0
        self._writers: dict[tuple[str, int], Any] = {}

    def find(self, kind: str, name: str, namespace: str = "ns") -> Json:
        """An object as it stands."""
        return self.objects[(kind, namespace, name)]

    def put(self, obj: Json) -> None:
        """Store an object; who stores one without a uid gets one."""
        self._version += 1
        meta = obj["metadata"]
        meta.setdefault("uid", f"uid-{self._version}")
        meta["resourceVersion"] = str(self._version)
        self.objects[(obj["kind"], meta["namespace"], meta["name"])] = obj

    def drop(self, kind: str, name: str, namespace: str = "ns") -> None:
        self.objects.pop((kind, namespace, name), None)

    def feed(self, world: World) -> None:
        """What watches would have told by now."""
        stores = {"BrokerCluster": world.clusters, "NameServer": world.name_servers, "Pod": world.pods, **world.made}
        for kind, store in stores.items():
            if (kind, id(store)) not in self._writers:
                self._writers[(kind, id(store))] = store.writer()  # type: ignore[attr-defined]
            writer = self._writers[(kind, id(store))]
            of_kind = [each for (found, _, _), each in self.objects.items() if found == kind]
            views = [msgspec.json.decode(msgspec.json.encode(each), type=TYPES.get(kind, Made)) for each in of_kind]
            writer.replace(views, {})

    async def get(self, ref: Ref, type: Any = dict) -> Any:  # noqa: A002
        return msgspec.convert(copy.deepcopy(self._there(ref)), type)

    def _there(self, ref: Ref) -> Json:
        found = self.objects.get((ref.resource.kind, ref.namespace or "", ref.name))
        if found is None:
            raise NotFound(f"{ref} not found", status=404)
        return found

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        type: Any = dict,  # noqa: A002
    ) -> list[Any]:
        """Objects of a kind; the selector is one label."""
        label, _, value = label_selector.partition("=")
        return [
            msgspec.json.decode(msgspec.json.encode(each), type=type)
            for (kind, place, _), each in self.objects.items()
            if kind == resource.kind
            and namespace in (None, place)
            and (not label or each["metadata"].get("labels", {}).get(label) == value)
        ]

    async def create(self, resource: Resource, obj: Json) -> Json:
        meta = obj["metadata"]
        if (resource.kind, meta["namespace"], meta["name"]) in self.objects:
            raise AlreadyExists(f"{meta['name']} exists", status=409)
        self.writes.append(("create", resource.kind, meta["name"]))
        self.put(copy.deepcopy(obj))
        return obj

    async def apply(
        self,
        resource: Resource,
        obj: Json,
        *,
        force: bool = True,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Json:
        meta = obj["metadata"]
        there = self.objects.get((resource.kind, meta["namespace"], meta["name"]), {})
        if dry_run:
            return cast(Json, _merged(copy.deepcopy(there), copy.deepcopy(obj)))
        self.writes.append((f"apply {subresource or ''}".strip(), resource.kind, meta["name"]))
        self.put(_merged(there, copy.deepcopy(obj)))
        return obj

    async def patch(
        self, ref: Ref, body: Json, *, kind: str = "merge", subresource: str | None = None, dry_run: bool = False
    ) -> Json:
        there = self._there(ref)
        if dry_run:
            return cast(Json, _merged(copy.deepcopy(there), copy.deepcopy(body)))
        for field in ("uid", "resourceVersion"):
            if body["metadata"].get(field, there["metadata"][field]) != there["metadata"][field]:
                raise Conflict(f"{ref}: {field} differs", status=409)
        self.writes.append((f"patch {subresource or ''}".strip(), ref.resource.kind, ref.name))
        if kind == "strategic":
            told = {each["type"]: each for each in body["status"]["conditions"]}
            kept = [each for each in there.get("status", {}).get("conditions", []) if each["type"] not in told]
            body = {"status": {"conditions": [*kept, *told.values()]}}
        self.put(_merged(there, copy.deepcopy(body)))
        return there

    async def delete(
        self, ref: Ref, *, uid: str | None = None, resource_version: str | None = None, propagation: str = "Background"
    ) -> None:
        meta = self._there(ref)["metadata"]
        if uid not in (None, meta["uid"]) or resource_version not in (None, meta["resourceVersion"]):
            raise Conflict(f"{ref} is another", status=409)
        self.writes.append(("delete", ref.resource.kind, ref.name))
        self.drop(ref.resource.kind, ref.name, ref.namespace or "")

    def size(self, name: str) -> int:
        return int(self.find("StatefulSet", name)["spec"]["replicas"])


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = {key: _merged(old.get(key), value) for key, value in new.items() if value is not None}
    return {**{key: value for key, value in old.items() if key not in new}, **merged}


class Kubelets:
    """The StatefulSet's controller and the kubelets: pods with addresses ``127.0.0.2`` and up, by ordinal."""

    def __init__(self, kube: MemoryKube) -> None:
        self._kube = kube
        self._lives = 0

    def run(self, workload: str) -> None:
        """Pods beyond the size are gone, the others run, ready when their gate says so."""
        size, template = self._kube.size(workload), self._kube.find("StatefulSet", workload)["spec"]["template"]
        for (kind, _, name), pod in list(self._kube.objects.items()):
            if kind != "Pod" or name.rpartition("-")[0] != workload:
                continue
            if int(name.rpartition("-")[2]) >= size:
                self._kube.drop("Pod", name)
            else:
                self._ready(pod, template)
        for ordinal in range(size):
            if ("Pod", "ns", f"{workload}-{ordinal}") not in self._kube.objects:
                self.start(f"{workload}-{ordinal}", template["metadata"]["labels"], f"127.0.0.{2 + ordinal}")
                self._kube.objects[("Pod", "ns", f"{workload}-{ordinal}")]["metadata"]["annotations"] = dict(
                    template["metadata"].get("annotations", {})
                )

    def start(self, name: str, labels: dict[str, str], ip: str) -> None:
        """A pod of one running container."""
        self._lives += 1
        status = {"containerID": f"run://{self._lives}", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
        self._kube.put(
            {
                "kind": "Pod",
                "metadata": {"name": name, "namespace": "ns", "labels": dict(labels)},
                "spec": {"nodeName": "node1"},
                "status": {"podIP": ip, "conditions": [], "containerStatuses": [status]},
            }
        )

    def _ready(self, pod: Json, template: Json) -> None:
        gates = [each["conditionType"] for each in template["spec"].get("readinessGates", [])]
        conditions = {each["type"]: each for each in pod["status"]["conditions"]}
        ready = all(conditions.get(gate, {}).get("status") == "True" for gate in gates)
        conditions["Ready"] = {"type": "Ready", "status": "True" if ready else "False"}
        self._kube.put({**pod, "status": {**pod["status"], "conditions": list(conditions.values())}})

    def listed(self, service: str) -> list[str]:
        """Pods that a Service names: selected, and ready if it publishes no others."""
        spec = self._kube.find("Service", service)["spec"]
        found = []
        for (kind, _, name), pod in self._kube.objects.items():
            ready = [each for each in pod.get("status", {}).get("conditions", []) if each["type"] == "Ready"]
            serves = spec["publishNotReadyAddresses"] or (ready and ready[0]["status"] == "True")
            if kind == "Pod" and spec["selector"].items() <= pod["metadata"]["labels"].items() and serves:
                found.append(name)
        return sorted(found)
