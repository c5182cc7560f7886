"""Rules about what must last, or must not: what a joined group was given is still there when it opens, and no group stays closed."""

from typing import Any

from rocketmq_operator.core import names

from ..world import NAMESPACE, World
from ..world.broker import Broker
from ..world.store import Store
from . import facts
from .broker_writes import opens

STUCK_SECONDS = 300.0
"""Longer than clients, slaves that begin anew and an operator that dies take together."""


class Given:
    """``given`` is what each master held in first offsets when its group was to open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._given: dict[str, tuple[Store, set[tuple[str, str, int]]]] = {}
        world.api.listen("configmaps", self._changed)

    def _changed(self, key: tuple[str, str], old: Any, new: Any) -> None:
        cluster, found, group = key[1].partition("-broker-intent-")
        if not found or old is None or new is None:
            return
        if (old["data"].get("phase"), new["data"].get("phase")) == ("Joining", "Opening"):
            store = facts.stores(self._world, cluster, int(group)).get(0)
            if store is not None:
                self._given[names.broker_pod(cluster, int(group), 0)] = store, set(store.offsets)

    def broker_write(self, operation: str, address: str, what: Any) -> str | None:
        """A master that died in between and had not written to its disk what it was given would let readers skip messages."""
        broker = self._world.rocketmq.broker_at(address) if operation == "update_broker_config" else None
        if broker is None or not broker.is_master or not opens(broker, what):
            return None
        store, given = self._given.pop(broker.pod.name, (None, set()))
        lost = sorted(given - broker.store.offsets.keys()) if store is broker.store else []
        return f"{broker.pod.name} opens and has forgotten {lost[0]}" if lost else None


class Closed:
    """``since`` when a group is closed for a rollout though nothing is wrong anywhere, and by the same containers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[tuple[str, ...], float] = {}

    def look(self, operators: int) -> str | None:
        """Which group nobody goes on with."""
        now = self._world.kernel.now()
        found = {self._containers(each): each for each in self._closed()} if operators and self._all_well() else {}
        self._since = {key: self._since.get(key, now) for key in found}
        late = next((found[key] for key, since in self._since.items() if now - since > STUCK_SECONDS), None)
        return (
            f"{late.name} has been closed for a rollout for {STUCK_SECONDS:.0f} s, and nothing happens"
            if late
            else None
        )

    def _closed(self) -> list[Broker]:
        return [
            each for each in self._world.rocketmq.brokers()
            if each.is_master and not (each.permission & 2 and facts.accepts(each)) and self._phase(each) == "Restarting"
        ]  # fmt: skip

    def _phase(self, master: Broker) -> str:
        group = facts.group_of(master.pod.obj or {"metadata": {}})
        return facts.phase(self._world, NAMESPACE, *group) if group else ""

    def _all_well(self) -> bool:
        pods = self._world.kubelets.pods.values()
        clear = not any(each.get("spec", {}).get("paused") for each in facts.clusters(self._world))
        return clear and all(each.reachable and each.process and each.process.listening for each in pods)

    def _containers(self, master: Broker) -> tuple[str, ...]:
        group = master.pod.name.rpartition("-")[0]
        pods = self._world.kubelets.pods.values()
        return tuple(sorted(each.container for each in pods if each.name.rpartition("-")[0] == group))
