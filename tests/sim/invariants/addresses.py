"""A master that came back after its pod was taken goes to work when no client looks for it where it was."""

from datetime import datetime
from typing import Any

from rocketmq_operator.core import names

from ..world import World
from ..world.readiness import healthy
from . import facts
from .phases import LATE_SECONDS

Key = tuple[str, str]
CLOSED = ("Restarting", "Moving")
REMEMBERED_SECONDS = 60.0
"""A cluster's DNS keeps an address for 30 s, and Java for 30 s more."""
ROUNDED_SECONDS, SEEN_SECONDS = 2.0, 5.0
"""An API server tells whole seconds; a pod that is just there may not be seen yet."""


class Addresses:
    """``_out``: when a group was last seen not to take messages, or before anybody looked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._out: dict[tuple[Key, int], float] = {}
        self._known: set[tuple[Key, int]] = set()

    def look(self) -> None:
        """Who takes messages now."""
        for cluster in facts.clusters(self._world):
            key = (cluster["metadata"]["namespace"], cluster["metadata"]["name"])
            count = 0 if cluster["metadata"].get("deletionTimestamp") else cluster["spec"]["groupReplica"]
            for group in range(count):
                if (key, group) not in self._known or not self._serves(key, group):
                    self._out[key, group] = self._world.kernel.now()
            self._known = {each for each in self._known if each[0] != key} | {(key, group) for group in range(count)}

    def _serves(self, key: Key, group: int) -> bool:
        master = facts.broker(self._world, key[1], group, 0)
        pod = self._world.api.find("pods", (key[0], names.broker_pod(key[1], group, 0)))
        if master is None or pod is None or facts.phase(self._world, *key, group):
            return False
        open_ = facts.accepts(master) and bool(master.permission & 2) and master.pod.reachable
        return open_ and healthy(pod) and not facts.never_open(self._world, key[0], (key[1], group))

    def object_write(self, verb: str, plural: str, key: Key, body: Any) -> str | None:
        """A group goes from a restart or a move back to work."""
        there = self._world.api.find(plural, key) if plural == "configmaps" and "-broker-intent-" in key[1] else None
        if there is None or verb != "apply" or there.get("data", {}).get("phase") not in CLOSED:
            return None
        written = body.get("metadata", {}).get("resourceVersion", there["metadata"]["resourceVersion"])
        if written != there["metadata"]["resourceVersion"] or body.get("data", {}).get("phase", ""):
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
        known = (other for each, other in sorted(self._known) if each == key and other != group)
        return [other for other in known if self._out[key, other] < since]
