"""Plan and deed: what a preview foretells of random edits is what the operator then does in a little world."""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.api.common import condition
from rocketmq_operator.core import clusters, names
from rocketmq_operator.core.rollout.observed import of_status
from rocketmq_operator.core.rollout.preview import Preview, preview
from tests.unit.core.rollout.rolling import Rolling
from tests.unit.core.world import NOW

CLUSTERS = st.fixed_dictionaries(
    {"groups": st.integers(1, 3), "membersPerGroup": st.integers(1, 3)},
    optional={
        "emptyDir": st.just(True),
        "replicationMode": st.just("ASYNC"),
        "rollout": st.sampled_from([{"maxUnavailableGroups": 2}, {"canary": {}}, {"canary": {"soakSeconds": 30}}]),
    },
)
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "brokerImage": st.sampled_from(["other", "apache/rocketmq:5.5.0", "apache/rocketmq:4.9.7"]),
        "properties": st.sampled_from([{"maxMessageSize": "1000000"}, {"sendMessageThreadPoolNums": "7"}]),
        "limits": st.sampled_from([{"memory": "2Gi"}, {"memory": "2048Mi"}, {"memory": "3Gi"}]),
        "jvm": st.just({"options": ["-Dx=1"]}),
        "podTemplate": st.just({"labels": {"a": "b"}}),
        "scaleDown": st.just({"closeSeconds": 40}),
    },
)


def begun(spec: Mapping[str, Any]) -> Rolling:
    given = dict(spec)
    world = Rolling(given.pop("groups"), **given)
    for name, fact in world.world.brokers.items():
        role = "ASYNC_MASTER" if given.get("replicationMode") == "ASYNC" and name.endswith("-0") else fact.role
        world.world.change_broker(name, role=role, settings={"maxMessageSize": "4194304"})
    world.pass_seconds(3)
    return world


def foretold(world: Rolling, edit: Mapping[str, Any]) -> Preview:
    """What is said before the edit; the same from facts of the status alone, as the plugin has them."""
    snapshot = world.world.snapshot()
    item = snapshot.cluster
    spec = msgspec.convert({**msgspec.to_builtins(item.spec), **edit}, BrokerClusterSpec)
    after = msgspec.structs.replace(item, spec=spec)
    said = preview(snapshot, after, "", world.world.now_ms)
    bare = msgspec.structs.replace(snapshot, brokers={}, registrations={})
    seen = msgspec.structs.replace(item, status=clusters.plan(snapshot, NOW, world.world.now_ms).status)
    assert preview(of_status(msgspec.structs.replace(bare, cluster=seen)), after, "", world.world.now_ms) == said
    return said


def settle(world: Rolling) -> None:
    """Until nothing restarts any more; who waits for a promotion gets it."""
    idle = 0
    while idle < 170:
        before = len(world.taken)
        plan = world.second()
        rolling = condition(plan.status.conditions, "RollingOut")
        assert rolling is not None
        if "promote" in rolling.message:
            world.world.annotate(**{names.PROMOTED: plan.status.revision})
        idle = 0 if len(world.taken) > before else idle + (1 if rolling.status == "True" else 34)


# A world takes some seconds; shrinking would take minutes.
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(CLUSTERS, st.lists(st.tuples(EDITS, st.integers(3, 90)), min_size=1, max_size=2), EDITS)
# The master that restarted last is back and waits: in the middle of three groups, and of the last of two.
@example({"membersPerGroup": 3, "groups": 3}, [({"brokerImage": "other"}, 250)], {"limits": {"memory": "3Gi"}})
@example({"membersPerGroup": 1, "groups": 2}, [({"brokerImage": "other"}, 190)], {"limits": {"memory": "3Gi"}})
def test_pods_restart_in_the_order_foretold(
    spec: dict[str, Any], before: list[tuple[dict[str, Any], int]], edit: dict[str, Any]
) -> None:
    world = begun(spec)
    for earlier, seconds in before:
        world.world.edit(**earlier)
        world.pass_seconds(seconds)
    while (
        any(not pod.ready or name not in world.world.brokers for name, pod in world.world.pods.items()) or world._gone
    ):
        world.second()
    compare(world, edit)


def compare(world: Rolling, edit: Mapping[str, Any]) -> None:
    said = foretold(world, edit)
    world.taken.clear()
    world.closed.clear()
    world.world.edit(**edit)
    settle(world)
    told = [each.pod for each in said.restarts]
    rules = world.world.cluster.spec.rollout
    if rules and rules.max_unavailable_groups > 1:
        for group in {each.group for each in said.restarts}:
            of_group = [each.pod for each in said.restarts if each.group == group]
            assert [pod for pod in world.taken if pod in of_group] == of_group
        assert sorted(told) == sorted(world.taken)
    else:
        assert told == world.taken
        assert {each.pod: each.closed for each in said.restarts} == world.closed
    assert bool(said.restarts) == bool(world.taken)
