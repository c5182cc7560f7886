"""Pods that look worse than they are, and a drain in the moment between two writes."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAME_SERVER, NAMESPACE, evict
from ..world.broker import Broker
from .events_scaling import CLUSTER, scale_to
from .scenes import Json, Scene, once, opened, pod_of, until
from .scenes_rollouts import more_memory

if TYPE_CHECKING:
    from .history import History

ALONE = {"groupReplica": 2, "membersPerGroup": 1, "brokerImage": "rocketmq:5.4.0", "replicationMode": "ASYNC"}
OLD_SECONDS = 125.0
"""One that was not ready for so long since its start, and its probe did not reach for so long, may be replaced."""
SEEN_SECONDS = 3.0


async def _old(history: "History") -> Broker | None:
    """A master that runs for long enough to be given up."""
    masters = await opened(history, 2)
    if not masters:
        return None
    master = masters[0]
    left = OLD_SECONDS - (history.kernel.milliseconds() - master.pod.started_ms) / 1000
    await asyncio.sleep(max(0.0, left))
    return master if master.listening else None


async def probes_fail(history: "History") -> bool:
    """Nothing is wrong with a master but that its node is too busy to look after it, when a rollout begins."""
    master = await _old(history)
    if master is None:
        return False
    history.world.kubelets.starve(master.pod, OLD_SECONDS + 60)
    await asyncio.sleep(OLD_SECONDS)
    more_memory(history)
    await asyncio.sleep(60)
    return True


async def not_heard_for_a_moment(history: "History") -> bool:
    """No name server knows a master for the moment, nor does it answer its operator; it serves all the same."""
    master = await _old(history)
    if master is None:
        return False
    master.unheard_until = history.kernel.now() + 50
    for ordinal in range(3):
        pod = pod_of(history, names.name_server_pod(NAME_SERVER, ordinal))
        if pod is not None:
            history.world.kubelets.restart(pod)
    gated = await until(lambda: not _ready(history, master), 30)
    more_memory(history)
    await asyncio.sleep(30)
    return gated


def _ready(history: "History", broker: Broker) -> bool:
    obj = history.world.kubelets.obj(broker.pod) or {"status": {}}
    return any(each["type"] == "Ready" and each["status"] == "True" for each in obj["status"].get("conditions", ()))


async def evicted_between_two_writes(history: "History") -> bool:
    """An operator dies right after it has changed the slaves' budget, and both slaves are to be evicted at once."""
    if not await opened(history):
        return False

    def lowered(old: Json | None, new: Json | None) -> bool:
        return old is not None and new is not None and _budget(new) == 0 < _budget(old)

    def drain() -> None:
        for each in history.alive():
            each.kill()
        for member in (1, 2):
            key = (NAMESPACE, names.broker_pod(CLUSTER, 0, member))
            evict(history.world.api, key, history.watchdog.eviction)

    came = once(history, "poddisruptionbudgets", lowered, drain)
    scale_to(history, CLUSTERS, CLUSTER, "membersPerGroup", 2)
    await until(came, 60)
    await asyncio.sleep(20)
    return came()


async def another_is_away(history: "History") -> bool:
    """A slave is to go when another one was evicted a moment ago; a third one has everything."""
    if not await opened(history):
        return False
    key = (NAMESPACE, names.broker_pod(CLUSTER, 0, 2))
    went = evict(history.world.api, key, history.watchdog.eviction)
    # Of what happens in the very moment of its decision an operator cannot know.
    await asyncio.sleep(SEEN_SECONDS)
    scale_to(history, CLUSTERS, CLUSTER, "membersPerGroup", 3)
    await asyncio.sleep(40)
    return went == "evicted"


def _budget(budget: Json) -> int:
    slaves = budget["metadata"]["name"] == names.budget(CLUSTER, "slaves")
    return int(budget["spec"].get("minAvailable", 0)) if slaves else 0


SCENES = (
    Scene("probes-of-a-master-fail", probes_fail, ALONE),
    Scene("master-is-not-heard-for-a-moment", not_heard_for_a_moment, ALONE),
    Scene("slave-goes-while-another-is-away", another_is_away, {"groupReplica": 1, "membersPerGroup": 4}),
    Scene("evicted-between-two-writes", evicted_between_two_writes, {"groupReplica": 1, "membersPerGroup": 3}),
)
