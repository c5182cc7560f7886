"""Claims and the volumes behind them: they outlive pods, some are bound to a node, they go with their claim."""

from typing import TYPE_CHECKING

from .api import Api
from .gc import without_finalizer
from .kernel import Kernel
from .stored import Json, Key

if TYPE_CHECKING:
    from .store import Store

PROTECTION = "kubernetes.io/pvc-protection"
CLASS = "standard"
"""The default storage class; its volumes can grow."""


class Volume:
    """What a claim stands for. ``store`` is a broker's content, ``node`` where it lives (empty: reachable from anywhere)."""

    def __init__(self, name: str, claim_uid: str) -> None:
        self.name = name
        self.claim_uid = claim_uid
        self.node = ""
        self.gone = False
        self.stamp: tuple[str, ...] = ()
        self.store: Store | None = None
        self.hurt = False
        self.loses = 0
        """So many of the last records are not there at the next start: a power failure came first."""
        self.returned = 0
        """So many messages are sent back to it by consumers right after that start."""


class Volumes:
    """All volumes, by their claim's uid; the gone ones, too, for whoever asks where a message was."""

    def __init__(self, kernel: Kernel, api: Api) -> None:
        self._kernel = kernel
        self._api = api
        self._random = kernel.random("volumes")
        self.local = self._random.random() < 0.3
        self.all: dict[str, Volume] = {}
        api.insert("storageclasses", {"metadata": {"name": CLASS}, "allowVolumeExpansion": True})
        self.taken: set[str] = set()
        """Pods whose claims users have deleted."""
        api.listen("persistentvolumeclaims", self._claim_changed)
        api.listen("pods", self._pod_changed)

    def claim(self, namespace: str, claim: Json, owners: list[Json]) -> None:
        """Make a claim if it is not there."""
        key = (namespace, claim["metadata"]["name"])
        if self._api.find("persistentvolumeclaims", key) is None:
            metadata = {**claim["metadata"], "namespace": namespace, "finalizers": [PROTECTION]}
            if owners:
                metadata["ownerReferences"] = owners
            spec = {"storageClassName": CLASS, **claim["spec"]}
            made = {**claim, "spec": spec, "metadata": metadata, "status": {"phase": "Pending"}}
            self._api.insert("persistentvolumeclaims", made)

    def of(self, key: Key, node: str = "") -> Volume | None:
        """The volume behind a claim; made, and bound to ``node`` where storage is local, at its first use."""
        claim = self._api.find("persistentvolumeclaims", key)
        if claim is None:
            return None
        uid = claim["metadata"]["uid"]
        if uid not in self.all:
            volume = self.all[uid] = Volume(key[1], uid)
            volume.node = node if self.local else ""
            status = {"phase": "Bound", "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]}}
            self._api.update("persistentvolumeclaims", key, lambda obj: {**obj, "status": status})
        return self.all[uid]

    def bound_to(self, key: Key) -> str:
        """The node that a claim's volume is bound to, if there is one."""
        claim = self._api.find("persistentvolumeclaims", key)
        volume = self.all.get(claim["metadata"]["uid"]) if claim else None
        return volume.node if volume else ""

    def _claim_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is None and old is not None:
            volume = self.all.get(old["metadata"]["uid"])
            if volume:
                volume.gone = True
                self._kernel.tell("volume", volume.name, "is deleted with its claim")
        elif new is not None and new["metadata"].get("deletionTimestamp"):
            self._kernel.later(0.1, self._release, key)

    def _pod_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is None and old is not None:
            for name in claims_of(old):
                self._release((key[0], name))

    def _release(self, key: Key) -> None:
        claim = self._api.find("persistentvolumeclaims", key)
        if claim is None or not claim["metadata"].get("deletionTimestamp"):
            return
        for (namespace, _), pod in self._api.all("pods").items():
            if namespace == key[0] and key[1] in claims_of(pod.obj):
                return
        self._api.update("persistentvolumeclaims", key, lambda obj: without_finalizer(obj, PROTECTION))


def claims_of(pod: Json) -> list[str]:
    """The claims that a pod mounts."""
    found = (each.get("persistentVolumeClaim") for each in pod["spec"].get("volumes", ()))
    return [each["claimName"] for each in found if each]
