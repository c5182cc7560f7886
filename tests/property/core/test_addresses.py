"""Masters whose pods a rollout took: none opens while clients may look for it where its former pod was, unless nobody else takes messages."""

from collections.abc import Iterator

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from rocketmq_operator.core.groups.closing import ADDRESS_SECONDS
from tests.unit.core.rollout.rolling import Rolling

SILENT = st.tuples(st.integers(0, 250), st.integers(5, 120))
"""When the second group's master does not answer, and for how long, in seconds."""


def openings(world: Rolling, seconds: int, silent: tuple[int, int]) -> Iterator[tuple[str, float, bool]]:
    """Each master that opens after its restart, the age of its pod in seconds, and whether another group was open at that look."""
    began, lasts = silent
    for second in range(seconds):
        if second == began and "c-1-0" in world.world.brokers:
            world.silence("c-1-0", lasts)
        masters = [f"c-{group}-0" for group in range(world.world.cluster.spec.group_replica)]
        before = {name: world.open(name) for name in masters}
        world.second()
        for name in masters:
            if name in world.taken and world.open(name) and not before[name] and name in world.world.brokers:
                others = any(is_open for other, is_open in before.items() if other != name)
                yield name, (world.world.now_ms - world.world.pods[name].created) / 1000, others


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(2, 3), st.integers(1, 3), SILENT)
@example(2, 2, (400, 5))
@example(2, 1, (24, 14))
def test_a_restarted_master_opens_where_clients_look_for_it(groups: int, members: int, silent: tuple[int, int]) -> None:
    world = Rolling(groups, membersPerGroup=members)
    world.world.edit(brokerImage="other")
    found = list(openings(world, 250 * groups, silent))
    assert {name for name, _, _ in found} == {f"c-{group}-0" for group in range(groups)}
    early = [(name, age) for name, age, others in found if others and age < ADDRESS_SECONDS]
    assert not early, early
