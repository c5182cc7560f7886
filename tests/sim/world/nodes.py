"""Nodes: they cordon, vanish, are cut off, and come back."""

from collections.abc import Callable

from .api import Api
from .kernel import Kernel
from .stored import Json

NOT_READY_SECONDS = 40.0
EVICTION_SECONDS = 300.0


class Node:
    """A machine. ``alive``: it runs; ``cut``: nobody reaches it; ``boots`` counts its lives."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.alive = True
        self.cut = False
        self.boots = 1
        self.lost_at: float | None = None

    @property
    def reachable(self) -> bool:
        """Whether anything reaches what runs there."""
        return self.alive and not self.cut


class Nodes:
    """All nodes."""

    def __init__(self, kernel: Kernel, api: Api, count: int) -> None:
        self._kernel = kernel
        self._api = api
        self.all: dict[str, Node] = {}
        self.on_change: list[Callable[[Node], None]] = []
        for number in range(count):
            node = Node(f"node-{number}", f"192.168.0.{number + 1}")
            self.all[node.name] = node
            api.insert("nodes", _object(node, number))

    def cordoned(self, name: str) -> bool:
        """Whether a node takes no new pods."""
        obj = self._api.find("nodes", ("", name))
        return bool(obj and obj["spec"].get("unschedulable"))

    def cordon(self, name: str, on: bool) -> None:
        """``kubectl cordon`` and ``uncordon``."""
        self._kernel.tell("user", "cordons" if on else "uncordons", name)
        self._api.update("nodes", ("", name), lambda obj: {**obj, "spec": {"unschedulable": True} if on else {}})

    def vanish(self, node: Node) -> None:
        """The machine dies."""
        self._kernel.tell("node", node.name, "dies")
        node.alive = False
        self._lost(node)

    def cut(self, node: Node) -> None:
        """The machine runs on, but nobody reaches it."""
        self._kernel.tell("node", node.name, "is cut off")
        node.cut = True
        self._lost(node)

    def come_back(self, node: Node) -> None:
        """It is there again, after a boot if it had died."""
        if node.reachable:
            return
        self._kernel.tell("node", node.name, "is back")
        node.boots += not node.alive
        node.alive, node.cut, node.lost_at = True, False, None
        self._ready(node.name, True)
        for each in self.on_change:
            each(node)

    def _lost(self, node: Node) -> None:
        node.lost_at = self._kernel.now()
        for each in self.on_change:
            each(node)
        self._kernel.later(NOT_READY_SECONDS, self._not_ready, node, node.lost_at)

    def _not_ready(self, node: Node, lost_at: float) -> None:
        if node.lost_at == lost_at:
            self._ready(node.name, False)
            for each in self.on_change:
                each(node)
            self._kernel.later(EVICTION_SECONDS, self._evict, node, lost_at)

    def _evict(self, node: Node, lost_at: float) -> None:
        if node.lost_at == lost_at:
            for each in self.on_change:
                each(node)

    def _ready(self, name: str, ready: bool) -> None:
        conditions = [{"type": "Ready", "status": "True" if ready else "Unknown"}]
        self._api.update(
            "nodes", ("", name), lambda obj: {**obj, "status": {**obj["status"], "conditions": conditions}}
        )


def _object(node: Node, number: int) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {"kubernetes.io/hostname": node.name, "topology.kubernetes.io/zone": f"zone-{number % 2}"},
        },
        "spec": {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": node.address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
