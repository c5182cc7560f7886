"""From a pod object to a running process, and back into the pod's status."""

from collections.abc import Callable
from typing import Any, Protocol

from . import scheduler
from .api import Api
from .kernel import Kernel
from .nodes import Nodes
from .pod import Pod, status
from .stored import Json, Key
from .volumes import Volumes


class Process(Protocol):
    """What runs in a container."""

    listening: bool

    def stop(self) -> None:
        """SIGTERM: it ends by itself a little later (``Pod.exited``)."""

    def kill(self, *, quiet: bool) -> None:
        """It is gone at once; ``quiet``: without anybody's connection being closed."""


NOWHERE = "nowhere"
"""A registry that has no image at all."""

FORGIVEN_MS = 600_000
"""A container that ran for so long starts again without a pause (Kubernetes: *Pod Lifecycle*, restart policy)."""

Launch = Callable[[Pod], Any]


class Containers:
    """What kubelets do with the pods of their nodes; each pod object has a ``Pod`` for as long as it exists."""

    def __init__(self, kernel: Kernel, api: Api, nodes: Nodes, volumes: Volumes, launch: Launch) -> None:
        self._kernel, self._api, self._nodes, self._volumes, self._launch = kernel, api, nodes, volumes, launch
        self._random = kernel.random("kubelets")
        self.pods: dict[Key, Pod] = {}
        self.by_ip: dict[str, Pod] = {}
        self.trouble = 0.05

    def obj(self, pod: Pod) -> Json | None:
        """The pod object, if it is still the same one."""
        found = self._api.find("pods", pod.key)
        return found if found and found["metadata"]["uid"] == pod.uid else None

    def _schedule(self, pod: Pod) -> None:
        obj = self.obj(pod)
        if obj is None or pod.node is not None:
            return
        if obj["metadata"].get("deletionTimestamp"):
            self._api.remove("pods", pod.key)
            return
        name, why = scheduler.place(self._api, self._nodes, self._volumes, self._random, pod.key, obj)
        if not name:
            if pod.unschedulable != why:
                pod.unschedulable = why
                self._kernel.count("fault/pod/unschedulable")
                self._write(pod, obj)
            self._kernel.later(10, self._schedule, pod)
            return
        pod.unschedulable = ""
        pod.node = self._nodes.all[name]
        self._api.update("pods", pod.key, lambda each: {**each, "spec": {**each["spec"], "nodeName": name}})
        self._kernel.work(self._delay(0.2, 2.0, "slow-start", 40), self._create_container, pod)

    def _delay(self, least: float, most: float, trouble: str, worst: float) -> float:
        if self.trouble and self._random.random() < self.trouble:
            self._kernel.count(f"fault/pod/{trouble}")
            return self._random.uniform(most, worst)
        return self._random.uniform(least, most)

    def _create_container(self, pod: Pod) -> None:
        obj = self.obj(pod)
        if obj is None or pod.node is None or pod.process is not None or pod.terminating:
            return
        stuck = pod.stuck_until > self._kernel.now()
        if stuck or not pod.node.alive or not pod.mount(self._api, self._volumes, obj):
            self._kernel.later(3.0, self._create_container, pod)
            return
        if pod.image.startswith(NOWHERE):
            pod.failed_at = pod.failed_at or self._kernel.now()
            pod.waiting = ("ErrImagePull", "manifest unknown")
            self.publish(pod)
            self._kernel.later(60.0, self._create_container, pod)
            return
        if self.trouble and self._random.random() < self.trouble / 2:
            self._kernel.count("fault/pod/image-pull")
            pod.waiting = ("ImagePullBackOff", "Back-off pulling image")
            self.publish(pod)
            self._kernel.work(self._random.uniform(5, 30), self._create_container, pod)
            return
        pod.waiting = ("", "")
        if not pod.ip:
            number = self._kernel.number()
            pod.ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            self.by_ip[pod.ip] = pod
        pod.container = f"containerd://{self._kernel.number():08d}"
        pod.started_ms, pod.started_at = self._kernel.milliseconds(), self._kernel.stamp()
        pod.process = self._launch(pod)
        self.publish(pod)

    def exited(self, pod: Pod, code: int, message: str) -> None:
        """The process in a container has ended; a new container follows after a pause that grows."""
        if pod.removed or pod.process is None:
            return
        pod.process = None
        pod.ended, pod.ended_at = (code, message), self._kernel.now()
        pod.is_ready = False
        if pod.terminating:
            self._remove(pod)
            return
        pod.restarts += 1
        ran_long = self._kernel.milliseconds() - pod.started_ms > FORGIVEN_MS
        pod.in_a_row = 1 if ran_long else pod.in_a_row + 1
        pause = 0.5 if pod.in_a_row == 1 else min(40.0, 5.0 * 2 ** min(pod.in_a_row - 2, 4))
        pod.waiting = ("CrashLoopBackOff", "back-off restarting failed container") if pod.in_a_row > 1 else ("", "")
        self.publish(pod)
        self._kernel.later(pause, self._create_container, pod)

    def probe(self, pod: Pod) -> None:
        """A process listens, or no longer does; probes notice after a while."""
        self._kernel.work(self._random.uniform(0.2, 3), self._probed, pod, pod.container)

    def _probed(self, pod: Pod, container: str) -> None:
        if pod.removed or pod.container != container or pod.process is None:
            return
        if pod.is_ready != pod.process.listening:
            pod.is_ready = pod.process.listening
            self.publish(pod)

    def starve(self, pod: Pod, seconds: float) -> None:
        """A node that is too busy: its probes get no answer in time, though the process serves."""
        pod.is_ready = False
        self.publish(pod)
        self._kernel.later(seconds, self.probe, pod)

    def restart(self, pod: Pod) -> None:
        """The container is killed and started again in place."""
        if pod.process is not None:
            pod.process.kill(quiet=False)
            self.exited(pod, 137, "")

    def _terminate(self, pod: Pod) -> None:
        if pod.removed or pod.terminating:
            return
        if pod.node is None:
            self._api.remove("pods", pod.key)
            return
        if not pod.node.reachable:
            return
        pod.terminating = True
        if pod.process is None:
            self._kernel.work(self._random.uniform(0.2, 2), self._remove, pod)
            return
        pod.process.stop()
        grace = 60.0 if self.trouble and self._random.random() < self.trouble else self._random.uniform(1, 12)
        if grace == 60.0:
            self._kernel.count("fault/pod/slow-stop")
        self._kernel.work(grace, self._remove, pod)

    def _remove(self, pod: Pod) -> None:
        if pod.removed or pod.node is None or not pod.node.reachable:
            return
        if pod.process is not None:
            pod.process.kill(quiet=False)
            pod.process = None
        self._api.remove("pods", pod.key)

    def publish(self, pod: Pod) -> None:
        """Write the pod's status, if its node can."""
        obj = self.obj(pod)
        if obj is not None and not pod.removed and (pod.node is None or pod.node.reachable):
            self._write(pod, obj)

    def _write(self, pod: Pod, obj: Json) -> None:
        wanted = status(pod, obj)
        if wanted != obj.get("status"):
            self._api.replace("pods", pod.key, {**obj, "status": wanted})
