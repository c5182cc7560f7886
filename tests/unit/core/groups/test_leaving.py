"""A group leaves: closed, fenced, drained, removed; and what keeps it."""

from collections.abc import Sequence

import msgspec

from rocketmq_operator.api.common import condition
from rocketmq_operator.core.facts import BrokerFact
from rocketmq_operator.core.groups.data import Queues, Topic
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Action, Apply, Configure, Copy, PutOrders, Remove, Seen, WipeWritePermission
from tests.unit.core.world import SERVERS, World

from .story import GROUP_CONFIG, change, go, holding, running, settings, start


def phase(world: World, group: int = 1) -> str:
    return world.intent(group)["phase"]


def removed(actions: Sequence[Action]) -> list[str]:
    return [action.name for action in actions if isinstance(action, Remove)]


def test_a_drained_group_is_closed_then_fenced_then_removed_and_the_rest_is_quiet() -> None:
    world = running()
    world.edit(groupReplica=1)
    go(world, 3)
    assert phase(world) == "Closing"
    assert world.brokers["c-1-0"].permission == 4 and world.brokers["c-1-0"].accepts_from == 0
    assert go(world, 30) == []
    go(world, 5)
    assert world.brokers["c-1-0"].accepts_from == FENCED_FOR_EVER
    assert removed(go(world, 12)) == ["c-1"]
    assert sorted(world.pods) == ["c-0-0", "c-0-1"]
    go(world, 3)
    assert phase(world) == "Left" and world.intent(1)["previousLife"] == "drained"
    assert go(world, 10) == []
    ready = condition(world.plan().status.conditions, "Ready")
    assert ready and ready.status == "True"


def test_old_files_are_kept_while_somebody_may_still_read_them() -> None:
    world = running()
    world.edit(groupReplica=1)
    go(world, 3)
    assert world.brokers["c-1-0"].file_reserved == 24 * 365
    world.edit(groupReplica=2)
    go(world, 3)
    assert world.brokers["c-1-0"].file_reserved == 48


def test_a_group_with_unread_messages_stays_until_they_are_read() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", messages=50, read=10)
    world.edit(groupReplica=1)
    assert removed(go(world, 120)) == []
    told = condition(world.plan().status.conditions, "Scaling")
    assert told and told.status == "True" and "100 % of 40 messages are left" in told.message
    change(world, "c-1-0", committed={("readers", "orders"): {0: 40, 1: 0}})
    go(world, 4)
    told = condition(world.plan().status.conditions, "Scaling")
    assert told and "25 % of 40 messages are left" in told.message
    change(world, "c-1-0", committed={("readers", "orders"): {0: 50, 1: 0}})
    assert removed(go(world, 12)) == ["c-1"]


def test_readers_that_only_another_group_knows_count() -> None:
    world = running()
    world.data["c-1-0"] = msgspec.structs.replace(holding("orders", messages=5), committed={})
    world.edit(groupReplica=1)
    assert removed(go(world, 120)) == []
    told = condition(world.plan().status.conditions, "Scaling")
    assert told and "readers" in told.message


def test_readers_count_also_when_the_group_that_knows_them_does_not_serve_just_now() -> None:
    world = running(3)
    for pod in ("c-1-0", "c-2-0"):
        data = holding("orders", messages=5, read=5)
        offsets = {("others", "orders"): {0: 5, 1: 0}}
        world.data[pod] = msgspec.structs.replace(data, committed=offsets)
    world.edit(groupReplica=2)
    while phase(world, 2) != "Fenced":
        go(world, 1)
    # Only broker-0 knows that "readers" read, too; it stays closed behind its slave while broker-2 is looked at.
    world.change_broker("c-0-1", max_offset=9)
    assert removed(go(world, 60)) == []
    del world.brokers["c-0-0"]
    assert removed(go(world, 60)) == []


def two_leave(**known: str) -> World:
    """Only broker-1, which is to leave, knows of ``readers``, with these settings; they have read it to its end, and never reached the
    other groups."""
    world = running(3)
    others = {("others", "orders"): {0: 5, 1: 0}}
    for pod in ("c-0-0", "c-2-0"):
        change(world, pod, committed=others, groups={"others": GROUP_CONFIG})
    change(world, "c-1-0", committed={**others, **world.data["c-1-0"].committed}, groups=known)
    world.edit(groupReplica=1)
    while phase(world, 2) != "Fenced":
        go(world, 1)
    return world


