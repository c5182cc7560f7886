"""A running cluster whose pods come back some seconds after they were taken, and time that passes."""

from collections.abc import Iterable
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.core.plan import Action, Configure, Plan, Remove, SetPartition
from tests.unit.core.groups.story import running

BACK_MS = 15_000


class Rolling:
    """A world in which StatefulSet controller and kubelets do their work at each second."""

    def __init__(self, groups: int = 2, **spec: Any) -> None:
        self.world = running(groups, **spec)
        self.bad: set[str] = set()
        """Revisions whose pods never become ready."""
        self.taken: list[str] = []
        self.closed: dict[str, bool] = {}
        self._gone: dict[str, int] = {}
        self.ready()
        self.pass_seconds(3)

    def ready(self) -> None:
        """Every pod whose image is good is ready and registered."""
        for name, pod in self.world.pods.items():
            good = pod.revision not in self.bad
            self.world.pods[name] = msgspec.structs.replace(pod, ready=good)

    def second(self) -> Plan[BrokerClusterStatus]:
        """The operator looks; the rest of the world goes on."""
        world = self.world
        world.now_ms += 1000
        before = set(world.pods)
        plan = world.plan()
        world.roll()
        for name in before - set(world.pods):
            self.taken.append(name)
            group = name.rpartition("-")[0]
            self.closed[name] = world.brokers.get(f"{group}-0") is None or not self.open(f"{group}-0")
            self._gone[name] = world.now_ms
        for name, since in list(self._gone.items()):
            if world.now_ms - since >= BACK_MS:
                del self._gone[name]
                _, group, member = name.split("-")
                world.start(int(group), int(member))
        self.ready()
        world.settle_revisions()
        return plan

    def open(self, master: str) -> bool:
        """Whether a master takes messages."""
        fact = self.world.brokers.get(master)
        return fact is not None and bool(fact.permission & 2) and fact.accepts_from <= self.world.now_ms

    def pass_seconds(self, seconds: int) -> Plan[BrokerClusterStatus]:
        """The last plan of so many."""
        for _ in range(seconds):
            plan = self.second()
        return plan

    def told(self, broker: str) -> list[dict[str, str]]:
        """What a broker was told, in order."""
        return [each.values for each in self.world.done if isinstance(each, Configure) and each.broker == broker][1:]

    def revisions(self) -> set[str]:
        return {pod.revision for pod in self.world.pods.values()}


def restarts(actions: Iterable[Action]) -> list[str]:
    """What was done to restart somebody, in order."""
    found = []
    for action in actions:
        if isinstance(action, SetPartition):
            found.append(f"{action.name}-{action.partition}")
        elif isinstance(action, Remove) and action.kind == "Pod":
            found.append(action.name)
    return found
