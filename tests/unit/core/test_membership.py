"""Members of a group, up and down: the rule by itself."""

import msgspec
import pytest

from rocketmq_operator.core import membership
from rocketmq_operator.core.facts import BrokerFact, PodFact, Problem
from rocketmq_operator.core.membership import Decision, Group, caught_up, full_copy, left_behind
from rocketmq_operator.core.opening import FENCED_FOR_EVER

MIB = 1 << 20


def broker(member: int, low: int = 0, high: int = 100 * MIB, **changes: object) -> BrokerFact:
    fact = BrokerFact(
        "DefaultCluster",
        "broker-0",
        member,
        "SLAVE" if member else "SYNC_MASTER",
        "5.4.0",
        min_offset=low,
        max_offset=high,
    )
    return msgspec.structs.replace(fact, **{"in_sync": 0 if member else 2, **changes})


def group(members: int = 3, **changes: object) -> Group:
    """All members answer and are full copies."""
    pods = tuple(
        PodFact(f"c-0-{member}", f"uid-{member}", member, container="run", ready=True) for member in range(members)
    )
    made = Group("broker-0", members, True, members, 2, None, pods, {pod.name: broker(pod.member) for pod in pods})
    return msgspec.structs.replace(made, **changes)


def with_broker(given: Group, member: int, **changes: object) -> Group:
    name = f"c-0-{member}"
    return msgspec.structs.replace(
        given, brokers={**given.brokers, name: msgspec.structs.replace(given.brokers[name], **changes)}
    )


def silent(given: Group, member: int) -> Group:
    return msgspec.structs.replace(
        given, brokers={name: fact for name, fact in given.brokers.items() if name != f"c-0-{member}"}
    )


@pytest.mark.parametrize(
    ("low", "high", "full", "exact"),
    [
        (0, 100 * MIB, True, True),
        (0, 99 * MIB, True, False),
        (0, 50 * MIB, False, False),
        (8 * MIB, 100 * MIB, False, False),
        (-1, 0, False, False),
        (0, 0, False, False),
        (0, 101 * MIB, True, True),
    ],
)
def test_a_full_copy_has_the_beginning_and_keeps_up(low: int, high: int, full: bool, exact: bool) -> None:
    master, slave = broker(0), broker(1, low, high)
    assert (full_copy(master, slave), caught_up(master, slave)) == (full, exact)


def test_a_slave_that_keeps_up_is_told_from_one_that_lags_by_what_the_master_held_before() -> None:
    master = broker(0, before=99 * MIB)
    assert caught_up(master, broker(1, high=99 * MIB + 1))
    assert not caught_up(master, broker(1, high=99 * MIB - 1))


def test_every_slave_is_a_copy_of_a_master_that_holds_nothing() -> None:
    assert full_copy(broker(0, -1, 0), broker(1, -1, 0)) and full_copy(broker(0, 0, 0), broker(1, -1, 0))


def test_a_slave_is_left_behind_once_its_master_has_deleted_what_it_needs_next() -> None:
    assert left_behind(broker(0, 64 * MIB), broker(1, 0, 63 * MIB))
    assert not left_behind(broker(0, 64 * MIB), broker(1, 0, 64 * MIB))


def test_a_slave_that_holds_nothing_is_left_behind_once_the_first_record_is_gone() -> None:
    """It was connected while its master was empty, and did not keep up (found by the simulator)."""
    assert left_behind(broker(0, 64 * MIB), broker(1, -1, 0))
    assert not left_behind(broker(0, 0), broker(1, -1, 0)) and not left_behind(broker(0, -1, 0), broker(1, -1, 0))


def test_a_new_group_begins_with_all_members_and_their_copies() -> None:
    assert membership.decide(group(3, replicas=None, copies=0)) == Decision(3, 2)
    assert membership.decide(group(1, replicas=None, copies=0)) == Decision(1, 1)
    assert membership.decide(group(3, replicas=None, copies=0, sync=False)) == Decision(3, 1)


def test_nothing_happens_where_all_is_as_wanted() -> None:
    assert membership.decide(group(3)) == Decision(3, 2)


def test_an_intent_from_before_it_spoke_of_copies_keeps_what_was_promised() -> None:
    assert membership.decide(group(2, copies=0)) == Decision(2, 2)


def test_all_new_slaves_come_at_once() -> None:
    assert membership.decide(group(2, wanted=4)).replicas == 4


def test_sends_wait_for_a_slave_only_once_one_is_a_full_copy() -> None:
    alone = with_broker(group(1, wanted=3, copies=1), 0, in_sync=1)
    assert membership.decide(alone) == Decision(3, 1)
    grown = with_broker(with_broker(group(3, copies=1), 0, in_sync=1), 1, min_offset=-1, max_offset=0)
    copying = with_broker(grown, 2, min_offset=96 * MIB)
    assert membership.decide(copying) == Decision(3, 1, waiting="c-0-1, c-0-2 does not hold everything yet")
    first = with_broker(copying, 1, min_offset=0, max_offset=100 * MIB)
    assert membership.decide(first) == Decision(3, 2, 2, waiting="c-0-2 does not hold everything yet")