def test_readers_that_only_a_leaving_group_knows_are_made_known_before_it_goes() -> None:
    """Found by the simulator."""
    world = two_leave(readers=GROUP_CONFIG)
    fact = world.brokers.pop("c-1-0")
    assert removed(go(world, 60)) == [], "broker-1 does not answer"
    world.brokers["c-1-0"] = fact
    assert removed(go(world, 60)) == ["c-1"]
    assert (
        world.data["c-0-0"].committed["readers", "orders"] == {0: 0, 1: 0} and "readers" in world.data["c-0-0"].groups
    )
    told = condition(world.plan().status.conditions, "Scaling")
    assert (
        told and "broker-2 drains: 100 % of 5 messages are left; consumer groups still read (readers)" in told.message
    )
    change(world, "c-2-0", committed={("others", "orders"): {0: 5, 1: 0}, ("readers", "orders"): {0: 5, 1: 0}})
    assert removed(go(world, 60)) == ["c-2"]


def test_a_leaving_group_stays_until_those_that_only_it_knows_have_read_what_else_leaves() -> None:
    """Whose settings users have deleted, nobody can be told where to begin."""
    world = two_leave()
    assert removed(go(world, 60)) == []
    told = condition(world.plan().status.conditions, "Scaling")
    assert told and "broker-1 waits until broker-2 is read by readers, of which only it knows" in told.message
    change(world, "c-2-0", committed={("others", "orders"): {0: 5, 1: 0}, ("readers", "orders"): {0: 5, 1: 0}})
    assert sorted(removed(go(world, 60))) == ["c-1", "c-2"]


def test_messages_that_nobody_reads_are_the_users_decision() -> None:
    world = running()
    data = holding("orders", messages=5, read=5)
    queues = Queues({**data.queues.offsets, "%DLQ%readers": {0: (2, 9)}}) if data.queues else None
    world.data["c-1-0"] = msgspec.structs.replace(data, queues=queues)
    world.edit(groupReplica=1)
    assert removed(go(world, 120)) == []
    degraded = condition(world.plan().status.conditions, "Degraded")
    assert degraded and degraded.reason == "UnreadMessages" and "%DLQ%readers (7)" in degraded.message
    world.edit(scaleDown={"discardTopics": ["%DLQ%readers"]})
    assert removed(go(world, 12)) == ["c-1"]


def test_what_rocketmq_still_has_to_deliver_keeps_a_group() -> None:
    for kept in ({"delayed": 1}, {"timers": 1}, {"inflight": 1}):
        world = running()
        data = world.data["c-1-0"]
        assert data.queues is not None
        change(world, "c-1-0", queues=msgspec.structs.replace(data.queues, **kept))
        world.edit(groupReplica=1)
        assert removed(go(world, 120)) == [], kept


def test_half_messages_keep_a_group_until_they_are_checked() -> None:
    world = running()
    data = world.data["c-1-0"]
    assert data.queues is not None
    change(world, "c-1-0", queues=Queues({**data.queues.offsets, "RMQ_SYS_TRANS_HALF_TOPIC": {0: (0, 3)}}))
    world.edit(groupReplica=1)
    assert removed(go(world, 120)) == []
    change(world, "c-1-0", committed={**data.committed, ("CID_RMQ_SYS_TRANS", "RMQ_SYS_TRANS_HALF_TOPIC"): {0: 3}})
    assert removed(go(world, 12)) == ["c-1"]


def test_state_out_of_sight_is_a_problem() -> None:
    world = running()
    change(world, "c-1-0", hides=("timerRocksDBEnable",))
    world.edit(groupReplica=1)
    assert removed(go(world, 120)) == []
    degraded = condition(world.plan().status.conditions, "Degraded")
    assert degraded and degraded.reason == "DrainUnknowable"


def test_a_restart_between_two_readings_begins_anew() -> None:
    world = running()
    world.edit(groupReplica=1)
    while phase(world) != "Drained":
        go(world, 1)
    world.start(1, 0)
    go(world, 1)
    assert phase(world) in {"Fenced", "Drained"} and ("StatefulSet", "c-1") in world.objects
    assert removed(go(world, 12)) == ["c-1"]


def test_a_message_that_slips_in_before_the_fence_is_waited_for() -> None:
    world = running()
    world.edit(groupReplica=1)
    while phase(world) != "Drained":
        go(world, 1)
    world.data["c-1-0"] = holding("orders", messages=6, read=5)
    assert removed(go(world, 30)) == []
    assert phase(world) == "Fenced"


