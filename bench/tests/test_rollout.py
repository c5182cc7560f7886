"""Rolling restarts: what is restarted and how often, phases in the resource's words, gaps from the clients' summaries."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.unit.core.rollout import rolling as story

from bench import bare, manifests, rolling_words, rollout, sending, timeline
from bench.ledgers import Gap, longest_gap, reasons
from bench.requests import Requests
from bench.restarts import SIZE, Pods, of_brokers, of_name_servers
from bench.rollout_report import Outcome, Round, report
from bench.sending import Gaps
from bench.timeline import SETTLED, UNSEEN, Stretch
from bench.watching import World
from rocketmq_operator.core import names

FIGURES = "1 of 4 brokers are at bench-5f (podTemplate {} -> {a: 1})"
FIRST = "is fenced; bench-0-1 has not copied everything yet"


def pod(uid: str, starts: int = 0, *, ready: bool = True, leaving: bool = False) -> dict[str, Any]:
    conditions = [{"type": "ContainersReady", "status": str(ready)}]
    status = {"conditions": conditions, "containerStatuses": [{"restartCount": starts}]}
    return {"metadata": {"uid": uid, **({"deletionTimestamp": "now"} if leaving else {})}, "status": status}


def resource(rolling: str, ready: str, message: str = "", *phases: str, observed: int = 2) -> dict[str, Any]:
    conditions = [
        {"type": "RollingOut", "status": rolling, "reason": "Why", "message": message, "observedGeneration": observed},
        {"type": "Ready", "status": ready, "reason": "NotAllReady", "observedGeneration": observed},
    ]
    groups = [{"name": f"broker-{number}", "phase": each} for number, each in enumerate(phases)]
    return {"metadata": {"generation": 2}, "status": {"conditions": conditions, "brokerGroups": groups}}


def test_all_pods_of_a_resource_restart_slaves_before_their_master() -> None:
    assert of_brokers().pods == ("bench-0-1", "bench-0-0", "bench-1-1", "bench-1-0")
    assert of_name_servers().pods == ("names-ns-1", "names-ns-0")
    assert (of_brokers().stated, of_name_servers().stated) == (70.0, 0.0)
    assert {*of_brokers().pods, *of_name_servers().pods} == SIZE.pods()


def test_the_cluster_is_one_whose_masters_are_restarted() -> None:
    servers, brokers = rollout._objects("here")
    assert not brokers["spec"].get("emptyDir")
    assert (servers["spec"]["replicas"], brokers["spec"]["nameServerRef"]) == (2, {"name": "names"})
    assert brokers["metadata"]["annotations"] == {names.DELETE_UNCONSUMED: "true"}
    assert manifests.scaled_cluster("here").spec.empty_dir


def test_restarts_are_counted_by_uids_and_by_starts_of_containers() -> None:
    pods = Pods({"a": pod("a1", 3), "b": pod("b1")})
    assert pods.done() == {}
    pods.note({"a": pod("a1", 3, leaving=True), "b": pod("b1")})
    pods.note({"b": pod("b1", 1)})
    pods.note({"a": pod("a2"), "b": pod("b1", 1)})
    last = {"a": pod("a2", 2), "b": pod("b1", 1)}
    pods.note(last)
    assert pods.done() == {"a": 3, "b": 1}
    assert pods.replaced(last) == {"a"}
    assert pods.replaced({"a": pod("a2", leaving=True)}) == frozenset()


@pytest.mark.parametrize(
    ("seen", "phase"),
    [
        (resource("False", "True", "", "", ""), SETTLED),
        (resource("False", "True", observed=1), UNSEEN),
        ({"metadata": {"generation": 1}}, UNSEEN),
        (resource("False", "False", "", ""), "NotAllReady"),
        (resource("True", "True"), "Why"),
        (resource("True", "True", FIGURES, "", ""), "Why"),
        (resource("False", "True", "", "Restarting", ""), "broker-0 Restarting"),
        (resource("True", "True", f"{FIGURES}; broker-0 {FIRST}; broker-1 waits", "Restarting", ""),
            f"broker-0 Restarting: {FIRST}"),
        (resource("True", "True", f"{FIGURES}; broker-0 gets its new template; broker-1 waits", "", ""),
            "broker-0 gets its new template"),
        (resource("True", "True", "0 of 2 name servers are at n-1; restarts names-ns-1: ImageChanged"),
            "restarts names-ns-1: ImageChanged"),
        (resource("True", "False", "0 of 2 name servers are at n-1 (image a -> b); waits to restart names-ns-0: it"),
            "waits to restart names-ns-0: it"),
    ],
)  # fmt: skip
def test_phase_is_the_closed_group_and_what_is_done_to_it(seen: dict[str, Any], phase: str) -> None:
    assert rolling_words.phase(seen) == phase


def test_what_happens_to_each_group_adds_up_without_names() -> None:
    line = [Stretch("broker-0 Restarting: waits to restart bench-0-0: bench-0-1 is not ready", 2.0)]
    line += [Stretch("broker-1 Restarting: waits to restart bench-1-0: bench-1-1 is not ready", 3.0)]
    line += [Stretch("restarts names-ns-1", 1.0), Stretch("broker-1 waits until broker-0 serves", 1.0)]
    found = rolling_words.by_role(line)
    assert [each.phase for each in found[:2]] == ["Restarting: waits to restart its master: slave 1 is not ready"] * 2
    assert [each.phase for each in found[2:]] == ["restarts a name server", "waits until another group serves"]


def test_the_operators_own_words_are_understood_through_a_whole_rollout() -> None:
    world = story.Rolling()
    world.world.edit(podTemplate={"annotations": {"bench/restart": "1"}})
    seen: list[str] = []
    for _ in range(300):
        status = msgspec.to_builtins(world.second().status)
        seen.append(rolling_words.phase({"metadata": {"generation": status["observedGeneration"]}, "status": status}))
    phases = list(dict.fromkeys(seen))
    assert not [each for each in phases if " are at " in each]
    assert "broker-0 Restarting: is closed for writing; clients learn it" in phases
    assert "broker-1 Restarting: restarts c-1-0: PodTemplateChanged" in phases
    assert phases.index("broker-0 Restarting: is fenced") < phases.index("broker-1 gets its new template")
    assert phases[-1] == seen[-1] == SETTLED


def test_a_bare_restart_is_over_when_another_pod_is_ready_and_all_others_are() -> None:
    there = {name: pod(name) for name in SIZE.pods()}
    assert not bare.back(World({}, there), "bench-0-0", "bench-0-0")
    assert bare.back(World({}, {**there, "bench-0-0": pod("new")}), "bench-0-0", "bench-0-0")
    assert not bare.back(World({}, {**there, "bench-0-0": pod("new", ready=False)}), "bench-0-0", "bench-0-0")
    assert not bare.back(
        World({}, {name: each for name, each in there.items() if name != "bench-0-0"}), "bench-0-0", "x"
    )


def test_gaps_are_read_from_both_summaries() -> None:
    probes = {"broker-0": {"probes": 9, "failed": 0, "gone": 3, "longestGapMs": 61500}}
    produced = {"acknowledged": 90, "notOk": 1, "failed": 2, "longestGapMs": 120, "probes": probes}
    lines: dict[str, list[str]] = {"intents": [], "acknowledged": [], "failed": []}
    found = sending.gaps({"produce": produced, "check": {"lost": 0, "badCrc": 0}, "consume": {}}, lines)
    assert found == Gaps(Gap(0, 0), 90, 0.12, {"broker-0": 61.5}, failed=2, not_ok=1, lost=0, damaged=0, why="none")
    assert found.good
    assert not sending.gaps({"produce": produced, "check": {"lost": 1, "badCrc": 0}}, lines).good


def test_the_longest_gap_lies_between_sends_that_succeeded_and_no_probe_ends_it() -> None:
    times = {"r-0": 1000, "r-1": 1500, "r-2": 2500, "r-p0": 2600, "r-3": 3000, "r-4": 3100}
    intents = [f"{key}\t{time}\t{'probe' if 'p' in key else 'plain'}\t-" for key, time in times.items()]
    acknowledged = [f"{key}\tbroker-0\t0\t0" for key in times if key != "r-2"]
    assert longest_gap(intents, acknowledged) == Gap(1.5, 1.5)
    assert longest_gap([], []) == Gap(0.0, 0.0)


def test_failures_are_told_by_their_reason() -> None:
    assert reasons(["r-1\tE\tno", "r-2\tE\tno", "r-p3\tE\tno"]) == "2 × E: no; 1 × probe: E: no"


def test_a_time_lies_in_a_phase() -> None:
    line = [Stretch("a", 2.0), Stretch("b", 3.0)]
    assert [timeline.at(line, seconds) for seconds in (-1.0, 0.0, 2.0, 4.9, 5.0)] == ["", "a", "b", "b", ""]


def outcome(seconds: float, needed: int, done: dict[str, int], early: float = 0.0) -> Outcome:
    asked = Requests(Counter({"get x": 2}), Counter(), Counter())
    return Outcome(1000.0, seconds, early, [Stretch("broker-0 Restarting: is fenced", seconds)], needed, done, asked)


def test_report_has_floor_ratios_gaps_and_says_what_should_not_be() -> None:
    pods = [*of_brokers().pods, *of_name_servers().pods]
    gaps = Gaps(Gap(0.2, 1030.0), 90, 0.1, {"broker-0": 61.5, "broker-1": 60.0}, 0, 0, 0, 0)
    once = dict.fromkeys(of_brokers().pods, 1)
    found = Round(dict.fromkeys(pods, 10.0), outcome(120.0, 4, once, 1.5), outcome(30.0, 2, {"names-ns-0": 3}), gaps)
    made = report([found, found], {"processors": 2})
    samples = {each.name.strip(): each.samples for each in made.series}
    assert samples["brokers: FLOOR, bare restarts"] == [40.0, 40.0]
    assert samples["name servers: bare restart, names-ns-1"] == [10.0, 10.0]
    assert samples["brokers: phase Restarting: is fenced"] == [120.0, 120.0]
    assert samples["brokers: longest gap, broker-0 (probes)"] == [61.5, 61.5]
    assert samples["brokers: messages LOST"] == [0.0, 0.0]
    assert samples["name servers: restarts done"] == [3.0, 3.0]
    assert [each.value for each in made.ratios] == [3.0, 120 / (2 * 35 + 2 * 10 + 2 * 60), 1.5]
    assert made.facts["brokers: SETTLED WAS SAID TOO EARLY"] == "1.5 s before it was true"
    assert "brokers: RESTARTS THAT WERE NOT NEEDED, OR MISSING" not in made.facts
    assert "name servers: RESTARTS THAT WERE NOT NEEDED, OR MISSING" in made.facts
    assert made.facts["brokers: the longest gap began"] == "30.0 s after the change (broker-0 Restarting: is fenced)"
    assert made.facts["processors"] == 2
