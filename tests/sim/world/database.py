"""The API server's memory: versions, a log of changes for watches, owner references, deletion with finalizers."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from rocketmq_operator.kube.errors import Conflict, NotFound

from .kernel import Kernel
from .stored import Event, Json, Key, Managers, Stored

Listener = Callable[[Key, Json | None, Json | None], None]


class Database:
    """All objects. Writes are immediate and atomic; ``listen`` tells controllers of the world about them."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.rv = 1
        self.compacted = 0
        self.kinds: dict[str, dict[Key, Stored]] = {}
        self.logs: dict[str, list[Event]] = {}
        self.dependents: dict[str, dict[tuple[str, Key], None]] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    def listen(self, plural: str, listener: Listener) -> None:
        """Call ``listener(key, old, new)`` after each change of a kind."""
        self._listeners.setdefault(plural, []).append(listener)

    def subscribe(self, plural: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Wake a watcher at each change of a kind; returns how to stop that."""
        wakes = self._watchers.setdefault(plural, [])
        wakes.append(wake)
        return lambda: wakes.remove(wake) if wake in wakes else None

    def all(self, plural: str) -> dict[Key, Stored]:
        """The objects of a kind."""
        return self.kinds.get(plural, {})

    def objects(self, plural: str) -> list[Json]:
        """Their contents."""
        return [each.obj for each in self.all(plural).values()]

    def find(self, plural: str, key: Key) -> Json | None:
        """One object's content, or None."""
        stored = self.all(plural).get(key)
        return stored.obj if stored else None

    def stored(self, plural: str, key: Key) -> Stored:
        """One object; NotFound if it is not there."""
        found = self.all(plural).get(key)
        if found is None:
            raise NotFound(f'{plural} "{key[1]}" not found', status=404, reason="NotFound")
        return found

    def events_after(self, plural: str, rv: int) -> int:
        """The position in the log behind a version."""
        return bisect_right(self.log(plural), rv, key=lambda event: event.rv)

    def log(self, plural: str) -> list[Event]:
        """The changes of a kind, oldest first."""
        return self.logs.setdefault(plural, [])

    def insert(self, plural: str, obj: Json, managers: Any = None) -> Stored:
        """A new object; ``managers`` is who creates it."""
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        self.rv += 1
        fresh = {
            **metadata,
            "uid": f"uid-{self.kernel.number():05d}",
            "resourceVersion": str(self.rv),
            "creationTimestamp": self.kernel.stamp(),
            "generation": 1,
        }
        stored = Stored({**obj, "metadata": fresh}, self.rv, (managers, obj) if managers else None)
        self._commit(plural, key, stored)
        return stored

    def replace(self, plural: str, key: Key, obj: Json, managers: Managers | None = None) -> Stored:
        """The next version of an object; equal content is no change. An object without finalizers that is deleted goes."""
        old = self.stored(plural, key)
        if obj == old.obj and managers is None:
            return old
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and plural != "pods":
            self.remove(plural, key)
            return old
        if obj == old.obj:
            # Only ownership changed: a real server writes that, too, but nobody can see it.
            self.all(plural)[key] = old.follow(old.obj, old.rv, managers)
            return old
        self.rv += 1
        stored = old.follow({**obj, "metadata": {**metadata, "resourceVersion": str(self.rv)}}, self.rv, managers)
        self._commit(plural, key, stored)
        return stored

    def update(self, plural: str, key: Key, change: Callable[[Json], Json]) -> None:
        """A controller's write: ``change`` returns the new content and leaves the old alone. Nothing if it is gone."""
        old = self.all(plural).get(key)
        if old is not None:
            self.replace(plural, key, change(old.obj))

    def remove(self, plural: str, key: Key) -> None:
        """An object is gone."""
        if key in self.all(plural):
            self.rv += 1
            self._commit(plural, key, None)

    def _commit(self, plural: str, key: Key, new: Stored | None) -> None:
        kind = self.kinds.setdefault(plural, {})
        old = kind.get(key)
        if new is None:
            del kind[key]
        else:
            kind[key] = new
        self._owners(plural, key, old, new)
        self.log(plural).append(Event(self.rv, key, old, new))
        for wake in tuple(self._watchers.get(plural, ())):
            wake()
        for listener in self._listeners.get(plural, ()):
            listener(key, old.obj if old else None, new.obj if new else None)

    def _owners(self, plural: str, key: Key, old: Stored | None, new: Stored | None) -> None:
        before = old.obj["metadata"].get("ownerReferences", ()) if old else ()
        after = new.obj["metadata"].get("ownerReferences", ()) if new else ()
        if before is after:
            return
        for each in before:
            self.dependents.get(each["uid"], {}).pop((plural, key), None)
        for each in after:
            self.dependents.setdefault(each["uid"], {})[(plural, key)] = None


def check(stored: Stored, uid: str | None, version: str | None) -> None:
    """Preconditions of a write; Conflict if they do not hold."""
    metadata = stored.obj["metadata"]
    if uid and uid != metadata["uid"]:
        raise Conflict(f"uid is {metadata['uid']}, not {uid}", status=409, reason="Conflict")
    if version and version != metadata["resourceVersion"]:
        raise Conflict("the object has been modified", status=409, reason="Conflict")
