"""What can only happen to a cluster that is just being made, or was a moment ago."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world.broker import Broker
from .events_scaling import CLUSTER, scale_to
from .plays import masters_of
from .scenes import Scene, opened, pod_of, send, slaves_of, topic_on, until
from .scenes_joining import LASTS_SECONDS

if TYPE_CHECKING:
    from .history import History

UNHEARD_SECONDS, UNWANTED_SECONDS = 120.0, 25.0
"""Until nothing but an answer of its master is missing, at most; and longer than an operator may not have seen that it is to go."""
PROBED_SECONDS = 3.0
RECORDS = 20
"""More than the last file of a log holds."""


async def gone_before_it_opened(history: "History") -> bool:
    """A group of a new cluster is not wanted any more when its master is heard for the first time."""
    first = f"{CLUSTER}-1-0"
    if not await until(lambda: isinstance(getattr(pod_of(history, first), "process", None), Broker), 60):
        return False
    pod = pod_of(history, first)
    assert pod is not None
    master: Broker = pod.process
    master.unheard_until = history.kernel.now() + UNHEARD_SECONDS
    known = await until(lambda: pod.is_ready and _listed(history, 1), UNHEARD_SECONDS - UNWANTED_SECONDS)
    # Only of one whose own probe reaches it an answer is waited for.
    await asyncio.sleep(PROBED_SECONDS)
    came = known and master not in masters_of(history)
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 1)
    await asyncio.sleep(UNWANTED_SECONDS)
    master.unheard_until = history.kernel.now()
    await asyncio.sleep(UNWANTED_SECONDS)
    return came


def _listed(history: "History", group: int) -> bool:
    """Whether every name server lists all members of a group."""
    servers = list(history.world.rocketmq.name_servers())
    mine = [each for each in history.world.rocketmq.brokers() if each.pod.name.startswith(f"{CLUSTER}-{group}-")]
    listed = (server.table.get(each.name, {}).get(each.broker_id) for server in servers for each in mine)
    return bool(servers) and len(mine) == 2 and all(each is not None for each in listed)


async def _empty(history: "History") -> tuple[Broker, Broker] | None:
    """A master that has nothing yet, and its first slave; all slaves copy it."""
    history.world.clients.sending = False
    masters, slaves = await opened(history), slaves_of(history, 0)
    if not masters or not slaves or not await until(lambda: all(map(masters[0].slaves.has, slaves)), 60):
        return None
    return masters[0], min(slaves, key=lambda each: each.broker_id)


async def never_began(history: "History") -> bool:
    """A slave that has copied nothing yet lags until what it needs first is deleted."""
    found = await _empty(history)
    if found is None:
        return False
    master, slave = found
    slave.lagging_until = history.kernel.now() + 30
    topic, _ = topic_on(history, master)
    for _ in range(RECORDS):
        send(history, master, topic, heard=False)
    await asyncio.sleep(5)
    left = history.world.rocketmq.expire(master) and slave.store.end < master.store.base
    await until(lambda: any(each.store.end > master.store.base for each in slaves_of(history, 0)), LASTS_SECONDS + 40)
    history.world.clients.sending = True
    return left


async def copy_of_the_last_file(history: "History") -> bool:
    """A slave that has copied nothing starts again before it is told that its group was opened, and copies the last file only; then
    the other one is to go."""
    found = await _empty(history)
    if found is None:
        return False
    master, slave = found
    slave.lagging_until = history.kernel.now() + 60
    topic, _ = topic_on(history, master)
    for _ in range(RECORDS):
        send(history, master, topic)
    await asyncio.sleep(10)
    # Its kubelet may take so long to tell it.
    slave.pod.intent = {**slave.pod.intent, "initialized": "false"}
    history.world.kubelets.restart(slave.pod)
    name = slave.pod.name
    await until(lambda: any(each.pod.name == name and each.store.records for each in slaves_of(history, 0)), 90)
    pod = pod_of(history, name)
    partial = (
        pod is not None and pod.volumes["brokerstore"].store is not None and pod.volumes["brokerstore"].store.base > 0
    )
    scale_to(history, CLUSTERS, CLUSTER, "membersPerGroup", 2)
    await asyncio.sleep(40)
    for each in masters_of(history)[:1]:
        # A slave that began behind a last file that is full waits for the first message of the next one.
        send(history, each, topic, heard=False)
    history.world.clients.sending = True
    return partial


ALONE = {"groupReplica": 1, "replicationMode": "ASYNC", "brokerImage": "rocketmq:5.4.0"}
SCENES = (
    Scene(
        "group-goes-before-it-opened", gone_before_it_opened, {"groupReplica": 2, "membersPerGroup": 2}, at_once=True
    ),
    Scene("slave-never-began", never_began, {**ALONE, "membersPerGroup": 2}, at_once=True),
    Scene(
        "slave-copies-the-last-file",
        copy_of_the_last_file,
        {**ALONE, "membersPerGroup": 3},
        at_once=True,
    ),
)
