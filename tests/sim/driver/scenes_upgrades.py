"""Another version of the operator meets what the one before was in the middle of."""

import asyncio
from typing import TYPE_CHECKING

from rocketmq_operator.core.volumes.anew import KEY
from rocketmq_operator.kube.resources import POD
from rocketmq_operator.reconcile.resources import CLUSTERS

from .events_growth import double
from .events_operator import replaced
from .events_rollouts import BAD, correct, note
from .events_scaling import CLUSTER
from .events_users import edit
from .plays import spec_of
from .scenes import Json, Scene, once, opened, until
from .scenes_joining import failing
from .scenes_rollouts import CLOSES_SECONDS, more_memory, partition

if TYPE_CHECKING:
    from .history import History

RESTS_SECONDS, SEEN_SECONDS = 240.0, 20.0


async def rests(history: "History") -> bool:
    """Whether all comes to rest, as far as anybody can see."""
    return await until(history.watchdog.reasons.everything_rests, RESTS_SECONDS)


async def let_through_by_the_one_before(history: "History") -> bool:
    """The last pod of a set was let through to its template when another version takes over, which does not write anew what it has not
    built; all the same nobody stays let through, or the set could not be made anew when its volumes grow."""
    if not await opened(history, 2):
        return False

    def last(old: Json | None, new: Json | None) -> bool:
        return old is not None and new is not None and partition(new) == 0 < partition(old)

    came = once(history, "statefulsets", last, lambda: replaced(history))
    more_memory(history)
    await until(came, CLOSES_SECONDS)
    if not came():
        return False
    await rests(history)
    double(history)
    await asyncio.sleep(SEEN_SECONDS)
    return True


async def restarted_as_a_set_goes(history: "History") -> bool:
    """A set is about to be made anew around its pods when every pod is to restart."""
    if not await opened(history, 2):
        return False

    def noted(old: Json | None, new: Json | None) -> bool:
        return old is not None and new is not None and bool(new["data"].get(KEY)) and not old["data"].get(KEY)

    def restart() -> None:
        note(history, CLUSTERS, CLUSTER, restart=history.kernel.stamp())

    came = once(history, "configmaps", noted, restart)
    # Their storage has room at once.
    before, history.world.expansion.trouble = history.world.expansion.trouble, 0.0
    double(history)
    await until(came, CLOSES_SECONDS)
    history.world.expansion.trouble = before
    await asyncio.sleep(CLOSES_SECONDS if came() else 0)
    return came()


async def one_below_restarts(history: "History") -> bool:
    """A template was written by a new version, for a pod that had failed; others of the format before run on. Then somebody asks for
    the restart of the lowest of them."""
    spec = spec_of(history)
    if spec is None or not await opened(history) or not await rests(history):
        return False
    replaced(history)
    history.ensure_operator()
    await asyncio.sleep(SEEN_SECONDS)
    edit(history, CLUSTERS, CLUSTER, {"brokerImage": BAD})
    failed = await until(lambda: failing(history) is not None, CLOSES_SECONDS)
    correct(history, CLUSTERS, CLUSTER, "brokerImage", spec["brokerImage"])
    await asyncio.sleep(SEEN_SECONDS)
    if not failed or not await opened(history):
        return False
    note(history, POD, f"{CLUSTER}-0-0", restart=history.kernel.stamp())
    await asyncio.sleep(CLOSES_SECONDS)
    return True


SCENES = (
    Scene(
        "restart-is-asked-for-as-a-set-goes",
        restarted_as_a_set_goes,
        {"groupReplica": 2, "membersPerGroup": 2, "brokerImage": "rocketmq:5.4.0"},
    ),
    Scene(
        "let-through-by-the-version-before",
        let_through_by_the_one_before,
        {"groupReplica": 2, "membersPerGroup": 2, "brokerImage": "rocketmq:5.4.0"},
    ),
    Scene(
        "one-below-pods-of-another-format-restarts",
        one_below_restarts,
        {"groupReplica": 1, "membersPerGroup": 3, "brokerImage": "rocketmq:5.4.0"},
    ),
)
