"""Scaling: phases as they were seen, floors from the log and the name servers, calls counted."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import audit, counting, floor, manifests, scale, timeline
from bench.audit import PodLife
from bench.commands import BenchError
from bench.operations import OPERATIONS, Operation
from bench.requests import Requests
from bench.timeline import SETTLED, UNSEEN, Seen, Stretch
from bench.watching import World

from .test_counting import entry, log_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
START = NOON.timestamp()


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def operation(title: str) -> Operation:
    return next(each for each in OPERATIONS if each.title == title)


def resource(scaling: str, ready: str, *phases: str, observed: int = 2, reason: str = "Why") -> dict[str, Any]:
    conditions = [
        {"type": "Scaling", "status": scaling, "reason": reason, "observedGeneration": observed},
        {"type": "Ready", "status": ready, "reason": "NotAllReady", "observedGeneration": observed},
    ]
    groups = [{"phase": each} for each in phases]
    return {"metadata": {"generation": 2}, "status": {"conditions": conditions, "brokerGroups": groups}}


@pytest.mark.parametrize(
    ("seen", "phase"),
    [
        (resource("False", "True", "", ""), SETTLED),
        (resource("False", "True", observed=1), UNSEEN),
        ({"metadata": {"generation": 1}}, UNSEEN),
        (resource("True", "True", "", "", "Fenced"), "Fenced"),
        (resource("True", "True", "Closing", "Fenced", "Closing"), "Closing+Fenced"),
        (resource("False", "True", "Joining"), "Joining"),
        (resource("True", "True", "", reason="MembersChanging"), "MembersChanging"),
        (resource("False", "False", ""), "NotAllReady"),
    ],
)
def test_phase_is_the_groups_own_else_why_it_scales_else_why_it_is_not_ready(seen: dict[str, Any], phase: str) -> None:
    assert timeline.phase(seen) == phase


def test_a_phase_lasts_until_another_is_seen_and_all_phases_together_to_the_end() -> None:
    seen = [Seen(0.4, "a"), Seen(1.0, "b"), Seen(1.5, "b"), Seen(4.0, "a"), Seen(6.0, SETTLED)]
    line = timeline.stretches(seen, 6.0)
    assert line == [Stretch("a", 1.0), Stretch("b", 3.0), Stretch("a", 2.0)]
    assert timeline.by_phase(line) == {"a": 3.0, "b": 3.0}
    assert timeline.words(line) == "a 1.0 s, b 3.0 s, a 2.0 s"


def test_operations_follow_from_each_other_and_name_what_comes_and_goes() -> None:
    assert [each.title for each in OPERATIONS] == [
        "name servers 1 -> 3", "name servers 3 -> 2", "groups 2 -> 3", "groups 3 -> 2", "members 2 -> 3", "members 3 -> 2",
    ]  # fmt: skip
    assert all(one.after == other.before for one, other in pairwise(OPERATIONS))
    assert operation("members 2 -> 3").come() == ["bench-0-2", "bench-1-2"]
    assert operation("groups 3 -> 2").go() == ["bench-2-0", "bench-2-1"]
    assert operation("groups 2 -> 3").registrations() == [
        (f"names-ns-{server}", "broker-2", number) for server in (0, 1) for number in (0, 1)
    ]
    assert len(operation("name servers 1 -> 3").registrations()) == 2 * 4


def test_operations_are_those_of_the_cluster_that_is_made() -> None:
    wanted = manifests.scaled_cluster("here")
    first = OPERATIONS[0].before
    assert OPERATIONS[-1].resource == f"brokercluster/{wanted.metadata.name}"
    assert OPERATIONS[0].resource == f"nameserver/{manifests.name_server('here')['metadata']['name']}"
    assert (wanted.spec.group_replica, wanted.spec.members_per_group) == (first.groups, first.members)
    assert manifests.name_server("here")["spec"]["replicas"] == first.name_servers
    assert manifests.by_operator(wanted)[0]["spec"].keys() & {"nameServers", "nameServerRef"} == {"nameServerRef"}


def test_lives_of_pods_are_read_from_what_succeeded_in_the_namespace(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        entry("create", "pods", 1, user="controller", name="a"),
        {**entry("create", "pods", 2, name="a"), "responseStatus": {"code": 409}},
        entry("create", "pods", 2, name="a", subresource="binding"),
        entry("get", "pods", 3, name="c"),
        entry("delete", "pods", 4, user="collector", name="a"),
        entry("delete", "pods", 9, user="kubelet", name="a"),
        {**entry("delete", "pods", 9, name="b"), "responseStatus": {"code": 404}},
        entry("create", "pods", 1, name="d", namespace="elsewhere"),
    )
    assert audit.pod_lives(audit.read(log), "here") == {"a": PodLife(after(1), after(4), after(9))}


def test_start_lasts_from_the_first_pod_to_the_last_registration_that_was_not_there_before() -> None:
    up = operation("members 2 -> 3")
    lives = {"bench-0-2": PodLife(made=after(2)), "bench-1-2": PodLife(made=after(1)), "other": PodLife(made=NOON)}
    sightings = dict.fromkeys(up.registrations(), START + 10) | {("names-ns-0", "broker-0", 0): START + 99}
    sightings["names-ns-1", "broker-1", 2] = START + 14
    assert [part.seconds for part in floor.parts(up, lives, sightings, {})] == [13.0]


def test_floor_of_a_joining_group_has_the_slaves_own_round_but_nothing_twice() -> None:
    up = operation("groups 2 -> 3")
    lives = {name: PodLife(made=after(0)) for name in up.come()}
    sightings = dict.fromkeys(up.registrations(), START + 10)

    def seconds(master: float, slave: float) -> list[float]:
        holding = {"bench-2-0": START + master, "bench-2-1": START + slave}
        return [part.seconds for part in floor.parts(up, lives, sightings, holding)]

    assert seconds(12, 17) == [10.0, 5.0]
    assert seconds(8, 17) == [10.0, 7.0]
    assert seconds(8, 9) == [10.0, 0.0]


@pytest.mark.parametrize(
    ("title", "stated"), [("name servers 3 -> 2", 60.0), ("groups 3 -> 2", 35.0 + 5.0), ("members 3 -> 2", 0.0)]
)
def test_floor_down_is_the_demanded_waits_and_the_end_of_the_pods(title: str, stated: float) -> None:
    down = operation(title)
    lives = {name: PodLife(leaving=after(5 + at), gone=after(7 + at)) for at, name in enumerate(down.go())}
    ends = 2.0 + len(down.go()) - 1
    assert sum(part.seconds for part in floor.parts(down, lives, {}, {})) == stated + ends


def test_the_rest_lies_before_and_after_the_pods() -> None:
    up, down = operation("members 2 -> 3"), operation("members 3 -> 2")
    lives = {name: PodLife(made=after(1), leaving=after(2), gone=after(5)) for name in up.come()}
    sightings = dict.fromkeys(up.registrations(), START + 10)
    ready = dict.fromkeys(up.come(), START + 12)
    assert list(floor.around(up, START, START + 15, lives, sightings, ready).values()) == [1.0, 2.0, 3.0]
    assert list(floor.around(down, START, START + 6, lives, {}, {}).values()) == [2.0, 1.0]


def test_what_was_not_seen_is_said_and_not_guessed() -> None:
    with pytest.raises(BenchError, match="no end of pod names-ns-2"):
        floor.parts(operation("name servers 3 -> 2"), {"names-ns-2": PodLife(leaving=NOON)}, {}, {})
    with pytest.raises(BenchError, match="never seen on a name server"):
        floor.parts(operation("members 2 -> 3"), {}, {}, {})


def test_calls_are_read_from_the_metrics_by_name() -> None:
    text = (
        "# TYPE rocketmq_operator_rocketmq_requests_total counter\n"
        'rocketmq_operator_rocketmq_requests_total{request="GET_BROKER_CONFIG"} 12.0\n'
        'rocketmq_operator_rocketmq_requests_total{request="PUT_KV_CONFIG"} 1.0\n'
        'rocketmq_operator_rocketmq_requests_created{request="PUT_KV_CONFIG"} 1.7e9\n'
    )
    assert counting.calls_in(text) == {"GET_BROKER_CONFIG": 12, "PUT_KV_CONFIG": 1}
    assert counting.counts(counting.calls_in(text)) == "12 GET_BROKER_CONFIG, 1 PUT_KV_CONFIG"


def test_a_pod_that_is_being_deleted_is_not_asked() -> None:
    pod = {"metadata": {}, "status": {"podIP": "10.0.0.1"}}
    leaving = {**pod, "metadata": {"deletionTimestamp": "now"}}
    world = World({}, {"a": pod, "b": leaving, "c": {"metadata": {}, "status": {}}})
    assert [world.address(name, 9876) for name in "abcd"] == ["10.0.0.1:9876", None, None, None]


def test_containers_are_ready_without_their_pods_gates() -> None:
    conditions = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]
    pods: dict[str, Any] = {
        "a": {"status": {"conditions": conditions}},
        "b": {"status": {"conditions": conditions[:1]}},
        "c": {"status": {}},
    }
    assert World({}, pods).ready() == ["a"]


def test_report_has_a_sample_for_every_round_and_says_what_was_said_too_early() -> None:
    def outcome(phase: str, early: float) -> scale.Outcome:
        parts = [floor.Part("end", 2.0)]
        asked = Requests(Counter({"get x": 2}), Counter(), Counter({"A": 5}))
        return scale.Outcome(3.0, early, [Stretch(phase, 3.0)], parts, {"rest": 1.0}, asked)

    report = scale.report({"down": [outcome("a", 0.0), outcome("b", 1.5)]}, {})
    samples = {each.name.strip(): each.samples for each in report.series}
    assert samples["down"] == [3.0, 3.0]
    assert samples["down: phase a"] == [3.0, 0.0]
    assert samples["down: phase b"] == [0.0, 3.0]
    assert samples["down: RocketMQ"] == [5.0, 5.0]
    assert report.ratios[0].value == 1.5
    assert report.facts["down: SETTLED WAS SAID TOO EARLY"] == "1.5 s before it was true"
