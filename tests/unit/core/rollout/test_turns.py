"""Rolling restarts: who restarts when, closed or open, and what stops them."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import Problem
from rocketmq_operator.core.plan import Apply
from tests.unit.core.world import World, cluster

from .rolling import Rolling


def rolling(world: Rolling) -> Condition:
    found = condition(world.second().status.conditions, "RollingOut")
    assert found is not None
    return found


def test_nothing_restarts_when_nothing_changed() -> None:
    world = Rolling()
    plan = world.pass_seconds(5)
    assert plan.actions == () and plan.requeue is None and world.taken == []


def test_slaves_go_before_masters_and_groups_one_after_the_other() -> None:
    world = Rolling()
    world.world.edit(brokerImage="rocketmq:5.5.0")
    assert rolling(world).reason == "ImageChanged"
    world.pass_seconds(300)
    assert world.taken == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]
    assert len(world.revisions()) == 1
    plan = world.second()
    assert plan.actions == () and plan.requeue is None
    assert (rolling(world).status, plan.status.updated_brokers) == ("False", 4)
    assert all(world.open(f"c-{group}-0") for group in (0, 1))


def test_in_sync_with_one_slave_its_group_is_closed_before_it_restarts() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(30)
    assert world.taken == [] and not world.open("c-0-0"), "clients have 35 s to learn that the group is closed"
    world.pass_seconds(300)
    assert world.closed == dict.fromkeys(world.taken, True)


@pytest.mark.parametrize("spec", [{"replicationMode": "ASYNC"}, {"membersPerGroup": 3}])
def test_a_slave_that_can_be_spared_restarts_while_its_group_is_open(spec: dict[str, Any]) -> None:
    world = Rolling(**spec)
    if "replicationMode" in spec:
        for name in ("c-0-0", "c-1-0"):
            world.world.change_broker(name, role="ASYNC_MASTER")
    world.world.edit(brokerImage="other")
    world.pass_seconds(450)
    assert {name: shut for name, shut in world.closed.items() if not name.endswith("-0")} == {
        name: False for name in world.taken if not name.endswith("-0")
    }
    assert world.closed["c-0-0"] and world.closed["c-1-0"] and len(world.revisions()) == 1


def order_topics(world: Rolling) -> None:
    """Every topic is an order topic."""
    for name, data in world.world.data.items():
        topics = {topic: msgspec.structs.replace(each, order=True) for topic, each in data.topics.items()}
        world.world.data[name] = msgspec.structs.replace(data, topics=topics)


def test_order_topics_leave_the_routes_first() -> None:
    world = Rolling()
    order_topics(world)
    world.world.edit(brokerImage="other")
    world.pass_seconds(20)
    assert world.world.intent(0)["phase"] == "Yielding" and world.open("c-0-0")
    world.pass_seconds(25)
    assert world.world.intent(0)["phase"] == "Restarting"
    world.pass_seconds(300)
    assert len(world.revisions()) == 1


def test_a_name_server_that_starts_again_gives_clients_all_their_time_anew() -> None:
    """It forgot which routes it was told to hide; run with 4.9.7, where sends failed for 10 s."""
    world = Rolling()
    order_topics(world)
    world.world.edit(brokerImage="other")
    world.pass_seconds(25)
    assert world.world.intent(0)["phase"] == "Yielding"
    server = next(iter(world.world.lists))
    listed, world.world.lists[server] = world.world.lists[server], None
    world.pass_seconds(5)
    world.world.lists[server] = listed
    world.pass_seconds(25)
    assert world.world.intent(0)["phase"] == "Yielding"
    world.pass_seconds(20)
    assert world.world.intent(0)["phase"] == "Restarting"


def test_waiting_for_a_name_server_writes_the_intent_once() -> None:
    """Each write wakes the next look, so one at each look would go on without a pause."""
    world = Rolling()
    order_topics(world)
    world.world.edit(brokerImage="other")
    world.pass_seconds(10)
    server = next(iter(world.world.lists))
    listed, world.world.lists[server] = world.world.lists[server], None
    world.second()
    began, told = world.world.now_ms, len(world.world.done)
    world.pass_seconds(40)
    assert not any(isinstance(action, Apply) for action in world.world.done[told:])
    assert world.world.intent(0)["since"] == str(began)
    world.world.lists[server] = listed
    world.second()
    assert world.world.intent(0)["since"] == str(world.world.now_ms), "their time begins when all are told"


def test_a_rollout_is_over_when_the_last_master_is_back() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    seen = []
    for _ in range(300):
        seen.append(condition(world.second().status.conditions, "RollingOut"))
    over = [each for each in seen if each and each.reason == "Settling"]
    assert over and all(each.status == "True" and "broker-1" in each.message for each in over)
    assert rolling(world).status == "False" and len(world.taken) == 4


def first_master_back(**spec: Any) -> Rolling:
    """Two groups in a rollout; the master of the first one has just got its new pod."""
    world = Rolling(**spec)
    world.world.edit(brokerImage="other")
    while "c-0-0" not in world.taken or "c-0-0" not in world.world.pods:
        world.second()
    return world


def test_a_master_opens_when_nobody_looks_for_it_where_it_was() -> None:
    """Clients had remembered its address, and ordered sends failed for 18 s after it had opened."""
    world = first_master_back()
    world.pass_seconds(58)
    assert world.world.intent(0)["phase"] == "Restarting" and not world.open("c-0-0")
    world.pass_seconds(8)
    assert world.open("c-0-0")


def test_the_only_open_group_makes_nobody_wait() -> None:
    world = first_master_back()
    waited = 0
    while not world.open("c-0-0"):
        world.world.change_broker("c-1-0", accepts_from=world.world.now_ms + 10**9)
        world.second()
        waited += 1
    assert waited < 8


def test_who_is_out_while_a_pod_is_away_is_no_reason_to_open_early() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    while "c-0-0" not in world.taken:
        world.second()
    world.world.change_broker("c-1-0", accepts_from=world.world.now_ms + 10**9)
    while "c-0-0" not in world.world.pods:
        world.second()
    world.pass_seconds(58)
    assert world.open("c-1-0") and not world.open("c-0-0")


def test_one_lost_answer_is_no_reason_to_open_early() -> None:
    world = first_master_back()
    world.pass_seconds(10)
    world.silence("c-1-0", 3)
    world.pass_seconds(45)
    assert not world.open("c-0-0")


def test_a_name_server_that_restarts_is_no_reason_to_open_early() -> None:
    """Without the only one that runs all pods are unready, and take messages still (found by the simulator)."""
    world = first_master_back(membersPerGroup=1)
    world.pass_seconds(10)
    for _ in range(45):
        for name, pod in world.world.pods.items():
            world.world.pods[name] = msgspec.structs.replace(pod, ready=False)
        world.second()
    assert world.open("c-1-0") and world.world.intent(0)["phase"] == "Restarting"


def test_a_group_that_is_to_leave_serves_until_the_other_is_open() -> None:
    """Found by the simulator."""
    world = first_master_back()
    world.pass_seconds(10)
    world.world.edit(groupReplica=1)
    world.pass_seconds(48)
    assert world.open("c-1-0") and not world.open("c-0-0")
    while not world.open("c-0-0"):
        assert world.open("c-1-0"), "nobody takes messages"
        world.second()


def test_an_edit_meanwhile_does_not_open_it_early() -> None:
    """Its master has started closed, so it is opened, and compared with its slaves before, ere it starts once more."""
    world = first_master_back()
    world.pass_seconds(10)
    world.world.edit(brokerImage="another")
    world.pass_seconds(48)
    assert not world.open("c-0-0") and world.taken.count("c-0-0") == 1
    while world.taken.count("c-0-0") == 1 and not world.open("c-0-0"):
        world.second()
    assert world.open("c-0-0"), "restarted before it was compared"


def test_one_group_stays_open_whatever_the_rules_allow() -> None:
    world = Rolling(rollout={"maxUnavailableGroups": 2})
    world.world.edit(brokerImage="other")
    for _ in range(300):
        world.second()
        assert world.open("c-0-0") or world.open("c-1-0")
    assert world.taken == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]


def test_a_canary_of_one_member_that_is_away_is_no_reason_to_fail() -> None:
    world = Rolling(membersPerGroup=1, rollout={"canary": {"soakSeconds": 30}})
    world.world.edit(brokerImage="other")
    world.pass_seconds(300)
    assert world.taken == ["c-0-0", "c-1-0"]


def test_the_only_group_is_not_closed_for_longer_than_needed() -> None:
    world = Rolling(1)
    world.world.edit(brokerImage="other")
    world.pass_seconds(20)
    assert world.taken == ["c-0-1"] and not world.closed["c-0-1"]
    world.pass_seconds(60)
    assert world.taken == ["c-0-1", "c-0-0"] and world.closed["c-0-0"]


def test_a_master_opens_when_its_slave_is_connected_or_does_not_come() -> None:
    world = Rolling()
    world.world.stop("c-0-0")
    world.world.start(0, 0)
    world.world.change_broker("c-0-0", followers=0, boot=world.world.now_ms)
    plan = world.pass_seconds(30)
    ready = condition(plan.status.conditions, "Ready")
    assert not world.open("c-0-0") and ready is not None and "waits for 1 of its slaves to connect" in ready.message
    world.world.change_broker("c-0-0", followers=1)
    world.pass_seconds(2)
    assert world.open("c-0-0")
    world.world.stop("c-1-0")
    world.world.start(1, 0)
    world.world.change_broker("c-1-0", followers=0, boot=world.world.now_ms)
    world.pass_seconds(63)
    assert world.open("c-1-0")


def test_a_slave_that_lags_keeps_its_master() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(45)
    world.world.change_broker("c-0-0", max_offset=90)
    while "c-0-1" not in world.world.brokers:
        world.second()
    assert world.taken == ["c-0-1"]
    world.world.change_broker("c-0-1", max_offset=80)
    world.pass_seconds(60)
    assert world.taken == ["c-0-1"] and not world.open("c-0-0")
    world.world.change_broker("c-0-1", max_offset=90)
    world.pass_seconds(10)
    assert world.taken == ["c-0-1", "c-0-0"]


def test_a_pod_that_comes_back_by_itself_comes_back_as_it_was() -> None:
    world = Rolling()
    before = world.revisions()
    world.world.edit(brokerImage="other")
    world.pass_seconds(10)
    for name in ("c-0-1", "c-0-0", "c-1-1"):
        world.world.stop(name)
        _, group, member = name.split("-")
        world.world.start(int(group), int(member))
    assert world.revisions() == before


@pytest.mark.parametrize("after", range(0, 150, 7))
def test_whoever_fails_at_any_stage_comes_back_as_it_was(after: int) -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(after + 1)
    for name in list(world.world.pods):
        before = world.world.pods[name].revision
        world.world.stop(name)
        _, group, member = name.split("-")
        assert world.world.start(int(group), int(member)).revision == before, f"{name} {after} s after the edit"
    world.ready()
    world.pass_seconds(400)
    assert len(world.revisions()) == 1 and world.open("c-0-0") and world.open("c-1-0")


def test_a_bad_image_halts_after_one_slave_and_an_edit_lets_it_go_on() -> None:
    world = Rolling()
    good = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="bad")
    bad = world.second().status.revision
    world.bad = {bad}
    world.pass_seconds(100)
    assert world.taken == ["c-0-1"]
    pod = world.world.pods["c-0-1"]
    world.world.pods["c-0-1"] = msgspec.structs.replace(
        pod, problem=Problem("ImagePullFailed", "pod c-0-1 cannot get image bad")
    )
    world.pass_seconds(200)
    halted = rolling(world)
    assert halted.reason == "Halted" and "c-0-1" in halted.message and "cannot get image" in halted.message
    assert world.taken == ["c-0-1"] and world.open("c-1-0")
    world.world.edit(brokerImage=good)
    world.pass_seconds(80)
    assert world.taken == ["c-0-1", "c-0-1"]
    assert rolling(world).status == "False" and world.open("c-0-0") and len(world.revisions()) == 1


def test_an_image_that_nobody_has_halts_again_though_a_good_one_was_asked_for_in_between() -> None:
    world = Rolling()
    good = world.world.cluster.spec.broker_image
    world.world.edit(brokerImage="bad")
    world.bad = {world.second().status.revision}
    world.pass_seconds(100)
    problem = Problem("ImagePullFailed", "no image")
    pod = msgspec.structs.replace(world.world.pods["c-0-1"], problem=problem, image="bad")
    world.world.pods["c-0-1"] = pod
    world.pass_seconds(5)
    world.world.edit(brokerImage=good)
    for _ in range(9):
        if _image(world) == good:
            break
        world.world.now_ms += 1000
        world.world.plan()
    # The template is the good one, and its controller has not come to the pod.
    assert _image(world) == good and world.world.pods["c-0-1"] == pod
    world.world.edit(brokerImage="bad", limits={"memory": "3Gi"})
    plan = world.world.plan()
    halted = condition(plan.status.conditions, "RollingOut")
    assert halted is not None and halted.reason == "Halted" and "c-0-1" in halted.message


def _image(world: Rolling) -> str:
    spec = world.world.objects[("StatefulSet", "c-0")].content()["spec"]
    return str(spec["template"]["spec"]["containers"][0]["image"])


def test_the_way_back_over_a_live_change_restarts_only_who_had_the_bad_one() -> None:
    world = Rolling()
    good = world.world.cluster.spec.broker_image
    for name in world.world.brokers:
        world.world.change_broker(name, settings={"maxMessageSize": "4194304"})
    world.world.edit(properties={"maxMessageSize": "1000000"})
    world.pass_seconds(10)
    world.world.edit(brokerImage="bad")
    world.bad = {world.second().status.revision}
    world.pass_seconds(100)
    pod = world.world.pods["c-0-1"]
    world.world.pods["c-0-1"] = msgspec.structs.replace(pod, problem=Problem("ImagePullFailed", "no image"))
    world.pass_seconds(5)
    world.world.edit(brokerImage=good)
    world.pass_seconds(100)
    assert world.taken == ["c-0-1", "c-0-1"] and rolling(world).status == "False" and world.open("c-0-0")


def test_what_is_still_being_created_is_no_rollout() -> None:
    fresh = World(cluster())
    fresh.plan()
    fresh.start_pods()
    name = "c-0-1"
    problem = Problem("ImagePullFailed", "no image")
    fresh.pods[name] = msgspec.structs.replace(fresh.pods[name], container="", problem=problem)
    degraded = condition(fresh.plan().status.conditions, "Degraded")
    assert degraded is not None and degraded.reason == "ImagePullFailed"


def test_a_restart_on_request_takes_older_pods_once() -> None:
    world = Rolling()
    world.world.annotate(**{names.RESTART: "2026-01-01T00:00:08Z"})
    world.pass_seconds(6)
    assert rolling(world).reason == "RestartRequested"
    world.pass_seconds(300)
    assert world.taken == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]
    assert rolling(world).status == "False"


def test_a_request_that_is_no_time_is_told_by_what_carries_it() -> None:
    world = Rolling()
    pod = world.world.pods["c-1-1"]
    world.world.pods["c-1-1"] = msgspec.structs.replace(pod, restart="now")
    plan = world.pass_seconds(5)
    degraded = condition(plan.status.conditions, "Degraded")
    assert degraded is not None and degraded.reason == "BadRestartTime" and "pod c-1-1" in degraded.message
    world.world.pods["c-1-1"] = msgspec.structs.replace(pod, restart="")
    world.world.annotate(**{names.RESTART: "soon"})
    degraded = condition(world.pass_seconds(2).status.conditions, "Degraded")
    assert degraded is not None and "BrokerCluster c" in degraded.message and world.taken == []


def test_one_pod_on_request() -> None:
    world = Rolling()
    pod = world.world.pods["c-1-1"]
    world.world.pods["c-1-1"] = msgspec.structs.replace(pod, restart="2026-01-01T00:00:08Z")
    world.pass_seconds(120)
    assert world.taken == ["c-1-1"] and world.open("c-1-0")


def test_pause_holds_and_opens_what_was_closed() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(15)
    assert not world.open("c-0-0")
    world.world.annotate(**{names.ROLLOUT_PAUSED: "true"})
    world.pass_seconds(5)
    assert rolling(world).reason == "Paused" and world.open("c-0-0")
    world.pass_seconds(100)
    assert world.taken == []
    world.world.annotate(**{names.ROLLOUT_PAUSED: None})
    world.pass_seconds(300)
    assert len(world.taken) == 4


def test_a_canary_waits_for_its_promotion() -> None:
    world = Rolling(rollout={"canary": {}})
    world.world.edit(brokerImage="other")
    world.pass_seconds(300)
    assert world.taken == ["c-0-1", "c-0-0"] and "promote" in rolling(world).message
    world.world.annotate(**{names.PROMOTED: world.second().status.revision})
    world.pass_seconds(150)
    assert len(world.taken) == 4


def test_a_canary_is_one_group_however_many_may_go_at_a_time() -> None:
    world = Rolling(3, rollout={"canary": {}, "maxUnavailableGroups": 2})
    world.world.edit(brokerImage="other")
    world.pass_seconds(200)
    assert world.taken == ["c-0-1", "c-0-0"]
    world.world.annotate(**{names.PROMOTED: world.second().status.revision})
    world.pass_seconds(200)
    assert len(world.taken) == 6


def test_a_canary_that_soaks_lets_the_others_follow() -> None:
    world = Rolling(rollout={"canary": {"soakSeconds": 200}})
    world.world.edit(brokerImage="other")
    world.pass_seconds(200)
    assert world.taken == ["c-0-1", "c-0-0"]
    world.pass_seconds(250)
    assert len(world.taken) == 4


def test_automatic_rollback_goes_back_and_says_that_the_spec_differs() -> None:
    world = Rolling(rollout={"autoRollback": True})
    world.world.edit(brokerImage="bad")
    bad = world.second().status.revision
    world.bad = {bad}
    world.pass_seconds(70)
    pod = world.world.pods["c-0-1"]
    world.world.pods["c-0-1"] = msgspec.structs.replace(pod, problem=Problem("ImagePullFailed", "no such image"))
    world.pass_seconds(120)
    assert rolling(world).reason == "Undone" and world.revisions() != {bad} and len(world.revisions()) == 1
    assert world.world.cluster.spec.broker_image == "bad" and world.open("c-0-0")
    world.bad = set()
    world.world.edit(brokerImage="better")
    world.pass_seconds(300)
    assert rolling(world).reason == "UpToDate"


def test_a_live_setting_restarts_nobody_and_survives_a_restart() -> None:
    world = Rolling()
    for name in world.world.brokers:
        world.world.change_broker(name, settings={"maxMessageSize": "4194304"})
    world.world.edit(properties={"maxMessageSize": "1000000"})
    world.pass_seconds(20)
    assert world.taken == [] and rolling(world).status == "False"
    assert world.told("c-1-0") == [{"maxMessageSize": "1000000"}]
    assert "maxMessageSize=1000000" in world.world.intent(0)["live"]


@pytest.mark.parametrize("bad_image_between", [False, True])
def test_a_live_setting_that_an_undo_takes_back_needs_a_restart(bad_image_between: bool) -> None:
    """Pods that were started for the revision that comes back were told more since, and keep it until they start again."""
    world = Rolling()
    first = world.second().status.revision
    for name in world.world.brokers:
        world.world.change_broker(name, settings={"maxMessageSize": "4194304"})
    world.world.edit(properties={"maxMessageSize": "1000000"})
    world.pass_seconds(20)
    assert world.taken == []
    if bad_image_between:
        world.world.edit(brokerImage="bad")
        world.bad = {world.second().status.revision}
        world.pass_seconds(100)
        pod = world.world.pods["c-0-1"]
        world.world.pods["c-0-1"] = msgspec.structs.replace(pod, problem=Problem("ImagePullFailed", "no image"))
        world.pass_seconds(5)
        assert world.taken == ["c-0-1"]
        world.taken.clear()
    asked = world.second().status.revision
    world.world.annotate(**{names.RUN_REVISION: f"{asked} {first}"})
    world.pass_seconds(2)
    assert "ConfigNeedsRestart" in (rolling(world).message + rolling(world).reason) or rolling(world).status == "True"
    world.pass_seconds(400)
    assert sorted(world.taken) == ["c-0-0", "c-0-1", "c-1-0", "c-1-1"]
    assert rolling(world).reason == "Undone" and world.open("c-0-0") and world.open("c-1-0")
    world.pass_seconds(100)
    assert len(world.taken) == 4


def test_a_setting_that_only_a_restart_takes() -> None:
    world = Rolling()
    world.world.edit(properties={"sendMessageThreadPoolNums": "7"})
    assert rolling(world).reason == "ConfigNeedsRestart"
    world.pass_seconds(300)
    assert len(world.taken) == 4


def test_another_spelling_of_the_same_restarts_nobody() -> None:
    world = Rolling(limits={"memory": "1Gi"})
    world.world.edit(limits={"memory": "1024Mi"})
    world.pass_seconds(60)
    assert world.taken == [] and rolling(world).status == "False"


def test_a_downgrade_that_rocketmq_cannot_do_is_refused() -> None:
    world = Rolling()
    world.world.edit(brokerImage="apache/rocketmq:4.9.7")
    plan = world.pass_seconds(60)
    degraded = condition(plan.status.conditions, "Degraded")
    assert degraded is not None and degraded.reason == "DowngradeRefused" and world.taken == []


def test_a_master_whose_messages_lie_in_its_pod_is_not_restarted() -> None:
    world = Rolling(emptyDir=True)
    world.world.edit(brokerImage="other")
    plan = world.pass_seconds(200)
    degraded = condition(plan.status.conditions, "Degraded")
    assert degraded is not None and degraded.reason == "MessagesInPod"
    assert not [name for name in world.taken if name.endswith("-0")]


def test_outside_of_its_window_nothing_begins() -> None:
    # The world's clock starts at midnight.
    window = {"schedule": "30 0 * * *", "durationMinutes": 60}
    world = Rolling(rollout={"maintenanceWindows": [window]})
    world.world.edit(brokerImage="other")
    world.pass_seconds(60)
    assert world.taken == [] and "2026-01-01 00:30" in rolling(world).message
    world.world.now_ms += 1_800_000
    world.pass_seconds(300)
    assert len(world.taken) == 4


def test_an_edit_in_the_middle_is_taken_in() -> None:
    world = Rolling()
    world.world.edit(brokerImage="other")
    world.pass_seconds(50)
    assert world.taken == ["c-0-1"]
    world.world.edit(brokerImage="third")
    world.pass_seconds(400)
    assert world.taken == ["c-0-1", "c-0-1", "c-0-0", "c-1-1", "c-1-0"] and len(world.revisions()) == 1