def test_called_back_at_any_phase_it_serves_again() -> None:
    for target in ("Closing", "Fenced", "Drained"):
        world = running()
        world.edit(groupReplica=1)
        while phase(world) != target:
            go(world, 0.5, 0.5)
        world.edit(groupReplica=2)
        go(world, 8)
        assert phase(world) == "", target
        assert world.brokers["c-1-0"].permission == 6 and world.brokers["c-1-0"].accepts_from == 0
        assert world.plan().actions == ()


def test_once_its_removal_was_decided_nothing_calls_it_back() -> None:
    """Views lag: its workload may be gone already, and its volumes with it (found by the simulator)."""
    world = running()
    world.edit(groupReplica=1)
    while phase(world) != "Removing":
        go(world, 0.5, 0.5)
    world.edit(groupReplica=2)
    del world.brokers["c-1-0"]
    assert removed(go(world, 0.5, 0.5)) == ["c-1"]
    assert phase(world) == "Removing"


def test_called_back_too_late_it_leaves_and_joins_as_another_life() -> None:
    world = running()
    world.edit(groupReplica=1)
    while ("StatefulSet", "c-1") in world.objects:
        go(world, 1)
    world.edit(groupReplica=2)
    go(world, 4)
    assert phase(world) == "Joining" and world.intent(1)["life"] == "2" and world.intent(1)["previousLife"] == "drained"
    start(world, 1)
    go(world, 3)
    world.data["c-1-1"] = world.data["c-1-0"]
    go(world, 16)
    assert phase(world) == "" and world.data["c-1-0"].topics == world.data["c-0-0"].topics


def test_one_that_was_down_when_it_left_goes_only_when_its_topics_are_elsewhere() -> None:
    """It was fenced at once, since nobody could be asked (found by the simulator)."""
    world = running()
    world.data["c-1-0"] = holding("orders", "alone", messages=1, read=1)
    fact, pod = world.brokers.pop("c-1-0"), world.pods["c-1-0"]
    world.pods["c-1-0"] = msgspec.structs.replace(pod, container="")
    world.edit(groupReplica=1)
    go(world, 2)
    assert phase(world) == "Fenced"
    world.brokers["c-1-0"], world.pods["c-1-0"] = fact, pod
    world.change_broker("c-0-0", permission=4, accepts_from=FENCED_FOR_EVER)
    world.change_broker("c-0-1", max_offset=9)
    assert removed(go(world, 30)) == [], "no group is open that could take its topic"
    world.change_broker("c-0-1", max_offset=0)
    assert removed(go(world, 30)) == ["c-1"] and "alone" in world.data["c-0-0"].topics


def test_nothing_closes_while_no_other_group_is_open() -> None:
    world = running()
    world.change_broker("c-0-0", permission=4, accepts_from=FENCED_FOR_EVER)
    world.change_broker("c-0-1", max_offset=9)
    world.edit(groupReplica=1)
    go(world, 60)
    assert phase(world) == "" and world.brokers["c-1-0"].permission == 6


def test_topics_that_live_on_the_leaving_group_alone_are_made_elsewhere_first() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", "alone", messages=1, read=1)
    change(world, "c-1-0", topics={**world.data["c-1-0"].topics, "%RETRY%g": Topic("%RETRY%g", 1, 1)})
    world.edit(groupReplica=1)
    first = go(world, 2)
    assert [action.broker for action in first if isinstance(action, Copy)] == ["c-0-0"]
    assert {"alone", "%RETRY%g"} <= world.data["c-0-0"].topics.keys() and phase(world) == ""
    go(world, 3)
    assert phase(world) == "Closing" and "filling" not in world.intent(0)


def order_world() -> World:
    """Two groups with an order topic."""
    world = running()
    for pod in ("c-0-0", "c-1-0"):
        world.data[pod] = holding("orders", messages=5, read=5, order=True)
    for server in SERVERS:
        world.order[server]["orders"] = "broker-0:2;broker-1:2"
    return world


def test_order_topics_leave_first_on_every_name_server_and_come_back() -> None:
    world = order_world()
    world.edit(groupReplica=1)
    early = go(world, 20)
    assert phase(world) == "ClosingOrder" and settings(early, "c-1-0") == []
    assert {action.server for action in early if isinstance(action, WipeWritePermission)} == set(SERVERS)
    assert [action.values for action in early if isinstance(action, PutOrders)] == [{"orders": "broker-0:2"}] * 2
    world.edit(groupReplica=2)
    go(world, 6)
    assert phase(world) == "" and world.brokers["c-1-0"].permission == 6
    assert {config["orders"] for config in world.order.values()} == {"broker-0:2;broker-1:2"}
    world.edit(groupReplica=1)
    go(world, 100)
    assert phase(world) == "Left"


