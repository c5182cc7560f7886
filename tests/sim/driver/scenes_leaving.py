"""Groups leave: with a topic that nobody else can be given just now, called back in the last moment, or when it is too late for that."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAMESPACE
from ..world.broker import Broker
from .events_scaling import CLUSTER, scale_to
from .plays import masters_of
from .scenes import Json, Scene, on_phase, once, opened, phase, pod_of, topic_on, until
from .scenes_servers import flap

if TYPE_CHECKING:
    from .history import History

TWO = {"groupReplica": 2, "brokerImage": "rocketmq:5.4.0"}
HIDDEN_SECONDS = 190.0
"""A group is in no phase for a minute before the rule counts, and may be out of the routes for two."""


def _scale(history: "History", groups: int) -> None:
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", groups)


async def sole_topic_refused(history: "History") -> bool:
    """Something lives on the group that is to go alone, and those that stay cannot be given it for a while."""
    masters = await opened(history, 2)
    if not masters:
        return False
    topic_on(history, masters[-1])
    await asyncio.sleep(62)
    for each in masters[:-1]:
        each.full_until = history.kernel.now() + 60
    _scale(history, len(masters) - 1)
    await asyncio.sleep(70)
    return True


async def sole_topic_of_one_that_was_down(history: "History") -> bool:
    """A group that is to go is down, and comes back when none that stays can be given what lives on it alone: a name server that starts
    again and again knows none of them for sure."""
    masters = await opened(history, 2)
    if not masters:
        return False
    history.world.clients.sending = False
    topic_on(history, masters[-1])
    group, name = len(masters) - 1, masters[-1].pod.name
    down = asyncio.ensure_future(_keep_down(history, name, group))
    await asyncio.sleep(3)
    _scale(history, group)
    fenced = await until(lambda: phase(history, group) == "Fenced", 60)
    await down
    await flap(history, 0, 45)
    history.world.clients.sending = True
    return fenced


async def _keep_down(history: "History", name: str, group: int) -> None:
    """A master's process ends again and again, until it is known to leave."""
    for _ in range(120):
        if phase(history, group) == "Fenced":
            return
        pod = pod_of(history, name)
        if pod is not None and isinstance(pod.process, Broker):
            history.world.kubelets.restart(pod)
        await asyncio.sleep(0.5)


async def called_back_too_late(history: "History") -> bool:
    """A group is wanted again when its workload is gone already, which nobody has heard of yet."""
    masters = await opened(history, 2)
    if not masters:
        return False
    group, world = len(masters) - 1, history.world
    world.clients.sending = False
    for each in world.clients.consumers.values():
        each.online = True

    def deaf() -> None:
        world.weather.late_until |= dict.fromkeys(("statefulsets", "pods"), history.kernel.now() + 20)

    def gone(old: Json | None, new: Json | None) -> bool:
        ended = new is None or bool(new["metadata"].get("deletionTimestamp"))
        return ended and (old or {"metadata": {"name": ""}})["metadata"]["name"] == names.workload(CLUSTER, group)

    on_phase(history, group, "Drained", "Removing", deaf)
    once(history, "statefulsets", gone, lambda: _scale(history, group + 1))
    _scale(history, group)
    came = await until(lambda: world.api.find("statefulsets", (NAMESPACE, names.workload(CLUSTER, group))) is None, 200)
    await until(lambda: len(masters_of(history)) > group, 90)
    world.clients.sending = True
    return came


async def called_back_before_it_closed(history: "History") -> bool:
    """A group is wanted again when its order topics are in no route any more, and it is not closed yet."""
    masters = await opened(history, 2)
    if not masters:
        return False
    topic_on(history, *masters, order=True)
    group = len(masters) - 1

    def call_back() -> None:
        # It is closed by the next look otherwise, which may come before the wish is seen.
        masters[-1].unheard_until = history.kernel.now() + 4
        _scale(history, group + 1)

    on_phase(history, group, "ClosingOrder", "Closing", call_back)
    _scale(history, group)
    came = await until(lambda: phase(history, group) == "Opening", 120)
    await until(lambda: phase(history, group) == "", 60)
    await asyncio.sleep(HIDDEN_SECONDS if came else 0)
    return came


SCENES = (
    Scene("sole-topic-refused", sole_topic_refused, TWO),
    Scene("sole-topic-of-one-that-was-down", sole_topic_of_one_that_was_down, TWO),
    Scene("called-back-too-late", called_back_too_late, {**TWO, "storage": {"volumePolicy": "Delete"}}),
    Scene("called-back-before-it-closed", called_back_before_it_closed, TWO),
)
