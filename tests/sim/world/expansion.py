"""Volumes that grow (Kubernetes: *Expanding Persistent Volumes Claims*): the storage first, then the file system on its node.

Some storage says for a while that it cannot; whoever asks it again later gets what was asked for.
"""

from typing import Any

from .admission import size_of
from .api import Api
from .kernel import Kernel
from .stored import Json, Key
from .volumes import claims_of

PLURAL = "persistentvolumeclaims"
PENDING = "FileSystemResizePending"
FAILED = "ControllerResizeError"


class Expansion:
    """The resizer and the kubelets' part of it. ``trouble``: how often the storage refuses."""

    def __init__(self, kernel: Kernel, api: Api) -> None:
        self._kernel = kernel
        self._api = api
        self._random = kernel.random("expansion")
        self.trouble = self._random.choice((0.0, 0.1, 0.4))
        self._busy: set[str] = set()
        api.listen(PLURAL, self._changed)

    def _changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is not None and _due(new) and new["metadata"]["uid"] not in self._busy:
            self._busy.add(new["metadata"]["uid"])
            self._kernel.work(self._random.uniform(0.5, 15), self._storage, key, new["metadata"]["uid"])

    def _claim(self, key: Key, uid: str) -> Json | None:
        """The claim, while it is to grow."""
        found = self._api.find(PLURAL, key)
        if found is not None and found["metadata"]["uid"] == uid and _due(found):
            return found
        self._busy.discard(uid)
        return None

    def _storage(self, key: Key, uid: str) -> None:
        """The volume itself."""
        claim = self._claim(key, uid)
        if claim is None:
            self._told(key, uid)
        elif self._random.random() < self.trouble:
            self._kernel.count("fault/volume/cannot-grow")
            self._kernel.tell("the storage cannot give", key[1], claim["spec"]["resources"]["requests"]["storage"])
            self._told(key, uid, FAILED, "ControllerResizeInfeasible")
            self._kernel.later(self._random.uniform(20, 120), self._storage, key, uid)
        else:
            size = claim["spec"]["resources"]["requests"]["storage"]
            self._told(key, uid, PENDING, "NodeResizePending")
            self._kernel.work(self._random.uniform(1, 90), self._file_system, key, uid, size)

    def _file_system(self, key: Key, uid: str, size: str) -> None:
        """It grows where a pod uses it."""
        claim = self._api.find(PLURAL, key)
        if claim is None or claim["metadata"]["uid"] != uid:
            self._busy.discard(uid)
        elif not self._used(key):
            self._kernel.work(self._random.uniform(5, 30), self._file_system, key, uid, size)
        else:
            self._kernel.tell("volume", key[1], "has grown to", size)
            self._kernel.count("volume/grown")
            self._busy.discard(uid)
            # Whoever asked for more meanwhile is heard with this change.
            self._api.update(
                PLURAL, key, lambda obj: {**obj, "status": {"phase": "Bound", "capacity": {"storage": size}}}
            )

    def _used(self, key: Key) -> bool:
        return any(
            place[0] == key[0] and key[1] in claims_of(pod.obj) and pod.obj["status"].get("phase") == "Running"
            for place, pod in self._api.all("pods").items()
        )

    def _told(self, key: Key, uid: str, condition: str = "", state: str = "") -> None:
        """What the claim's status says of it; nothing once it is no more to grow."""
        claim = self._api.find(PLURAL, key)
        if claim is None or claim["metadata"]["uid"] != uid:
            return
        status: dict[str, Any] = {name: claim["status"][name] for name in ("phase", "capacity")}
        if condition:
            status["conditions"] = [{"type": condition, "status": "True", "message": "no room"}]
            status["allocatedResourceStatuses"] = {"storage": state}
        self._api.update(PLURAL, key, lambda obj: {**obj, "status": status})


def _due(claim: Json) -> bool:
    status = claim.get("status", {})
    if status.get("phase") != "Bound" or claim["metadata"].get("deletionTimestamp"):
        return False
    return size_of(claim["spec"]["resources"]["requests"]) > size_of(status["capacity"])
