"""Cached views of one kind: many readers, and a writer for each reflector that feeds it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import structlog

from rocketmq_operator.kube.types import Viewed

V = TypeVar("V", bound=Viewed)

Name = tuple[str, str]
"""Namespace (empty for a cluster-scoped object) and name."""

log = structlog.get_logger(__name__)


def name_of(view: Viewed) -> Name:
    """The key of a view."""
    return view.metadata.namespace, view.metadata.name


class Store(Generic[V]):
    """The read side. Views are frozen: what a reader holds never changes under it.

    ``undecodable`` holds, by name, why an object that exists has no view: absent is not the same as unreadable.
    """

    def __init__(self, indexers: Mapping[str, Callable[[V], Iterable[str]]] | None = None) -> None:
        self._views: dict[Name, V] = {}
        self._indexers = dict(indexers or {})
        self._indexes: dict[str, dict[str, dict[Name, V]]] = {name: {} for name in self._indexers}
        self._answers: dict[tuple[str, str], tuple[V, ...]] = {}
        self._handlers: list[Callable[[V | None, V | None], None]] = []
        self._unsynced: set[int] = set()
        self._writers = 0
        self._synced = asyncio.Event()
        self.undecodable: dict[Name, str] = {}

    def __len__(self) -> int:
        return len(self._views)

    def get(self, namespace: str, name: str) -> V | None:
        """One view."""
        return self._views.get((namespace, name))

    def values(self) -> tuple[V, ...]:
        """All views."""
        return tuple(self._views.values())

    def by_index(self, index: str, key: str) -> tuple[V, ...]:
        """All views to which an indexer gave ``key``; one and the same tuple until one of them changes."""
        found = self._answers.get((index, key))
        if found is None:
            found = tuple(self._indexes[index].get(key, {}).values())
            if found:
                self._answers[index, key] = found
        return found

    @property
    def synced(self) -> bool:
        """Whether every reflector that feeds this store has listed at least once."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return once ``synced``."""
        await self._synced.wait()

    def subscribe(self, handler: Callable[[V | None, V | None], None]) -> None:
        """Call ``handler(old, new)`` after every change from now on; ``old`` None: appeared, ``new`` None: gone.

        A handler is quick and does not raise (it puts keys on a queue); one that raises is logged and changes nothing.
        """
        self._handlers.append(handler)

    def writer(self) -> "Writer[V]":
        """A write side of its own; several may feed one store if they never write the same names."""
        self._writers += 1
        self._unsynced.add(self._writers)
        self._synced.clear()
        return Writer(self, self._writers)

    def _mark_synced(self, writer: int) -> None:
        self._unsynced.discard(writer)
        if not self._unsynced:
            self._synced.set()

    def _set(self, name: Name, new: V | None) -> None:
        old = self._views.get(name)
        if old is not None:
            self._unindex(name, old)
        if new is None:
            self._views.pop(name, None)
        else:
            self._views[name] = new
            self._index(name, new)
        for handler in self._handlers:
            try:
                handler(old, new)
            except Exception:
                log.exception("a handler of changes failed", namespace=name[0], name=name[1])

    def _index(self, name: Name, view: V) -> None:
        for index, indexer in self._indexers.items():
            for key in indexer(view):
                self._indexes[index].setdefault(key, {})[name] = view
                self._answers.pop((index, key), None)

    def _unindex(self, name: Name, view: V) -> None:
        for index, indexer in self._indexers.items():
            for key in indexer(view):
                self._answers.pop((index, key), None)
                names = self._indexes[index].get(key, {})
                names.pop(name, None)
                if not names:
                    self._indexes[index].pop(key, None)


class Writer(Generic[V]):
    """The write side: it alone changes the names it has written."""

    def __init__(self, store: Store[V], number: int) -> None:
        self._store = store
        self._number = number
        self._names: set[Name] = set()
        self.synced = False

    def replace(self, views: Iterable[V], undecodable: Mapping[Name, str]) -> None:
        """A whole list: what it does not hold is gone, though nobody said so."""
        fresh = {name_of(view): view for view in views}
        for name in sorted(self._names - fresh.keys() - undecodable.keys()):
            self.remove(name)
        for name, error in undecodable.items():
            self.refuse(name, error)
        for view in fresh.values():
            self.put(view)
        self.synced = True
        self._store._mark_synced(self._number)

    def put(self, view: V) -> None:
        """One object as it is now; the same version again is no change."""
        name = name_of(view)
        self._names.add(name)
        self._store.undecodable.pop(name, None)
        old = self._store.get(*name)
        version = view.metadata.resource_version
        if old is None or not version or old.metadata.resource_version != version:
            self._store._set(name, view)

    def refuse(self, name: Name, error: str) -> None:
        """An object exists but cannot be read: no view of it is better than an old one."""
        self._names.add(name)
        if self._store.undecodable.get(name) != error:
            log.warning("an object cannot be read, and is left out", namespace=name[0], name=name[1], error=error)
        self._store.undecodable[name] = error
        if self._store.get(*name) is not None:
            self._store._set(name, None)

    def remove(self, name: Name) -> None:
        """An object is gone."""
        self._names.discard(name)
        self._store.undecodable.pop(name, None)
        if self._store.get(*name) is not None:
            self._store._set(name, None)