def test_name_servers_are_told_of_it_only_while_its_intent_is_as_it_was_seen() -> None:
    """One of two operators had begun a look before the other opened the group, took it out of the routes long after, and nothing brought
    it back (found by the simulator). What a plan itself writes must not stand in the way."""
    world = order_world()
    world.edit(groupReplica=1)
    kinds, both = set(), 0
    for _ in range(40):
        seen = world.objects["ConfigMap", "c-broker-intent-1"].resource_version
        done = go(world, 1)
        told = [each for each in done if isinstance(each, PutOrders | WipeWritePermission)]
        assert all(each.intent == Seen("c-broker-intent-1", seen) for each in told)
        written = [index for index, each in enumerate(done) if isinstance(each, Apply) and "phase" in each.obj["data"]]
        assert not told or not written or done.index(told[-1]) < written[0]
        kinds |= {type(each) for each in told}
        both += bool(told and written)
    assert kinds == {PutOrders, WipeWritePermission} and both
    assert phase(world) == "Closing"


def test_a_topic_that_users_make_on_it_since_it_began_to_leave_is_made_elsewhere_before_it_closes() -> None:
    """Those who send to it had nowhere to go (found by the simulator)."""
    world = order_world()
    world.edit(groupReplica=1)
    go(world, 20)
    change(world, "c-1-0", topics={**world.data["c-1-0"].topics, "new": Topic("new", 1, 1)})
    world.change_broker("c-0-0", permission=4, accepts_from=FENCED_FOR_EVER)
    world.change_broker("c-0-1", max_offset=9)
    go(world, 60)
    assert phase(world) == "ClosingOrder" and world.brokers["c-1-0"].permission == 6, "nobody can be given it"
    world.change_broker("c-0-1", max_offset=0)
    go(world, 100)
    assert phase(world) == "Left" and "new" in world.data["c-0-0"].topics


def test_one_that_is_called_back_before_it_was_closed_is_closed_for_a_moment() -> None:
    """Its order topics had left the routes (code 205), and only a change of its permission brings them back."""
    world = order_world()
    world.edit(groupReplica=1)
    while phase(world) != "Closing":
        go(world, 1)
    assert world.brokers["c-1-0"].permission == 6
    world.edit(groupReplica=2)
    told = [each["brokerPermission"] for each in settings(go(world, 6), "c-1-0") if "brokerPermission" in each]
    assert told == ["4", "6"] and phase(world) == ""


def test_time_out_blocks_by_default_and_force_must_name_the_group() -> None:
    world = running(3)
    for pod in ("c-1-0", "c-2-0"):
        world.data[pod] = holding("orders", messages=50, read=10)
    world.edit(groupReplica=1, scaleDown={"timeoutSeconds": 60})
    assert removed(go(world, 150)) == []
    degraded = condition(world.plan().status.conditions, "Degraded")
    assert degraded and degraded.reason == "ScaleDownBlocked"
    world.edit(scaleDown={"timeoutSeconds": 60, "onTimeout": "Force", "force": ["broker-2"]})
    assert removed(go(world, 30)) == ["c-2"]
    assert world.intent(2)["previousLife"] == "forced"


def test_a_removal_by_force_that_was_decided_goes_on_when_the_user_thinks_better_of_it() -> None:
    """By a view in which the workload was still there the group was made anew, without its volumes (found by the simulator)."""
    world = running(2)
    world.data["c-1-0"] = holding("orders", messages=50, read=10)
    rules = {"timeoutSeconds": 10, "onTimeout": "Force", "force": ["broker-1"]}
    world.edit(groupReplica=1, scaleDown=rules)
    while phase(world) != "Removing":
        go(world, 1)
    world.edit(scaleDown={"timeoutSeconds": 10})
    go(world, 5)
    assert phase(world) == "Left" and world.intent(1)["previousLife"] == "forced"


def test_a_group_whose_master_is_down_is_fenced_by_its_intent_and_may_be_forced() -> None:
    world = running()
    world.pods["c-1-0"] = msgspec.structs.replace(world.pods["c-1-0"], container="")
    del world.brokers["c-1-0"]
    world.edit(groupReplica=1)
    go(world, 3)
    assert phase(world) == "Fenced" and world.intent(1)["brokerPermission"] == "4"
    assert removed(go(world, 60)) == []
    world.edit(scaleDown={"timeoutSeconds": 10, "onTimeout": "Force", "force": ["broker-1"]})
    assert removed(go(world, 10)) == ["c-1"]


