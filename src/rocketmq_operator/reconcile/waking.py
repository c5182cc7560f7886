"""Who is to be looked at because of which change."""

from typing import Any

import msgspec

from rocketmq_operator.api import BROKER_CLUSTER, NAME_SERVER, NameServer
from rocketmq_operator.runtime.queue import WorkQueue

from .facts_of import claim_fact, pod_fact
from .views import ClaimView, Made, NodeView, PodView, View
from .world import Key, World, owner_key, referring

SETTLE_SECONDS = 0.5
"""From a change of what we made until the look at it: changes come in bursts, a pod that starts has five within a second."""


class Waking:
    """Puts the keys of what changed on the queue."""

    def __init__(self, world: World, queue: WorkQueue[Key]) -> None:
        self.world = world
        self._queue = queue
        world.clusters.subscribe(lambda old, new: self._resource_changed(BROKER_CLUSTER.kind, old, new))
        world.name_servers.subscribe(self._name_server_changed)
        world.pods.subscribe(self._object_changed)
        world.nodes.subscribe(self._node_changed)
        world.claims.subscribe(self._claim_changed)
        for store in world.made.values():
            store.subscribe(self._object_changed)

    def _resource_changed(self, kind: str, old: Any, new: Any) -> None:
        meta = (new or old).metadata
        # Our own status writes come back as changes; generation and annotations tell them from the user's.
        if old is None or new is None or _wish(old) != _wish(new):
            self._queue.add(Key(kind, meta.namespace, meta.name))

    def _node_changed(self, old: NodeView | None, new: NodeView | None) -> None:
        """A node that is cordoned, or takes pods again, wakes the clusters that have pods on it."""
        node = new or old
        if node and old and new and old.spec.unschedulable != new.spec.unschedulable:
            for key in self.world.on_node(node.metadata.name):
                self._queue.add(key)

    def _name_server_changed(self, old: NameServer | None, new: NameServer | None) -> None:
        self._resource_changed(NAME_SERVER.kind, old, new)
        self._wake_referring(old, new)

    def _wake_referring(self, old: NameServer | None, new: NameServer | None) -> None:
        server = new or old
        if server and (old is None or new is None or old.metadata.generation != new.metadata.generation):
            for key in referring(self.world, server):
                self._queue.add(key)

    def _object_changed(self, old: View | None, new: View | None) -> None:
        view = new or old
        key = owner_key(view) if view else None
        if key is None or (old is not None and new is not None and _same(old, new)):
            return
        self._queue.add_after(key, SETTLE_SECONDS)
        if key.kind == NAME_SERVER.kind:
            server = self.world.name_servers.get(key.namespace, key.name)
            for each in referring(self.world, server) if server else ():
                self._queue.add_after(each, SETTLE_SECONDS)

    def _claim_changed(self, old: ClaimView | None, new: ClaimView | None) -> None:
        """Claims that come and go do so with their pods; what wakes is how they grow, and that one is lost."""
        grows = old is not None and new is not None and (old.spec, old.status) != (new.spec, new.status)
        if grows or (new is not None and claim_fact(new).lost):
            self._object_changed(old, new)


def _same(old: View, new: View) -> bool:
    """Whether a change is none that a plan sees: pods and StatefulSets have a status of which most is no matter of ours."""
    version = {"resource_version": new.metadata.resource_version}
    if isinstance(old, PodView) and isinstance(new, PodView):
        return pod_fact(old) == pod_fact(new) and old.metadata.labels == new.metadata.labels
    if msgspec.structs.replace(old.metadata, **version) != new.metadata:
        return False
    return isinstance(old, Made) and isinstance(new, Made) and _content(old) == _content(new)


def _content(view: Made) -> tuple[msgspec.Raw, msgspec.Raw, int]:
    return view.spec, view.data, view.revision


def _wish(item: Any) -> tuple[int, dict[str, str]]:
    """What of a resource only its user changes."""
    return item.metadata.generation, item.metadata.annotations
