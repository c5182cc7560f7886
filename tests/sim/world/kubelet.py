"""Kubelets: they follow the API server and their nodes."""

from .api import Api
from .containers import Containers, Launch
from .kernel import Kernel
from .nodes import NOT_READY_SECONDS, Node, Nodes
from .pod import Pod
from .stored import Json, Key
from .volumes import Volumes


class Kubelets(Containers):
    """All kubelets together."""

    def __init__(self, kernel: Kernel, api: Api, nodes: Nodes, volumes: Volumes, launch: Launch) -> None:
        super().__init__(kernel, api, nodes, volumes, launch)
        api.listen("pods", self._changed)
        api.listen("configmaps", self._config_changed)
        nodes.on_change.append(self._node_changed)

    # --- from the API server

    def _changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is None:
            self._gone(key)
        elif old is None:
            pod = Pod(self._kernel, key, new["metadata"]["uid"], self)
            self.pods[key] = pod
            self._kernel.work(self._random.uniform(0.02, 0.5), self._schedule, pod)
        else:
            pod = self.pods[key]
            if new["metadata"].get("deletionTimestamp") and not old["metadata"].get("deletionTimestamp"):
                self._kernel.work(self._random.uniform(0.02, 1), self._terminate, pod)
            elif _gates(old) != _gates(new):
                self._kernel.work(self._random.uniform(0.02, 0.5), self.publish, pod)

    def _gone(self, key: Key) -> None:
        pod = self.pods.pop(key)
        if pod.process is not None:
            pod.process.kill(quiet=False)
        pod.removed = True
        self.by_ip.pop(pod.ip, None)
        self._retry_unscheduled()

    def _config_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        """A projected ConfigMap reaches running pods late: kubelet's sync period and cache (up to about 90 s)."""
        if new is None or (old is not None and old.get("data") == new.get("data")):
            return
        for pod in self.pods.values():
            if pod.intent_name == key[1] and pod.key[0] == key[0]:
                self._kernel.work(self._random.uniform(0.5, 90), pod.sync_intent)

    # --- nodes

    def _node_changed(self, node: Node) -> None:
        for pod in list(self.pods.values()):
            if pod.node is node:
                self._on_node(pod, node)
        if node.reachable:
            self._retry_unscheduled()

    def _on_node(self, pod: Pod, node: Node) -> None:
        if not node.alive and pod.process is not None:
            pod.process.kill(quiet=True)
            pod.process, pod.is_ready = None, False
            pod.reboot = True
        lost = self._kernel.now() - node.lost_at if node.lost_at is not None else 0.0
        if node.lost_at is not None and lost >= NOT_READY_SECONDS - 1:
            self._unready(pod, evict=lost > NOT_READY_SECONDS + 1)
        if node.reachable:
            self._recover(pod)

    def _unready(self, pod: Pod, *, evict: bool) -> None:
        """What the node controller writes in the kubelet's place; much later the pod is to go, which nobody can do there."""
        obj = self.obj(pod)
        if obj is None:
            return
        kept = [each for each in obj["status"].get("conditions", ()) if each["type"] != "Ready"]
        conditions = [*kept, {"type": "Ready", "status": "False", "reason": "NodeNotReady"}]
        metadata = obj["metadata"]
        if evict and not metadata.get("deletionTimestamp"):
            metadata = {**metadata, "deletionTimestamp": self._kernel.stamp()}
        self._api.replace(
            "pods", pod.key, {**obj, "metadata": metadata, "status": {**obj["status"], "conditions": conditions}}
        )

    def _recover(self, pod: Pod) -> None:
        obj = self.obj(pod)
        if obj is None:
            return
        if obj["metadata"].get("deletionTimestamp"):
            pod.terminating = False
            self._kernel.work(self._random.uniform(0.1, 3), self._terminate, pod)
        elif pod.reboot:
            # A boot makes a new sandbox: a new address, a new container.
            pod.reboot = False
            self.by_ip.pop(pod.ip, None)
            pod.ip = ""
            self._kernel.work(self._random.uniform(1, 8), self._create_container, pod)
        else:
            self._kernel.work(self._random.uniform(0.1, 3), self.publish, pod)

    def _retry_unscheduled(self) -> None:
        for pod in self.pods.values():
            if pod.node is None and pod.unschedulable:
                self._kernel.work(self._random.uniform(0.05, 0.5), self._schedule, pod)


def _gates(pod: Json) -> list[tuple[str, str]]:
    """Conditions that are not the kubelet's own."""
    return [
        (each["type"], each["status"]) for each in pod.get("status", {}).get("conditions", ()) if "/" in each["type"]
    ]
