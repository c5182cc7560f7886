"""What the operator took away counts as gone before its view says so."""

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.facts import ObjectFact, PodFact
from rocketmq_operator.core.plan import Action, Orphan, Remove, Resize, SetPartition, WipeWritePermission
from rocketmq_operator.kube.errors import NotLeader
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.reconcile.act import Actor
from rocketmq_operator.reconcile.resources import CLUSTERS
from rocketmq_operator.reconcile.taken import LONGEST_SECONDS, Taken, going
from rocketmq_operator.reconcile.world import World


def pod(member: int, *, group: int = 0) -> PodFact:
    return PodFact(name=f"c-{group}-{member}", uid=f"u{group}{member}", member=member, group=group)


PODS = (pod(0), pod(1), pod(2), pod(0, group=1), pod(2, group=1))


@pytest.mark.parametrize(
    ("action", "leaving"),
    [
        (Remove("", "", "Pod", "c-0-1", "u01"), ["u01"]),
        (Remove("", "", "ConfigMap", "c-broker", "u01"), []),
        (Resize("", "", "c-0", "uid", "7", 2), ["u02"]),
        (Resize("", "", "c-1", "uid", "7", 1), ["u12"]),
        (Resize("", "", "c-0", "uid", "7", 4), []),
        (SetPartition("", "", "c-0", "uid", "7", 1), ["u01"]),
        (Orphan("", "", "c-0", "uid", "7"), ["uid"]),
        (WipeWritePermission("", "", "n:9876", "broker-0"), []),
    ],
)
def test_who_is_asked_to_go(action: Action, leaving: list[str]) -> None:
    assert going(action, PODS) == leaving


class Moment:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_asked_to_go_is_going_until_the_view_says_so_or_the_time_is_over() -> None:
    now = Moment()
    taken = Taken(now)
    assert taken.seen(PODS) is PODS
    taken.note(["u01"])
    assert [each.name for each in taken.seen(PODS) if each.deleting] == ["c-0-1"]
    others = PODS[3:]
    assert taken.seen(others) is others, "what was kept for pods of another stays"
    now.seconds += LONGEST_SECONDS + 0.1
    assert taken.seen(PODS) == PODS


def test_a_set_that_is_to_be_made_anew_is_going() -> None:
    """Who took it for one that stays forgot what it was to be again (found by the simulator)."""
    taken = Taken(Moment())
    facts = {
        ("StatefulSet", f"c-{group}"): ObjectFact("StatefulSet", f"c-{group}", f"s{group}", "", "") for group in (0, 1)
    }
    assert taken.seen_sets(facts) is facts
    taken.note(["s1", "u01"])
    assert [fact.name for fact in taken.seen_sets(facts).values() if fact.deleting] == ["c-1"]
    taken.stay(["s1"])
    assert taken.seen_sets(facts) is facts


def test_refused_stays() -> None:
    taken = Taken(Moment())
    taken.note(["u01", "u02"])
    taken.stay(["u01"])
    assert [each.name for each in taken.seen(PODS) if each.deleting] == ["c-0-2"]


def test_a_pod_that_came_after_is_another() -> None:
    taken = Taken(Moment())
    taken.note(["u01"])
    assert taken.seen((pod(0), pod(2))) == (pod(0), pod(2))


class Deposed:
    """A way to the API server on which nothing is begun any more."""

    async def delete(self, ref: Ref, *, uid: str) -> None:
        raise NotLeader("the lease is over")


async def test_what_was_not_begun_takes_nobody() -> None:
    world = World(Moment())
    actor = Actor(Deposed(), Admin(), Ref(CLUSTERS, "ns", "c"), lambda: None, world)  # type: ignore[arg-type]
    with pytest.raises(NotLeader):
        await actor.carry_out([Remove("", "", "Pod", "c-0-1", "u01")])
    assert world.taken.seen(PODS) is PODS