def forced_unheard() -> tuple[World, BrokerFact]:
    """A group whose removal by force was decided while its closed master missed answers; and what that would have said."""
    world = running()
    world.data["c-1-0"] = holding("orders", messages=50, read=10)
    world.edit(groupReplica=1, scaleDown={"timeoutSeconds": 10, "onTimeout": "Force", "force": ["broker-1"]})
    while phase(world) != "Fenced":
        go(world, 1)
    fact = world.brokers.pop("c-1-0")
    assert fact.permission == 4 and fact.accepts_from == 0
    while phase(world) != "Removing":
        assert removed(go(world, 1)) == []
    return world, fact


def test_a_master_that_answers_again_is_fenced_before_it_is_removed_by_force() -> None:
    """It took messages from clients with old routes, and was only not heard for a moment (found by the simulator)."""
    world, fact = forced_unheard()
    world.brokers["c-1-0"] = fact
    done = go(world, 4)
    assert [type(each) for each in done if isinstance(each, Configure | Remove)] == [Configure, Remove]
    assert settings(done, "c-1-0")[0]["startAcceptSendRequestTimeStamp"] == str(FENCED_FOR_EVER)
    assert removed(done) == ["c-1"]


def test_a_master_that_runs_and_is_not_heard_for_long_is_removed_by_force_all_the_same() -> None:
    world, _ = forced_unheard()
    assert removed(go(world, 115)) == [], "it may answer yet"
    told = condition(world.plan().status.conditions, "Scaling")
    assert told and "waits for an answer of its master" in told.message
    assert removed(go(world, 10)) == ["c-1"]


def test_a_master_that_nobody_has_heard_for_long_is_removed_by_force_at_once() -> None:
    world, _ = forced_unheard()
    for listed in world.lists.values():
        assert listed and listed.pop("broker-1", None)
    long_ago = world.now_ms - 130_000
    silent = {"ready": False, "listening": False, "created": long_ago, "started": long_ago, "silent_since": long_ago}
    world.pods["c-1-0"] = msgspec.structs.replace(world.pods["c-1-0"], **silent)
    assert removed(go(world, 2)) == ["c-1"]


def test_two_groups_leave_together() -> None:
    world = running(3)
    world.edit(groupReplica=1)
    assert sorted(removed(go(world, 60))) == ["c-1", "c-2"]


def test_a_workload_that_comes_after_its_group_has_left_is_removed() -> None:
    world = running()
    world.edit(groupReplica=1)
    late = world.objects[("StatefulSet", "c-1")]
    go(world, 60)
    assert phase(world) == "Left"
    world.objects[("StatefulSet", "c-1")] = late
    assert removed(go(world, 3)) == ["c-1"]
    assert phase(world) == "Left" and world.intent(1)["previousLife"] == "drained"


def test_a_topic_that_moves_to_others_gets_a_beginning_for_each_of_its_readers() -> None:
    world = running()
    world.data["c-1-0"] = holding("orders", "only-here", messages=5, read=5)
    world.edit(groupReplica=1)
    copies = [action for action in go(world, 5) if isinstance(action, Copy)]
    assert {each for action in copies for each in action.missing.offsets} == {
        ("readers", "only-here", 0, 0),
        ("readers", "only-here", 1, 0),
    }
    assert phase(world) == "Closing"


def test_pods_that_outlive_their_workload_for_a_moment_count_for_budgets() -> None:
    world = running()
    world.edit(groupReplica=1)
    left = {name: pod for name, pod in world.pods.items() if pod.group == 1}
    assert removed(go(world, 60)) == ["c-1"]
    assert [available(world, role) for role in ("masters", "slaves")] == [1, 0]
    world.pods.update(left)
    go(world, 2)
    assert [available(world, role) for role in ("masters", "slaves")] == [2, 1]
    world.pods.update({name: msgspec.structs.replace(pod, deleting=True) for name, pod in left.items()})
    go(world, 2)
    assert [available(world, role) for role in ("masters", "slaves")] == [1, 0]


def available(world: World, role: str) -> int:
    found: int = world.objects["PodDisruptionBudget", f"c-broker-{role}"].content()["spec"]["minAvailable"]
    return found
