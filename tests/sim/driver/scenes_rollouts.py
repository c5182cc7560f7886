"""A rollout meets slaves that lag behind, a controller that is slow, and a wish that it must refuse."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.kube.resources import POD
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..invariants import facts
from ..world.broker import Broker
from .events_rollouts import note
from .events_scaling import CLUSTER
from .events_users import edit
from .plays import masters_of, spec_of
from .scenes import Json, Scene, once, opened, phase, send, slaves_of, topic_on, until
from .scenes_joining import LASTS_SECONDS

if TYPE_CHECKING:
    from .history import History

ASYNC = {"groupReplica": 2, "brokerImage": "rocketmq:5.4.0", "replicationMode": "ASYNC"}
CLOSES_SECONDS = 150.0
AWAY_SECONDS = 100.0
"""Until another operator leads for certain."""
FEW, MANY = 3, 40
"""Messages: fewer than a slave may lack and still count as a copy; more than the two files of a log."""


def more_memory(history: "History") -> bool:
    """An edit for which every pod restarts."""
    spec = spec_of(history) or {}
    now = (spec.get("limits") or {}).get("memory")
    size = next(each for each in ("3Gi", "4Gi") if each != now)
    return edit(history, CLUSTERS, CLUSTER, {"limits": {"memory": size}, "requests": {"memory": size}})


async def _closed(history: "History") -> tuple[str, Broker] | None:
    """The first group that closes for a rollout, once nothing is left to restart but its master; and a topic on it."""
    masters = await opened(history, 2)
    if not masters:
        return None
    # What RocketMQ has still to deliver would be copied later, and old files would be kept for it.
    history.world.clients.sending = False
    topic, _ = topic_on(history, *masters)
    for each in masters:
        # A copy of nothing is none.
        send(history, each, topic)
    await asyncio.sleep(15)
    more_memory(history)
    if not await until(lambda: _closing(history) is not None, CLOSES_SECONDS):
        return None
    master = _closing(history)
    return (topic, master) if master is not None else None


def _closing(history: "History") -> Broker | None:
    for each in masters_of(history):
        if phase(history, int(each.pod.name.split("-")[1])) == "Restarting" and each.permission == 4:
            return each
    return None


def _lag(history: "History", master: Broker, seconds: float) -> bool:
    slaves = slaves_of(history, int(master.pod.name.split("-")[1]))
    for each in slaves:
        each.lagging_until = history.kernel.now() + seconds
    history.kernel.tell("the slaves of", master.name, "lag")
    return bool(slaves)


async def slaves_lag_at_the_end(history: "History") -> bool:
    """The slaves of a group lack its last messages when its master is about to restart."""
    found = await _closed(history)
    if found is None or not _lag(history, found[1], 90):
        return False
    for _ in range(FEW):
        send(history, found[1], found[0])
    await asyncio.sleep(90)
    history.world.clients.sending = True
    return True


async def left_behind_while_closed(history: "History") -> bool:
    """A closed group's master deletes what its slaves have not copied yet."""
    found = await _closed(history)
    if found is None or not _lag(history, found[1], 30):
        return False
    topic, master = found
    for _ in range(MANY):
        send(history, master, topic, heard=False)
    await asyncio.sleep(8)
    left = history.world.rocketmq.expire(master)
    behind = all(each.store.end < master.store.base for each in slaves_of(history, int(master.pod.name.split("-")[1])))
    await until(lambda: _closing(history) is not master, LASTS_SECONDS)
    history.world.clients.sending = True
    return left and behind


async def controller_is_slow(history: "History") -> bool:
    """A slave was given to its controller, which does not act yet; somebody asks for the restart of another one."""
    masters = await opened(history, 2)
    if not masters:
        return False

    def let_through(old: Json | None, new: Json | None) -> bool:
        return old is not None and new is not None and partition(new) == 1 < partition(old)

    def ask() -> None:
        history.world.sets.away_until = history.kernel.now() + AWAY_SECONDS
        # Who has given it away remembers that; who comes after knows only what stands there.
        for each in history.alive():
            each.kill()
        pods = (each.pod.name for each in slaves_of(history, 0) + slaves_of(history, 1) if each.pod.name.endswith("-2"))
        for name in pods:
            note(history, POD, name, restart=history.kernel.stamp())

    came = once(history, "statefulsets", let_through, ask)
    more_memory(history)
    await until(came, CLOSES_SECONDS)
    await asyncio.sleep(AWAY_SECONDS if came() else 0)
    return came()


def partition(workload: Json) -> int:
    """From which member on a group's pods are let through to its template; 0 of what is no group's."""
    if facts.group_of(workload) is None:
        return 0
    return int(workload["spec"].get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0))


async def refused(history: "History") -> bool:
    """A version whose brokers could not read what is there; a pod starts again meanwhile, and it is set back."""
    masters = await opened(history)
    if not masters:
        return False
    edit(history, CLUSTERS, CLUSTER, {"brokerImage": "rocketmq:4.9.8"})
    await asyncio.sleep(20)
    history.world.api.delete(POD, masters[0].pod.key)
    await asyncio.sleep(30)
    edit(history, CLUSTERS, CLUSTER, {"brokerImage": "rocketmq:5.4.0"})
    return True


SCENES = (
    Scene("slaves-lag-as-a-master-restarts", slaves_lag_at_the_end, {**ASYNC, "membersPerGroup": 2}),
    Scene("slaves-left-behind-while-closed", left_behind_while_closed, {**ASYNC, "membersPerGroup": 2}),
    Scene("controller-is-slow", controller_is_slow, {**ASYNC, "membersPerGroup": 3}),
    Scene("downgrade-is-refused", refused, {"brokerImage": "rocketmq:5.4.0"}),
)
