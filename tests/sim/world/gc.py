"""The garbage collector: what has lost all its owners goes; and claims that nobody uses any more."""

from .api import Api, without_owners
from .kernel import Kernel
from .stored import Json, Key

OWNERS = ("brokerclusters", "nameservers", "statefulsets", "pods", "services")
DEPENDENTS = ("configmaps", "poddisruptionbudgets", "services", "statefulsets")


class GarbageCollector:
    """Looks at dependents some time after their owner has gone, as the real one does."""

    def __init__(self, kernel: Kernel, api: Api) -> None:
        self._kernel = kernel
        self._api = api
        self._random = kernel.random("gc")
        for plural in OWNERS:
            api.listen(plural, self._changed)
        for plural in DEPENDENTS:
            api.listen(plural, self._made)

    def _changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is None and old is not None:
            uid = old["metadata"]["uid"]
            if self._api.dependents.get(uid):
                self._kernel.work(self._random.uniform(0.05, 2), self._collect, uid)
        elif new is not None and new["metadata"].get("deletionTimestamp"):
            self._foreground(key, new)

    def _made(self, key: Key, old: Json | None, new: Json | None) -> None:
        """Something that is made when its owner has gone already goes, too."""
        for owner in new["metadata"].get("ownerReferences", ()) if old is None and new is not None else ():
            if not self._exists(owner):
                self._kernel.work(self._random.uniform(0.05, 2), self._collect, owner["uid"])

    def _foreground(self, key: Key, obj: Json) -> None:
        if "orphan" in obj["metadata"].get("finalizers", ()):
            self._kernel.work(self._random.uniform(0.05, 2), self._orphan, key, obj["metadata"]["uid"], obj["kind"])
        if "foregroundDeletion" in obj["metadata"].get("finalizers", ()):
            self._kernel.later(
                self._random.uniform(0.05, 1), self._collect_first, obj["metadata"]["uid"], obj["kind"], key
            )

    def _orphan(self, key: Key, uid: str, kind: str) -> None:
        """Orphaning deletion: dependents lose their owner first, one after the other, then it goes."""
        for plural, each in list(self._api.dependents.get(uid, ())):
            self._api.update(plural, each, lambda obj: without_owners(obj, {uid}))
        plural, there = kind.lower() + "s", self._api.find(kind.lower() + "s", key)
        if there is not None and there["metadata"]["uid"] == uid:
            self._kernel.count("set/orphaned")
            self._api.update(plural, key, lambda obj: without_finalizer(obj, "orphan"))

    def _collect(self, uid: str) -> None:
        for plural, key in list(self._api.dependents.get(uid, ())):
            obj = self._api.find(plural, key)
            if obj is None:
                continue
            owners = obj["metadata"].get("ownerReferences", ())
            if all(not self._exists(each) for each in owners):
                self._delete(plural, key)
            else:
                self._api.update(plural, key, lambda each: without_owners(each, {uid}))

    def _collect_first(self, uid: str, kind: str, key: Key) -> None:
        """Foreground deletion: dependents first, then the owner."""
        for plural, each in list(self._api.dependents.get(uid, ())):
            self._delete(plural, each)
        plural = kind.lower() + "s"
        if self._api.dependents.get(uid):
            self._kernel.later(1.0, self._collect_first, uid, kind, key)
        else:
            self._api.update(plural, key, lambda obj: without_finalizer(obj, "foregroundDeletion"))

    def _exists(self, owner: Json) -> bool:
        plural = owner["kind"].lower() + "s"
        return any(each["metadata"]["uid"] == owner["uid"] for each in self._api.objects(plural))

    def _delete(self, plural: str, key: Key) -> None:
        delete(self._api, plural, key)


def delete(api: Api, plural: str, key: Key) -> None:
    """A deletion by a controller: pods and protected objects are marked, everything else goes."""
    obj = api.find(plural, key)
    if obj is None or obj["metadata"].get("deletionTimestamp"):
        return
    if obj["metadata"].get("finalizers") or (plural == "pods" and obj["spec"].get("nodeName")):
        metadata = {**obj["metadata"], "deletionTimestamp": api.kernel.stamp()}
        api.replace(plural, key, {**obj, "metadata": metadata})
    else:
        api.remove(plural, key)


def without_finalizer(obj: Json, name: str) -> Json:
    """An object without that finalizer."""
    kept = [each for each in obj["metadata"].get("finalizers", ()) if each != name]
    return {**obj, "metadata": {**obj["metadata"], "finalizers": kept}}
