"""A cluster is deleted while something in it is unread: it is held, and must go on serving those who are to read it."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.kube.resources import SERVICE
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAMESPACE
from .events_rollouts import BAD, correct
from .events_scaling import CLUSTER, delete_now
from .events_users import edit
from .plays import spec_of
from .scenes import Scene, opened, send, topic_on, until
from .scenes_joining import LASTS_SECONDS

if TYPE_CHECKING:
    from .history import History

PAUSED_SECONDS = 60.0
LATE = 20
"""So many events come before: little happens to a cluster that is deleted."""


async def _unread(history: "History") -> bool:
    """Whether messages lie in the first group whose readers are away; nobody sends any more."""
    await until(lambda: spec_of(history) is not None, PAUSED_SECONDS)
    masters = await opened(history)
    if not masters:
        return False
    clients = history.world.clients
    topic, consumer = topic_on(history, masters[0])
    await asyncio.sleep(8)
    clients.ended = True
    for each in clients.consumers.values():
        each.online = False
    consumer.begun = True
    await asyncio.sleep(6)
    for _ in range(3):
        send(history, masters[0], topic)
    return await until(lambda: bool(history.world.ledger.unread), 5)


def _come_back(history: "History") -> None:
    for each in history.world.clients.consumers.values():
        each.online = True


async def without_its_service(history: "History") -> bool:
    """Somebody deletes the Service under which brokers are found."""
    if not await _unread(history):
        return False
    delete_now(history)
    await asyncio.sleep(25)
    key = (NAMESPACE, names.broker_service(CLUSTER))
    if history.world.api.find("services", key) is not None:
        history.kernel.tell("user deletes service", key[1])
        history.world.api.delete(SERVICE, key)
    await asyncio.sleep(10)
    await until(lambda: history.world.api.find("services", key) is not None, LASTS_SECONDS)
    _come_back(history)
    return True


async def with_a_master_that_fails(history: "History") -> bool:
    """What is unread lies on a master that cannot start, until its image is set right."""
    if not await _unread(history):
        return False
    spec = spec_of(history) or {"brokerImage": ""}
    good = spec["brokerImage"]
    edit(history, CLUSTERS, CLUSTER, {"brokerImage": BAD})
    pods = history.world.kubelets.pods
    failed = await until(lambda: any(each.waiting[0] == "ErrImagePull" for each in pods.values()), 120)
    await asyncio.sleep(5)
    delete_now(history)
    await asyncio.sleep(10)
    correct(history, CLUSTERS, CLUSTER, "brokerImage", good)
    await until(lambda: not any(each.waiting[0] == "ErrImagePull" for each in pods.values()), LASTS_SECONDS)
    _come_back(history)
    return failed


ALONE = {"groupReplica": 2, "membersPerGroup": 1, "brokerImage": "rocketmq:5.4.0", "replicationMode": "ASYNC"}
SCENES = (
    Scene("deleted-without-its-service", without_its_service, after=LATE),
    Scene("deleted-with-a-master-that-fails", with_a_master_that_fails, ALONE),
)
