"""A running cluster whose pods come back some seconds after they were taken, and time that passes."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterStatus
from rocketmq_operator.core.facts import BrokerFact
from rocketmq_operator.core.plan import Action, Configure, Plan, Remove, SetPartition
from tests.unit.core.groups.story import running
from tests.unit.core.world import World

BACK_MS = 15_000


def comes_without_image() -> tuple["Rolling", str]:
    """A second group comes with an image that nobody has, and its pods are not there yet; with the image of before."""
    world = Rolling(groups=1)
    good = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="bad", groupReplica=2)
    world.bad = {world.second().status.revision}
    world.pass_seconds(3)
    return world, good


class Rolling:
    """A world in which StatefulSet controller and kubelets do their work at each second."""

    def __init__(self, groups: int = 2, **spec: Any) -> None:
        self.world = running(groups, **spec)
        self.bad: set[str] = set()
        """Revisions whose pods never become ready."""
        self.taken: list[str] = []
        self.closed: dict[str, bool] = {}
        self.check: Callable[[World, list[str]], None] = lambda seen, taken: None
        """Told of each restart that is ordered, with the world as it was seen."""
        self._silent: dict[str, tuple[int, BrokerFact]] = {}
        self._gone: dict[str, int] = {}
        self._catch_up = False
        self._stored: dict[str, int] = {}
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
        self._hear()
        self._stored |= {name: fact.max_offset for name, fact in world.brokers.items()}
        before, seen, told = set(world.pods), world.copy(), len(world.done)
        plan = world.plan()
        self.check(seen, restarts(world.done[told:]))
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
                world.change_broker(name, max_offset=self._stored.get(name, 0))
        self.ready()
        if self._catch_up:
            self._copy()
        world.settle_revisions()
        return plan

    def _copy(self) -> None:
        for name, fact in self.world.brokers.items():
            master = self.world.brokers.get(f"{name.rpartition('-')[0]}-0")
            if master is not None and fact.max_offset != master.max_offset:
                self.world.change_broker(name, max_offset=max(fact.max_offset, master.max_offset))

    def fail(self, name: str) -> None:
        """A pod ends by itself, and comes back as its StatefulSet says."""
        self.world.stop(name)
        self._gone[name] = self.world.now_ms

    def silence(self, name: str, seconds: int) -> None:
        """A broker does not answer for a while."""
        self._silent[name] = (self.world.now_ms + seconds * 1000, self.world.brokers.pop(name))

    def _hear(self) -> None:
        for name, (until, fact) in list(self._silent.items()):
            if self.world.now_ms >= until:
                del self._silent[name]
                if name in self.world.pods and name not in self.world.brokers:
                    self.world.brokers[name] = fact

    def copy_everything(self) -> None:
        """Slaves catch up."""
        self._catch_up = True

    def time(self) -> str:
        """Now, as an annotation says it."""
        return datetime.fromtimestamp(self.world.now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

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
