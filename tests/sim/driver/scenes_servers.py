"""Name servers go: while the one that stays fails, and while a broker still has them in its list."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import NAME_SERVERS

from ..world import NAME_SERVER
from .events_scaling import scale_to
from .scenes import Scene, opened, pod_of, until

if TYPE_CHECKING:
    from .history import History

UNLISTED_SECONDS = 90.0
ALMOST_SECONDS, STUCK_SECONDS = 30.0, 60.0
"""A name server that is listed no more goes 60 s later at the earliest."""


async def flap(history: "History", ordinal: int, seconds: float) -> None:
    """A name server's process ends again and again, each time that it has come up."""
    name = names.name_server_pod(NAME_SERVER, ordinal)
    history.kernel.tell("the container of", name, "dies again and again")
    while seconds > 0:
        pod = pod_of(history, name)
        if pod is not None and pod.process is not None and pod.process.listening:
            history.world.kubelets.restart(pod)
        await asyncio.sleep(0.5)
        seconds -= 0.5


async def _leaving(history: "History") -> bool:
    """Whether the second of two name servers is to go, and listed no more."""
    if not await opened(history):
        return False
    scale_to(history, NAME_SERVERS, NAME_SERVER, "replicas", 1)
    return await until(lambda: _unlisted(history), UNLISTED_SECONDS)


def _unlisted(history: "History") -> bool:
    pod = pod_of(history, names.name_server_pod(NAME_SERVER, 1))
    obj = history.world.kubelets.obj(pod) if pod is not None else None
    return obj is not None and obj["metadata"]["labels"].get(names.LISTED_LABEL) == "false"


async def the_other_fails(history: "History") -> bool:
    """The name server that is to stay fails when the other one is about to go."""
    if not await _leaving(history):
        return False
    await asyncio.sleep(ALMOST_SECONDS)
    pod = pod_of(history, names.name_server_pod(NAME_SERVER, 0))
    if pod is None:
        return False
    pod.stuck_until = history.kernel.now() + STUCK_SECONDS
    history.world.kubelets.restart(pod)
    await asyncio.sleep(STUCK_SECONDS)
    await until(lambda: pod_of(history, names.name_server_pod(NAME_SERVER, 1)) is None, 150)
    return True


async def still_in_a_list(history: "History") -> bool:
    """A broker that is given a list cannot be told that one is to go from it."""
    if not await opened(history):
        return False
    for each in history.world.rocketmq.brokers():
        if not each.is_master:
            each.unheard_until = history.kernel.now() + 230
    first = next(iter(history.world.rocketmq.brokers()))
    first.unheard_until = history.kernel.now() + 230
    if not await _leaving(history):
        return False
    await asyncio.sleep(220)
    return await until(lambda: pod_of(history, names.name_server_pod(NAME_SERVER, 1)) is None, 90)


async def fails_as_the_other_is_to_go(history: "History") -> bool:
    """The name server that is to stay starts again in the moment in which the other one is no longer wanted."""
    pod = pod_of(history, names.name_server_pod(NAME_SERVER, 0)) if await opened(history) else None
    if pod is None:
        return False
    pod.stuck_until = history.kernel.now() + UNLISTED_SECONDS / 3
    history.world.kubelets.restart(pod)
    scale_to(history, NAME_SERVERS, NAME_SERVER, "replicas", 1)
    await asyncio.sleep(UNLISTED_SECONDS)
    return True


SCENES = (
    Scene("name-server-fails-while-another-goes", the_other_fails, {"brokerImage": "rocketmq:5.4.0"}, {"replicas": 2}),
    Scene("broker-is-not-told-of-name-servers", still_in_a_list, {"brokerImage": "rocketmq:4.9.8"}, {"replicas": 2}),
    Scene(
        "name-server-starts-as-another-is-to-go",
        fails_as_the_other_is_to_go,
        {"brokerImage": "rocketmq:4.9.8"},
        {"replicas": 2},
    ),
)
