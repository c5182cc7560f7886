"""What a preview says in words: numbers that change, rules of the spec, pauses that several groups share."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.api.nameserver import NameServerSpec
from rocketmq_operator.api.rollout import Restarts, Rollout

from ..members import broker_name, member_count
from .content import BROKER_FIELDS, NAME_SERVER_FIELDS
from .foresight import Closing, Foreseen

COUNTED = ("groupReplica", "membersPerGroup", "replicas")


def numbers(before: BrokerClusterSpec, after: BrokerClusterSpec) -> tuple[str, ...]:
    """Groups and members that come and go."""
    found = []
    old, new = before.group_replica, after.group_replica
    if new > old:
        come = ", ".join(broker_name(after, index) for index in range(old, new))
        found.append(
            f"groupReplica {old} -> {new}: {come} {_verb(new - old, 'come')}, open once they hold what the others hold"
        )
    if new < old:
        go = ", ".join(broker_name(after, index) for index in reversed(range(new, old)))
        found.append(
            f"groupReplica {old} -> {new}: {go} {_verb(old - new, 'go')}, closed, fenced and read to the end before"
        )
    if member_count(before) != member_count(after):
        old, new = member_count(before), member_count(after)
        what = "slaves are added to each group" if new > old else "slaves leave each group, the last full copy stays"
        found.append(f"membersPerGroup {old} -> {new}: {what}; masters are not restarted for it")
    return tuple(found)


def server_numbers(before: int, after: int) -> tuple[str, ...]:
    """Name servers that come and go."""
    if before == after:
        return ()
    what = (
        "listed for clients once they know every broker"
        if after > before
        else "one at a time, when nobody looks for it any more"
    )
    return (f"replicas {before} -> {after}: {what}",)


def _verb(count: int, verb: str) -> str:
    return verb if count > 1 else f"{verb}s" if verb != "go" else "goes"


def rules(rollout: Rollout | None, foreseen: Foreseen) -> tuple[str, ...]:
    """What the spec says of how pods restart."""
    restarts = foreseen.restarts
    if not restarts:
        return ()
    given = rollout or Rollout()
    found = []
    if foreseen.at_once > 1:
        found.append(
            f"maxUnavailableGroups: up to {foreseen.at_once} groups at a time, in the order of their beginnings"
        )
    if any(restart.waits for restart in restarts):
        later = next(restart.group for restart in restarts if restart.waits)
        soak = given.canary.soak_seconds if given.canary else None
        how = (
            "'kubectl rocketmq promote' is called"
            if soak is None
            else f"the canary has served {soak} s without a restart"
        )
        found.append(f"canary: from {later} on, groups wait until {how}")
    return (*found, *common_rules(given))


def common_rules(given: Restarts) -> tuple[str, ...]:
    """Rules for any kind of pod."""
    found = [f"a pod that is not ready {given.step_timeout_seconds} s after its restart halts the rollout"]
    if given.maintenance_windows:
        times = ", ".join(
            f"'{each.schedule}' {each.time_zone} for {each.duration_minutes} min" for each in given.maintenance_windows
        )
        found.append(f"maintenance windows: groups begin only in {times}")
    if given.auto_rollback:
        found.append("autoRollback: a halt goes back to the last revision that ran everywhere")
    return tuple(found)


def shared_pauses(closings: Sequence[Closing]) -> tuple[str, ...]:
    """What is said once for all groups that close."""
    if not any(closing.order_topics is not False for closing in closings):
        return ()
    known = any(closing.order_topics for closing in closings)
    if_any = "" if known else ", if there are any,"
    return (
        f"order topics (ORDER_TOPIC_CONFIG){if_any} keep their queues: sends to those of a closed group fail until it opens",
    )


def other_fields(
    before: BrokerClusterSpec | NameServerSpec, after: BrokerClusterSpec | NameServerSpec
) -> tuple[str, ...]:
    """Fields of a spec that differ and are no matter of running pods."""
    fields = {*(BROKER_FIELDS if isinstance(after, BrokerClusterSpec) else NAME_SERVER_FIELDS), *COUNTED}
    old, new = _fields(before), _fields(after)
    return tuple(
        sorted(name for name in old.keys() | new.keys() if name not in fields and old.get(name) != new.get(name))
    )


def _fields(spec: BrokerClusterSpec | NameServerSpec) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(spec)
    return found