def test_a_master_that_forgot_is_told_again() -> None:
    assert membership.decide(with_broker(group(2), 0, in_sync=1)) == Decision(2, 2, 2)


def test_a_users_own_copies_are_never_overridden() -> None:
    assert membership.decide(with_broker(group(3, user_copies=3), 0, in_sync=3)).live is None


def test_a_master_waits_for_no_slave_that_has_lost_its_volume_since_its_intent_was_changed() -> None:
    """Its group was to leave when it had a copy, and was called back when it had none (found by the simulator)."""
    given = with_broker(group(2), 0, in_sync=1)
    assert membership.decide(given).live == 2
    decision = membership.decide(with_broker(given, 1, max_offset=4 * MIB))
    assert (decision.copies, decision.live) == (2, None)


def test_the_highest_slave_leaves_first_and_one_at_a_time() -> None:
    going = group(4, wanted=2)
    assert membership.decide(going).replicas == 3
    leaving = msgspec.structs.replace(going, replicas=3)
    assert membership.decide(leaving) == Decision(3, 2, waiting="waits until c-0-3 is gone")


@pytest.mark.parametrize("changes", [{"min_offset": 8 * MIB}, {"max_offset": 100 * MIB - 1}])
def test_no_slave_leaves_while_no_other_is_caught_up(changes: dict[str, int]) -> None:
    decision = membership.decide(with_broker(group(3, wanted=2), 1, **changes))
    assert decision.replicas == 3 and "waits for a full copy on c-0-1" in decision.waiting


def test_what_does_not_answer_counts_for_nothing() -> None:
    assert membership.decide(silent(group(3, wanted=2), 1)).replicas == 3
    assert "master to answer" in membership.decide(silent(group(3, wanted=2), 0)).waiting
    assert membership.decide(silent(group(3, wanted=2), 2)).replicas == 2


def test_no_slave_is_removed_while_one_that_stays_is_away_unless_it_cannot_come_back() -> None:
    """One was evicted, another, a partial copy, removed meanwhile (found by the simulator)."""
    partial = with_broker(group(3, wanted=2, sync=False), 2, min_offset=8 * MIB)
    decision = membership.decide(silent(partial, 1))
    assert decision.replicas == 3 and "waits for c-0-1 to answer" in decision.waiting
    pods = [msgspec.structs.replace(pod, problem=Problem("PodUnschedulable", "no node")) for pod in partial.pods]
    assert membership.decide(silent(msgspec.structs.replace(partial, pods=tuple(pods)), 1)).replicas == 2


def test_in_async_the_last_full_copy_stays_and_a_lesser_one_may_go() -> None:
    given = group(3, wanted=2, sync=False)
    assert membership.decide(with_broker(given, 1, min_offset=8 * MIB)).replicas == 3
    assert (
        membership.decide(with_broker(with_broker(given, 1, min_offset=8 * MIB), 2, min_offset=8 * MIB)).replicas == 2
    )
    assert membership.decide(with_broker(given, 1, max_offset=99 * MIB)).replicas == 2


def test_the_master_waits_for_no_slave_before_the_last_one_leaves() -> None:
    told = membership.decide(group(2, wanted=1))
    assert (told.replicas, told.copies, told.live) == (2, 1, 1)
    unread = membership.decide(group(2, wanted=1, copies=1))
    assert (unread.replicas, unread.live) == (2, 1)
    obeyed = with_broker(group(2, wanted=1, copies=1), 0, in_sync=1)
    assert membership.decide(obeyed) == Decision(1, 1, waiting="waits until c-0-1 is gone")


def test_async_needs_no_telling() -> None:
    master = with_broker(group(2, wanted=1, sync=False, copies=1), 0, role="ASYNC_MASTER", in_sync=1)
    assert membership.decide(master) == Decision(1, 1, waiting="waits until c-0-1 is gone")


@pytest.mark.parametrize("wanted", [1, 2])
def test_a_users_own_copies_that_a_smaller_group_cannot_give_are_a_problem(wanted: int) -> None:
    decision = membership.decide(group(wanted + 1, wanted=wanted, user_copies=wanted + 1))
    assert decision.replicas == wanted + 1
    assert decision.problem is not None and "inSyncReplicas" in decision.problem.message


def test_4_9_holds_back_what_would_restart_its_master() -> None:
    for given in (group(2, wanted=1), group(1, wanted=2)):
        decision = membership.decide(with_broker(given, 0, version="4.9.7", in_sync=0))
        assert decision.replicas == given.replicas and "4.9.7 needs a restart" in decision.pending
    for given in (group(3, wanted=2), group(2, wanted=3)):
        assert membership.decide(with_broker(given, 0, version="4.9.7", in_sync=0)).replicas == given.wanted


def test_a_last_slave_that_holds_more_than_its_master_stays() -> None:
    decision = membership.decide(with_broker(group(2, wanted=1), 1, max_offset=101 * MIB))
    assert decision.replicas == 2 and "holds more" in decision.waiting and decision.live is None


