"""A master that came back after its pod was taken goes to work when no client looks for it where it was."""

from datetime import datetime
from typing import Any

from rocketmq_operator.core import names

from ..world import World
from ..world.broker import Broker
from ..world.readiness import healthy
from . import facts
from .copies import conflicts
from .phases import LATE_SECONDS

Key = tuple[str, str]
CLOSED = ("Restarting", "Moving")
REMEMBERED_SECONDS = 60.0
"""A cluster's DNS keeps an address for 30 s, and Java for 30 s more."""
ROUNDED_SECONDS, SEEN_SECONDS = 2.0, 5.0
"""An API server tells whole seconds; a pod that is just there may not be seen yet."""


class Addresses:
    """``_out``: when each group that is wanted was last seen not to take messages, or was seen first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._out: dict[tuple[Key, int], float] = {}

    def look(self) -> None:
        """Who takes messages now."""
        now, seen = self._world.kernel.now(), {}
        for cluster in facts.clusters(self._world):
            key = (cluster["metadata"]["namespace"], cluster["metadata"]["name"])
            count = 0 if cluster["metadata"].get("deletionTimestamp") else cluster["spec"]["groupReplica"]
            for group in range(count):
                seen[key, group] = self._out.get((key, group), now) if self._serves(key, group) else now
        self._out = seen

    def _serves(self, key: Key, group: int) -> bool:
        place = (key[0], names.broker_pod(key[1], group, 0))
        pod, running = self._world.api.find("pods", place), self._world.kubelets.pods.get(place)
        if pod is None or running is None or not isinstance(running.process, Broker) or not healthy(pod):
            return False
        open_ = facts.accepts(running.process) and bool(running.process.permission & 2) and running.reachable
        busy = facts.phase(self._world, *key, group) or facts.never_open(self._world, key[0], (key[1], group))
        return open_ and not busy

    def object_write(self, verb: str, plural: str, key: Key, body: Any) -> str | None:
        """A group goes from a restart or a move back to work."""
        there = self._world.api.find(plural, key) if plural == "configmaps" and "-broker-intent-" in key[1] else None
        if there is None or verb != "apply" or there.get("data", {}).get("phase") not in CLOSED:
            return None
        if conflicts(there, body) or body.get("data", {}).get("phase", ""):
            return None
        self.look()
        name, _, number = key[1].partition("-broker-intent-")
        age = self._age((key[0], name), int(number), int(there["data"]["since"]))
        if age is None or not SEEN_SECONDS < age < REMEMBERED_SECONDS - ROUNDED_SECONDS:
            return None
        serving = self._others((key[0], name), int(number), max(age, LATE_SECONDS))
        if not serving:
            return None
        return f"broker-{number} goes back to work {age:.0f} s after its master's pod came, though broker-{serving[0]} serves"

    def _age(self, key: Key, group: int, since: int) -> float | None:
        """Of a master's pod that came after its group was closed, in seconds."""
        pod = self._world.api.find("pods", (key[0], names.broker_pod(key[1], group, 0)))
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return None
        created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
        return None if created * 1000 < since else self._world.kernel.milliseconds() / 1000 - created

    def _others(self, key: Key, group: int, seconds: float) -> list[int]:
        """The groups that have taken messages for so long without a break."""
        since = self._world.kernel.now() - seconds
        return [
            other for (each, other), out in sorted(self._out.items()) if each == key and other != group and out < since
        ]
