"""Events in virtual time: series, rates, and that nobody who records one ever waits or fails."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from rocketmq_operator.kube.errors import Invalid
from rocketmq_operator.kube.resources import EVENT
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.runtime import EventRecorder
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

from .cluster import Cluster
from .link import Link

CLUSTER = {"apiVersion": "x/v1", "kind": "Thing", "namespace": "ns", "name": "a", "uid": "u1"}

Scenario = Callable[[EventRecorder, Link, Cluster], Coroutine[Any, Any, None]]


def recording(scenario: Scenario) -> None:
    async def run() -> None:
        cluster = Cluster()
        link = Link(cluster)
        recorder = EventRecorder(
            link.kube(), controller="x/operator", instance="pod-1", clock=VirtualClock(), random=Random(1)
        )
        task = asyncio.create_task(recorder.run())
        await scenario(recorder, link, cluster)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(run())


def events(cluster: Cluster) -> list[dict[str, Any]]:
    return [obj for (plural, _, _), obj in cluster.objects.items() if plural == "events"]


def test_an_event_has_all_that_the_api_asks_for() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(1)
        (event,) = events(cluster)
        assert event["regarding"] == CLUSTER
        assert event["metadata"]["namespace"] == "ns"
        assert event["metadata"]["name"].startswith("a.")
        assert event["action"] == event["reason"] == "Created"
        assert event["note"] == "made it"
        assert event["eventTime"] == "2027-01-15T08:00:00.000000Z"
        assert "series" not in event

    recording(scenario)


def test_a_repeated_event_is_a_series_and_costs_few_writes() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        for _ in range(100):
            recorder.event(CLUSTER, "Warning", "Failed", "no luck")
            await asyncio.sleep(10)
        (event,) = events(cluster)
        assert len(cluster.writes) <= 6
        await asyncio.sleep(1000)
        (event,) = events(cluster)
        assert event["series"]["count"] == 100, "the last count is told, too"
        writes = len(cluster.writes)
        await asyncio.sleep(10_000)
        assert len(cluster.writes) == writes, "nothing happens, nothing is written"

    recording(scenario)


def test_after_a_pause_it_is_a_new_event() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(1000)
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(1)
        assert len(events(cluster)) == 2

    recording(scenario)


def test_an_object_that_makes_too_many_is_bounded_and_others_are_not() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        for number in range(500):
            recorder.event(CLUSTER, "Normal", "Busy", f"number {number}")
        recorder.event(CLUSTER | {"name": "b"}, "Normal", "Quiet", "one")
        await asyncio.sleep(30)
        assert len(events(cluster)) == 101
        assert recorder.dropped == 400
        await asyncio.sleep(600)
        recorder.event(CLUSTER, "Normal", "Busy", "later")
        await asyncio.sleep(1)
        assert len(events(cluster)) == 102

    recording(scenario)


def test_an_event_that_has_run_out_is_written_anew() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(1)
        name = events(cluster)[0]["metadata"]["name"]
        await cluster.delete(Ref(EVENT, "ns", name))
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(1)
        assert events(cluster)[0]["series"]["count"] == 2

    recording(scenario)


def test_a_lost_answer_makes_no_second_event() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        link.deaf = True
        recorder.event(CLUSTER, "Normal", "Created", "made it")
        await asyncio.sleep(0.1)
        link.deaf = False
        await asyncio.sleep(60)
        assert len(events(cluster)) == 1
        assert recorder.dropped == 0

    recording(scenario)


def test_one_event_that_is_refused_keeps_no_other() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        def refuse(verb: str) -> None:
            if verb == "create" and not cluster.writes and not refused:
                refused.append(verb)
                raise Invalid("note is nonsense")

        refused: list[str] = []
        cluster.before = refuse
        recorder.event(CLUSTER, "Normal", "Refused", "x")
        recorder.event(CLUSTER, "Normal", "Fine", "y")
        await asyncio.sleep(1)
        assert [each["reason"] for each in events(cluster)] == ["Fine"]
        assert recorder.dropped == 1

    recording(scenario)


def test_a_dead_api_server_delays_nobody_and_is_given_up_in_the_end() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        link.hung = True
        began = asyncio.get_running_loop().time()
        for number in range(20):
            recorder.event(CLUSTER, "Normal", "Lost", str(number))
        assert asyncio.get_running_loop().time() == began
        await asyncio.sleep(20_000)
        assert recorder.dropped >= 1
        link.hung = False
        recorder.event(CLUSTER, "Normal", "Back", "again")
        await asyncio.sleep(600)
        assert "Back" in {each["reason"] for each in events(cluster)}

    recording(scenario)


def test_long_texts_are_cut_to_what_the_api_takes() -> None:
    async def scenario(recorder: EventRecorder, link: Link, cluster: Cluster) -> None:
        recorder.event(CLUSTER | {"name": "n" * 253}, "Normal", "Long", "ü" * 5000)
        await asyncio.sleep(1)
        (event,) = events(cluster)
        assert len(event["note"].encode()) <= 1024
        assert len(event["metadata"]["name"]) <= 253

    recording(scenario)


def test_what_is_left_at_the_end_is_written() -> None:
    cluster = Cluster()

    async def run() -> None:
        recorder = EventRecorder(
            cluster, controller="x/operator", instance="pod-1", clock=VirtualClock(), random=Random(1)
        )
        task = asyncio.create_task(recorder.run())
        await asyncio.sleep(1)
        recorder.event(CLUSTER, "Normal", "Stopping", "bye")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(run())
    assert [each["reason"] for each in events(cluster)] == ["Stopping"]