def test_a_last_slave_that_never_ran_may_go_where_its_master_was_opened() -> None:
    given = silent(with_broker(group(2, wanted=1, copies=1), 0, in_sync=1), 1)
    assert "waits for c-0-1 to answer" in membership.decide(given).waiting
    stopped = msgspec.structs.replace(given, pods=(given.pods[0], msgspec.structs.replace(given.pods[1], container="")))
    assert membership.decide(stopped).replicas == 1
    closed = with_broker(stopped, 0, accepts_from=FENCED_FOR_EVER)
    assert "to be opened" in membership.decide(closed).waiting
    # So does one that came back a moment ago and would open by itself: an absent slave may hold more (found by the simulator).
    waits = msgspec.structs.replace(with_broker(stopped, 0, accepts_from=40_000), now_ms=30_000)
    assert "to be opened" in membership.decide(waits).waiting
    assert membership.decide(msgspec.structs.replace(waits, now_ms=40_001)).replicas == 1


def test_one_who_changes_his_mind_gets_his_slave_back() -> None:
    lowered = with_broker(group(2, wanted=2, copies=1), 0, in_sync=1)
    assert membership.decide(lowered) == Decision(2, 2, 2)


def test_a_smaller_group_is_settled_only_when_its_last_slave_is_gone() -> None:
    begun = membership.decide(group(3, wanted=2))
    assert (begun.replicas, begun.waiting) == (2, "waits until c-0-2 is gone")
    ending = membership.decide(group(3, wanted=2, replicas=2))
    assert (ending.replicas, ending.waiting) == (2, "waits until c-0-2 is gone")
    assert membership.decide(group(2, wanted=2)).waiting == ""


def test_no_slave_is_removed_while_one_has_no_pod() -> None:
    """Evicted a moment ago, and not made again yet: another one went beside it (found by the simulator)."""
    given = group(4, wanted=3, sync=False)
    pods = tuple(pod for pod in given.pods if pod.member != 2)
    decision = membership.decide(msgspec.structs.replace(given, pods=pods))
    assert decision.replicas == 4 and "waits for member 2 to come back" in decision.waiting


@pytest.mark.parametrize(
    ("stays", "goes", "members"),
    [
        ({"min_offset": 8 * MIB}, {"max_offset": 50 * MIB}, 3),
        ({"max_offset": 20 * MIB}, {"max_offset": 50 * MIB}, 3),
        ({"max_offset": 49 * MIB}, {"max_offset": 50 * MIB}, 2),
        ({"min_offset": 8 * MIB}, {"min_offset": 8 * MIB}, 2),
    ],
)
def test_a_slave_that_lacks_only_the_end_goes_for_one_as_good(
    stays: dict[str, int], goes: dict[str, int], members: int
) -> None:
    """It had just started, and was no full copy for the moment; what stayed was none for ever (found by the simulator)."""
    given = with_broker(with_broker(group(3, wanted=2, sync=False), 1, **stays), 2, **goes)
    assert membership.decide(given).replicas == members


def test_no_slave_is_removed_beside_one_that_answers_but_is_not_ready() -> None:
    """A copy that had just been made answered, no name server knew it, and the last other copy went (found by the simulator)."""
    given = group(3, wanted=2, sync=False)
    pods = [msgspec.structs.replace(pod, ready=pod.member != 1) for pod in given.pods]
    decision = membership.decide(msgspec.structs.replace(given, pods=tuple(pods)))
    assert decision.replicas == 3 and "waits for c-0-1" in decision.waiting


@pytest.mark.parametrize("wanted", [1, 2])
def test_slaves_stay_while_the_volume_of_their_master_is_lost(wanted: int) -> None:
    """The user wanted one member less in the very moment in which the master's claim was deleted (found by the simulator)."""
    decision = membership.decide(group(wanted + 1, wanted=wanted, sync=False, master_lost=True))
    assert decision.replicas == wanted + 1 and "volume of its master is lost" in decision.waiting


def test_a_leaving_slave_that_had_all_before_its_master_was_asked_again_is_a_copy() -> None:
    """Its master wrote more than KEEPS_UP in one look, and the last full copy was removed (found by the simulator)."""
    given = with_broker(group(3, wanted=2, sync=False), 0, max_offset=200 * MIB, before=100 * MIB)
    given = with_broker(given, 1, min_offset=8 * MIB)
    assert "waits for a full copy on c-0-1" in membership.decide(given).waiting
    as_good = with_broker(given, 1, min_offset=0, max_offset=99 * MIB)
    assert "waits for a full copy on c-0-1" in membership.decide(as_good).waiting, "it holds more than the other"
    behind = with_broker(as_good, 2, max_offset=99 * MIB)
    assert membership.decide(behind).replicas == 2, "one that lacks more than that is none"


@pytest.mark.parametrize("sync", [False, True])
def test_slaves_stay_until_their_master_is_open(sync: bool) -> None:
    """It had lost its last messages, and the slaves that held them were removed before the logs were compared (found by the simulator)."""
    decision = membership.decide(group(3, wanted=1, sync=sync, closed=True))
    assert decision.replicas == 3 and "until its master is open" in decision.waiting
