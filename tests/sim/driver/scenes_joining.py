"""Groups come: while one that knows something is not heard, while all fail, and dying as they open."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.reconcile.resources import CLUSTERS

from .events_rollouts import BAD, correct, note, resume
from .events_scaling import CLUSTER, scale_to
from .events_users import edit
from .plays import masters_of, spec_of
from .scenes import Scene, on_phase, opened, pod_of, topic_on, until

if TYPE_CHECKING:
    from .history import History

TWO = {"groupReplica": 2, "brokerImage": "rocketmq:5.4.0"}
LASTS_SECONDS = 280.0
"""Longer than anything may be as it must not stay."""
FAILS_SECONDS = 25.0
"""Longer than the rule allows for not having seen it."""


async def not_heard(history: "History") -> bool:
    """Only one master has a topic, and it is not heard while a group joins; it serves all the same."""
    masters = await opened(history, 2)
    if not masters or len(masters) > 2:
        return False
    topic_on(history, masters[0])
    await asyncio.sleep(62)
    masters[0].unheard_until = history.kernel.now() + 90
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 3)
    await asyncio.sleep(90)
    return await until(lambda: len(masters_of(history)) == 3, 60)


async def dies_as_it_opens(history: "History") -> bool:
    """The master of a group that joined dies in the moment in which it is to open."""
    masters = await opened(history, 2)
    if not masters or len(masters) > 2:
        return False
    topic_on(history, *masters)
    name = f"{CLUSTER}-2-0"

    def die() -> None:
        pod = pod_of(history, name)
        if pod is not None:
            history.kernel.tell("the container of", name, "dies")
            history.world.kubelets.restart(pod)

    on_phase(history, 2, "Joining", "Opening", die)
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 3)
    return await until(lambda: len(masters_of(history)) == 3, 120)


async def fails_while_one_joins(history: "History") -> bool:
    """An image that nobody has is seen to fail with a group that joins, before others may restart for it. Then it is set right."""
    masters = await opened(history, 2)
    spec = spec_of(history)
    if not masters or spec is None or len(masters) > 2:
        return False
    good = spec["brokerImage"]
    note(history, CLUSTERS, CLUSTER, rollout_paused="true")
    await asyncio.sleep(3)
    edit(history, CLUSTERS, CLUSTER, {"brokerImage": BAD})
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", 3)
    failed = await until(lambda: failing(history) is not None, 60)
    await asyncio.sleep(FAILS_SECONDS)
    resume(history, CLUSTERS, CLUSTER)
    await asyncio.sleep(60)
    correct(history, CLUSTERS, CLUSTER, "brokerImage", good)
    await until(lambda: len(masters_of(history)) == 3, LASTS_SECONDS)
    return failed


def failing(history: "History") -> str | None:
    """A pod whose image cannot be had, if there is one."""
    pods = history.world.kubelets.pods.values()
    return next((each.name for each in pods if each.waiting[0] == "ErrImagePull"), None)


SCENES = (
    Scene("one-is-not-heard-while-another-joins", not_heard, TWO),
    Scene("joined-master-dies-as-it-opens", dies_as_it_opens, {**TWO, "membersPerGroup": 1}),
    Scene("image-fails-while-one-joins", fails_while_one_joins, TWO),
)
