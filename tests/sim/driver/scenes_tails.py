"""A master lost the end of its log, and nobody asked it before it had written more than that."""

import asyncio
from typing import TYPE_CHECKING

from ..world.broker import Broker
from .events_volumes import full_slave
from .scenes import Scene, opened, pod_of, send, slaves_of, topic_on, until
from .tails import Files, Loss, lose_tail

if TYPE_CHECKING:
    from .history import History

SENT, LOST, SENT_BACK = 6, 2, 3
UNHEARD_SECONDS, MENDED_SECONDS = 25.0, 60.0
"""Longer than a slave needs to find its master and to copy what that has written; and how long an operator may look at both."""


async def grows_over_its_end(history: "History") -> bool:
    """The slave copies behind its own end what its master has written since, so that the last message of both is the same one."""
    masters = await opened(history)
    if not masters:
        return False
    master = masters[0]
    history.world.clients.sending = False
    topic, _ = topic_on(history, master)
    for _ in range(SENT):
        send(history, master, topic)
    await until(lambda: full_slave(history, master) is not None, 60)
    volume, grown = full_slave(history, master), False
    if volume is not None and not history.repairs:
        lose_tail(history, master, Files(volume), Loss(LOST, SENT_BACK, later=MENDED_SECONDS))
        grown = await _unheard(history, master)
        await until(lambda: not history.repairs, 2 * MENDED_SECONDS)
    history.world.clients.sending = True
    return grown


async def _unheard(history: "History", before: Broker) -> bool:
    """Whether the next process of a master has lost its end and grown over it before anybody heard it, and its slave holds that, too."""

    def process() -> Broker | None:
        pod = pod_of(history, before.pod.name)
        found = pod.process if pod is not None else None
        return found if isinstance(found, Broker) and found is not before else None

    if not await until(lambda: process() is not None, 60):
        return False
    master = process()
    assert master is not None
    master.unheard_until = history.kernel.now() + UNHEARD_SECONDS
    await asyncio.sleep(UNHEARD_SECONDS)
    slaves = slaves_of(history, 0)
    return master.hurt and bool(slaves) and all(each.store.end == master.store.end for each in slaves)


SCENES = (
    Scene(
        "master-grows-over-what-it-lost",
        grows_over_its_end,
        {"groupReplica": 1, "membersPerGroup": 2, "replicationMode": "ASYNC", "brokerImage": "rocketmq:5.4.0"},
    ),
)
