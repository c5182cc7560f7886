"""Whether a plan made with what earlier ones left is the one that would be made from nothing."""

import msgspec

from rocketmq_operator.core import clusters, drift, intents, objects
from rocketmq_operator.core.build import config, network, workload
from rocketmq_operator.core.rollout import survey, target, versions, workloads
from tests.unit.core.world import NOW, World


def forget() -> None:
    """Make plans begin with nothing that earlier ones left."""
    for kept in (
        config._made, workload._made, intents._made, objects._owned, drift._unsized,
        survey._kept, survey._told, target._asked, workloads._written,
    ):  # fmt: skip
        kept.forget()
    for cached in (config._merged, network._budget, network.broker_service, versions.of_image, versions.of_text):
        cached.cache_clear()


def changes_nothing(world: World) -> None:
    """A plan is the same from nothing, and with answers that were found before all was looked at."""
    snapshot = world.snapshot()
    kept = clusters.plan(snapshot, NOW, world.now_ms)
    forget()
    facts = {key: msgspec.structs.replace(fact) for key, fact in snapshot.objects.items()}
    assert clusters.plan(msgspec.structs.replace(snapshot, objects=facts), NOW, world.now_ms) == kept
