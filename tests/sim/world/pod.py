"""One pod as its kubelet knows it, and the status that follows."""

from typing import TYPE_CHECKING, Any

from .api import Api
from .kernel import Kernel
from .nodes import Node
from .stored import Json, Key
from .volumes import Volume, Volumes

if TYPE_CHECKING:
    from .kubelet import Kubelets


class Pod:
    """``config`` is the mounted, immutable ConfigMap; ``intent`` the mutable one as it is projected now."""

    def __init__(self, kernel: Kernel, key: Key, uid: str, kubelets: "Kubelets") -> None:
        self.kernel = kernel
        self.key = key
        self.uid = uid
        self.kubelets = kubelets
        self.node: Node | None = None
        self.ip = ""
        self.container = ""
        self.process: Any = None
        self.is_ready = False
        self.terminating = False
        self.removed = False
        self.reboot = False
        self.restarts = 0
        self.in_a_row = 0
        self.started_ms = 0
        self.started_at = ""
        self.unschedulable = ""
        self.waiting = ("", "")
        self.failed_at = 0.0
        self.ended: tuple[int, str] | None = None
        self.ended_at = -1.0
        self.stuck_until = -1.0
        """Until then its node starts no container of it."""
        self.config: dict[str, str] = {}
        self.intent: dict[str, str] = {}
        self.intent_name = ""
        self.volumes: dict[str, Volume] = {}
        self.obj: Json = {}
        self._api: Api | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.key[1]

    @property
    def reachable(self) -> bool:
        """Whether packets reach it."""
        return self.node is not None and self.node.reachable and not self.removed

    def mount(self, api: Api, volumes: Volumes, obj: Json) -> bool:
        """Bring in ConfigMaps and claims; False while one that must be there is not."""
        self._api = api
        self.obj = obj
        for each in obj["spec"].get("volumes", ()):
            if "configMap" in each and not self._mount_config(api, each):
                return False
            if "persistentVolumeClaim" in each:
                claim = (self.key[0], each["persistentVolumeClaim"]["claimName"])
                volume = volumes.of(claim, self.node.name if self.node else "")
                if volume is None:
                    return False
                self.volumes[each["name"]] = volume
            if "emptyDir" in each and each["name"] not in self.volumes:
                self.volumes[each["name"]] = Volume(f"{each['name']} of {self.name}", self.uid)
        return True

    def _mount_config(self, api: Api, volume: Json) -> bool:
        name = volume["configMap"]["name"]
        found = api.find("configmaps", (self.key[0], name))
        if found is None and not volume["configMap"].get("optional"):
            return False
        data = dict((found or {}).get("data", {}))
        if volume["name"] == "intent":
            # What is projected already stays until the kubelet's next sync.
            self.intent = self.intent or data
            self.intent_name = name
        else:
            self.config = data
        return True

    def sync_intent(self) -> None:
        """The kubelet projects the ConfigMap as it is now."""
        found = self._api.find("configmaps", (self.key[0], self.intent_name)) if self._api else None
        if found is not None:
            self.intent = dict(found.get("data", {}))

    def environment(self, name: str) -> str:
        """A variable of its container."""
        for each in self.obj["spec"]["containers"][0].get("env", ()):
            if each["name"] == name:
                return str(each.get("value", ""))
        return ""

    @property
    def image(self) -> str:
        """Its container's image."""
        return str(self.obj["spec"]["containers"][0]["image"])


def status(pod: Pod, obj: Json) -> Json:
    """The pod's status: ours (gates) are kept, the rest is the kubelet's."""
    before = {each["type"]: each for each in obj.get("status", {}).get("conditions", ())}
    conditions = [each for name, each in before.items() if "/" in name]
    if pod.unschedulable:
        conditions.append(
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": pod.unschedulable}
        )
    elif pod.node is not None:
        conditions.append({"type": "PodScheduled", "status": "True"})
    gates = [each["conditionType"] for each in obj["spec"].get("readinessGates", ())]
    opened = all(before.get(gate, {}).get("status") == "True" for gate in gates)
    conditions.append(_since(pod, before, {"type": "ContainersReady", "status": "True" if pod.is_ready else "False"}))
    conditions.append({"type": "Ready", "status": "True" if pod.is_ready and opened else "False"})
    found: Json = {"phase": "Running" if pod.container else "Pending", "conditions": conditions}
    if pod.ip:
        found["podIP"] = pod.ip
    if pod.container or pod.waiting[0]:
        found["containerStatuses"] = [_container(pod, obj)]
    return found


def _since(pod: Pod, before: dict[str, Json], condition: Json) -> Json:
    """With the time at which it became so."""
    there = before.get(condition["type"], {})
    same = there.get("status") == condition["status"]
    return {**condition, "lastTransitionTime": there["lastTransitionTime"] if same else pod.kernel.stamp()}


def _container(pod: Pod, obj: Json) -> Json:
    spec = obj["spec"]["containers"][0]
    ended = {"terminated": {"exitCode": pod.ended[0], "message": pod.ended[1]}} if pod.ended else {}
    if pod.process is not None:
        state: Json = {"running": {"startedAt": pod.started_at}}
    elif pod.waiting[0]:
        state = {"waiting": {"reason": pod.waiting[0], "message": pod.waiting[1]}}
    else:
        state = ended or {"waiting": {"reason": "ContainerCreating"}}
    return {
        "name": spec["name"], "image": spec["image"], "containerID": pod.container, "ready": pod.is_ready,
        "restartCount": pod.restarts, "state": state, "lastState": ended,
    }  # fmt: skip
