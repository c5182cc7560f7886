"""Two looks at one thing, with a change in between; two operators, of which one is slow."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import internal
from ..world.broker import Broker
from .events_scaling import CLUSTER, scale_to
from .plays import masters_of
from .scenes import Json, Scene, opened, phase, send, topic_on, until

if TYPE_CHECKING:
    from .history import History

TWO = {"groupReplica": 2, "brokerImage": "rocketmq:5.4.0"}
LATE_SECONDS = 600.0
SETTLED_SECONDS = 8.0
"""Longer than two readings lie apart."""
SLOW_SECONDS = 60.0
"""Longer than it takes until a group that has everything is open."""


async def due_between_two_questions(history: "History") -> bool:
    """A timed message becomes an ordinary one after its queue was looked at, and before what is timed is counted."""
    masters = await opened(history, 2)
    if not masters:
        return False
    history.world.clients.sending = False
    topic, consumer = topic_on(history, *masters)
    consumer.online = False
    group, master = len(masters) - 1, masters[-1]
    send(history, master, topic, kind="timer", due=LATE_SECONDS)
    came: list[bool] = []

    def asked(operation: str, broker: Broker) -> None:
        if operation == "timer_counts" and broker is master and not came:
            came.append(True)
            internal.hasten(broker)

    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", group)
    await until(lambda: phase(history, group) == "Fenced", 120)
    await asyncio.sleep(SETTLED_SECONDS)
    history.world.rocketmq.asked = asked
    await until(lambda: bool(came), 60)
    await asyncio.sleep(SETTLED_SECONDS)
    history.world.rocketmq.asked = lambda operation, broker: None
    consumer.online = history.world.clients.sending = True
    return bool(came)


async def an_old_intent_arrives(history: "History") -> bool:
    """What one operator writes into the intent of a group that joins takes so long that another one has opened it meanwhile."""
    masters = await opened(history, 2)
    if len(masters) != 2:
        return False
    topic_on(history, *masters)
    history.start_operator()
    name, held = names.intent(CLUSTER, 2), list[bool]()

    def slow(verb: str, plural: str, key: tuple[str, str], body: Json) -> float:
        if held or verb != "apply" or key[1] != name or body["data"].get("phase") != "Joining":
            return 0.0
        held.append(True)
        return SLOW_SECONDS

    history.world.weather.slow = slow
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 3)
    came = await until(lambda: len(masters_of(history)) == 3, SLOW_SECONDS)
    history.world.weather.slow = None
    await asyncio.sleep(SLOW_SECONDS)
    for each in history.alive()[1:]:
        each.kill()
    return came and bool(held)


SCENES = (
    Scene("timed-message-due-between-two-questions", due_between_two_questions, TWO),
    Scene("old-intent-arrives", an_old_intent_arrives, {**TWO, "membersPerGroup": 1}, doubled=True),
)
