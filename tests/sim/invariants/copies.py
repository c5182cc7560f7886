"""Rules about copies: a member that is taken leaves one behind, more copies are asked for only where there are, a master moves
only when its slaves hold everything."""

from typing import Any

from rocketmq_operator.core.membership import KEEPS_UP

from ..world import World
from ..world.kernel import EPOCH
from ..world.store import RECORD, Store
from . import facts

Key = tuple[str, str]
NEW_SECONDS = 20.0
"""As long as the slowest request takes."""
LATE_SECONDS = 60.0
"""What was sent so lately may be missing: it was under way when the operator looked."""


def holds(copy: Store, master: Store, now: float, late: float = LATE_SECONDS, looked: float = 0.0) -> bool:
    """Whether a copy has all that its master has, from the first record on, but for what was sent in the last ``late`` s; or
    all but KEEPS_UP of what was stored when the operator may have looked, ``looked`` s ago."""
    if not master.records:
        return True
    if copy.base > master.base or copy.end < master.base:
        return False
    missing = master.records[copy.end - master.base :]
    # One that holds nothing at all is a copy only of a master that held nothing a moment ago.
    seen = sum(each.stored_ms < (EPOCH + now - looked) * 1000 for each in missing) if looked else len(missing)
    if copy.end > master.base and seen * RECORD <= KEEPS_UP:
        return True
    return all(each.batch.sent_at >= now - late or each.due for each in missing)


def leaves_a_copy(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A slave is taken only while what stays holds everything: a slave that does, or in the end the master itself."""
    there = world.api.find(plural, key) if plural == "statefulsets" and verb == "patch" else None
    group = facts.group_of(there) if there else None
    if there is None or group is None or conflicts(there, body) or "replicas" not in body.get("spec", {}):
        return None
    after, before = body["spec"]["replicas"], there["spec"]["replicas"]
    stores, now = facts.stores(world, *group), world.kernel.now()
    master = stores.get(0)
    if after >= before or master is None:
        return None
    if after == 1:
        ahead = [member for member, each in stores.items() if each.end > master.end and _runs(world, group, member)]
        return f"{key[1]} keeps its master alone, but member {ahead[0]} holds more" if ahead else None
    stays = (stores[member] for member in range(1, after) if member in stores)
    # What a master delivers late, sent long ago, may have been stored since the operator looked, and a slave cut off meanwhile.
    if not any(holds(each, master, now, looked=NEW_SECONDS) for each in stays):
        leaving = stores.get(after)
        if leaving is not None and holds(leaving, master, now, late=0) and not _new(world, group, after):
            return f"{key[1]}-{after} is taken, which is the last full copy"
    return None


def _new(world: World, group: tuple[str, int], member: int) -> bool:
    """Whether a member has caught up so lately that it held less when the operator looked."""
    found = facts.broker(world, group[0], group[1], member)
    if found is None:
        return False
    return found.caught_up_at is None or found.caught_up_at > world.kernel.now() - NEW_SECONDS


def _runs(world: World, group: tuple[str, int], member: int) -> bool:
    """A kept volume of a member that went before does not count: nobody asks it."""
    found = facts.broker(world, group[0], group[1], member)
    return found is not None and found.listening


def moves_only_equal(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A master's pod is deleted only when it takes nothing and every slave that runs holds all that it holds."""
    pod = world.api.find(plural, key) if (verb, plural) == ("delete", "pods") else None
    group = facts.group_of(pod) if pod else None
    if pod is None or group is None or not key[1].endswith("-0"):
        return None
    if body.get("uid") and pod["metadata"]["uid"] != body["uid"]:
        return None
    return moved(world, group, key[1], "is moved")


def moved(world: World, group: tuple[str, int], name: str, how: str) -> str | None:
    """What is wrong with taking a master that runs; nothing if it takes no messages and its slaves have them all."""
    broker = facts.broker(world, group[0], group[1], 0)
    if broker is None or not broker.listening or not broker.pod.reachable:
        return None
    if facts.accepts(broker):
        return f"{name} {how} while it takes messages"
    # What was sent is all there: what RocketMQ writes by itself (delays, timers) may still come.
    behind = [
        member for member, each in facts.stores(world, *group).items()
        if member and _runs(world, group, member) and not _all_sent(each, broker.store)
    ]  # fmt: skip
    return f"{name} {how} though member {behind[0]} does not hold everything" if behind else None


def _all_sent(copy: Store, master: Store) -> bool:
    if copy.base > master.base:
        return False
    return all(
        each.batch.number in copy.held or not each.batch.acknowledged
        for each in master.records[copy.end - master.base :]
    )


def conflicts(there: Any, body: Any) -> bool:
    """Whether a write was decided on another version of an object, and is refused."""
    version = body.get("metadata", {}).get("resourceVersion")
    return bool(version and version != there["metadata"]["resourceVersion"])


def more_copies_only_where_there_are(world: World, operation: str, address: str, what: Any) -> str | None:
    """A master waits for a slave only where one holds everything, or each send would wait for nothing."""
    broker = world.rocketmq.broker_at(address) if operation == "update_broker_config" else None
    if broker is None or not broker.is_master or int(what.get("inSyncReplicas", 0)) < 2:
        return None
    if int(broker.config.get("inSyncReplicas", 0)) >= 2:
        return None
    cluster, group, _ = broker.pod.name.rsplit("-", 2)
    now = world.kernel.now()
    stores = facts.stores(world, cluster, int(group))
    if any(member and holds(each, broker.store, now, looked=NEW_SECONDS) for member, each in stores.items()):
        return None
    return f"{broker.pod.name} is to wait for a slave, and none holds everything"
