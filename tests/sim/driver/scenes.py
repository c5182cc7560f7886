"""What staged plays are made of. Each history has one of them: its cluster is made such that the moment can come, and while it goes on
nobody else does anything. They wait by looking twice a second, or are told of a change in the very moment of its writing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.consumer import Consumer
from ..world.pod import Pod
from ..world.readiness import healthy
from .events_rocketmq import make_topic
from .events_scaling import CLUSTER, scale_to
from .plays import masters_of, spec_of

if TYPE_CHECKING:
    from .history import History

LOOK_SECONDS = 0.5
Json = dict[str, Any]
Script = Callable[["History"], Awaitable[bool]]
"""Returns whether its moment came."""


class Scene(NamedTuple):
    """``script`` is played when ``after`` events have happened; ``cluster`` and ``servers`` are what the specs begin with. ``doubled``:
    two operators act at once, so that none of this history's waits to be elected; ``at_once``: it begins when the cluster is made."""

    name: str
    script: Script
    cluster: Mapping[str, Any] = {}
    servers: Mapping[str, Any] = {}
    after: int = 0
    doubled: bool = False
    at_once: bool = False


async def until(test: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in that time."""
    while seconds > 0 and not test():
        await asyncio.sleep(LOOK_SECONDS)
        seconds -= LOOK_SECONDS
    return test()


async def opened(history: "History", groups: int = 1, seconds: float = 150.0) -> list[Broker]:
    """The masters, once there are so many groups at least and all take messages; none if that takes too long."""
    spec = spec_of(history)
    if spec is not None and spec["groupReplica"] < groups:
        scale_to(history, CLUSTERS, CLUSTER, "groupReplica", groups)
    return masters_of(history) if await until(lambda: _all_open(history, groups), seconds) else []


def _all_open(history: "History", groups: int) -> bool:
    spec = spec_of(history)
    if spec is None or not groups <= spec["groupReplica"] == len(masters_of(history)):
        return False
    known = range(spec["groupReplica"])
    return all(facts.phase(history.world, NAMESPACE, CLUSTER, each) == "" for each in known) and _settled(history)


def _settled(history: "History") -> bool:
    """Whether every pod that there is to be is ready."""
    wanted = sum(each["spec"]["replicas"] for each in history.world.api.objects("statefulsets"))
    return bool(wanted == sum(map(healthy, history.world.api.objects("pods"))))


def topic_on(history: "History", *masters: Broker, order: bool = False) -> tuple[str, Consumer]:
    """A topic that lives there alone, and somebody who reads it."""
    everywhere = masters_of(history)
    name = make_topic(history, everywhere, list(masters), queues=1, order=order)
    consumer = history.world.clients.consumers[f"group-{name.removeprefix('topic-')}"]
    consumer.begun = consumer.online = True
    return name, consumer


def send(
    history: "History", broker: Broker, topic: str, *, heard: bool = True, kind: str = "normal", due: float = 0.0
) -> None:
    """One message; where it is not ``heard``, its sender died before the answer."""
    ledger, pod = history.world.ledger, broker.pod.uid
    batch = ledger.sent(topic, 1, history.world.clients.readers(topic))

    def done(code: int) -> None:
        if heard and not code:
            ledger.acknowledge(batch, broker.name, pod)

    broker.send(batch, topic, 0, done, due, kind)


def pod_of(history: "History", name: str) -> Pod | None:
    """A pod, if it is there."""
    return history.world.kubelets.pods.get((NAMESPACE, name))


def slaves_of(history: "History", group: int) -> list[Broker]:
    """The slaves of a group that listen."""
    found = history.world.rocketmq.brokers()
    return [each for each in found if not each.is_master and each.pod.name.startswith(f"{CLUSTER}-{group}-")]


def phase(history: "History", group: int) -> str:
    """Where a group stands; empty while it serves."""
    return facts.phase(history.world, NAMESPACE, CLUSTER, group)


def once(
    history: "History", plural: str, test: Callable[[Json | None, Json | None], bool], do: Callable[[], None]
) -> Callable[[], bool]:
    """Do something in the very moment in which an object changes as expected, the first time. What comes back says whether it came."""
    done: list[bool] = []

    def changed(key: tuple[str, str], old: Json | None, new: Json | None) -> None:
        if not done and not history.world.weather.quiet and test(old, new):
            done.append(True)
            do()

    history.world.api.listen(plural, changed)
    return lambda: bool(done)


def on_phase(history: "History", group: int, before: str, after: str, do: Callable[[], None]) -> None:
    """Do something in the moment in which a group's intent goes from one phase to another."""
    name = names.intent(CLUSTER, group)

    def test(old: Json | None, new: Json | None) -> bool:
        if old is None or new is None or new["metadata"]["name"] != name:
            return False
        return (old["data"].get("phase", ""), new["data"].get("phase", "")) == (before, after)

    once(history, "configmaps", test, do)
