"""Leader election in virtual time: one leads at a time, a loss means standby, nothing starts past the deadline."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from rocketmq_operator.kube.errors import NotLeader
from rocketmq_operator.kube.resources import LEASE
from rocketmq_operator.kube.types import Ref
from rocketmq_operator.runtime import Elector
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

from .cluster import Cluster
from .link import Link

REF = Ref(LEASE, "ns", "operator")


class Candidate:
    """An elector, its link to the cluster, and when it led."""

    def __init__(self, cluster: Cluster, identity: str) -> None:
        self.clock = VirtualClock()
        self.link = Link(cluster)
        self.terms: list[tuple[float, float]] = []
        self.elector = Elector(
            self.link.kube(),
            namespace="ns",
            name="operator",
            identity=identity,
            clock=self.clock,
            random=Random(identity),
        )
        self.task = asyncio.create_task(self.elector.run(self._lead))

    async def _lead(self) -> None:
        began = self.clock.now()
        try:
            await asyncio.Event().wait()
        finally:
            self.terms.append((began, self.clock.now()))

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


Scenario = Callable[[Candidate, Candidate, Cluster], Coroutine[Any, Any, None]]


def two_candidates(scenario: Scenario) -> None:
    """``scenario(leader, standby, cluster)`` once the first of two leads."""

    async def run() -> None:
        cluster = Cluster()
        first = Candidate(cluster, "first")
        await asyncio.sleep(1)
        second = Candidate(cluster, "second")
        await asyncio.sleep(10)
        assert first.elector.leading
        assert not second.elector.leading
        await scenario(first, second, cluster)
        await second.stop()
        await first.stop()

    run_virtual(run())


async def holder(cluster: Cluster) -> str:
    found = await cluster.get(REF)
    return str(found["spec"].get("holderIdentity"))


def test_the_leader_renews_without_reading_and_the_other_waits() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        leader.link.calls.clear()
        standby.link.calls.clear()
        await asyncio.sleep(60)
        assert set(leader.link.calls) == {"patch"}
        assert set(standby.link.calls) == {"get"}
        assert 25 <= len(leader.link.calls) <= 31
        assert (await cluster.get(REF))["spec"]["leaseTransitions"] == 0

    two_candidates(scenario)


def test_a_clean_stop_hands_over_at_once() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        await leader.stop()
        assert await holder(cluster) == "None"
        await asyncio.sleep(3)
        assert standby.elector.leading
        assert (await cluster.get(REF))["spec"]["leaseTransitions"] == 1

    two_candidates(scenario)


@pytest.mark.parametrize("fault", ["cut", "hung"])
def test_who_is_cut_off_stops_before_another_starts_and_stands_by(fault: str) -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        setattr(leader.link, fault, True)
        await asyncio.sleep(30)
        assert standby.elector.leading
        stopped = leader.terms[0][1]
        await standby.stop()
        assert stopped < standby.terms[0][0], "both led at once"
        assert not leader.task.done(), "a lost lease must not end the process"
        setattr(leader.link, fault, False)
        await asyncio.sleep(10)
        assert leader.elector.leading

    two_candidates(scenario)


def test_the_guard_forbids_writes_from_the_deadline_on() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        leader.elector.guard()
        with pytest.raises(NotLeader):
            standby.elector.guard()
        leader.link.cut = True
        deadline = leader.elector.deadline()
        await asyncio.sleep(deadline - leader.clock.now() - 0.001)
        leader.elector.guard()
        await asyncio.sleep(0.001)
        with pytest.raises(NotLeader):
            leader.elector.guard()

    two_candidates(scenario)


def test_a_slow_answer_counts_from_the_call_s_beginning() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        leader.link.seconds = 1.0
        await asyncio.sleep(30)
        assert leader.elector.leading
        assert leader.elector.deadline() - leader.clock.now() <= 10 - 2

    two_candidates(scenario)


def test_a_write_whose_answer_was_lost_is_found_on_the_next_look() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        leader.link.deaf = True
        await asyncio.sleep(3)
        leader.link.deaf = False
        await asyncio.sleep(30)
        assert leader.elector.leading
        assert leader.terms == [], "it led all the time"

    two_candidates(scenario)


def test_a_lease_taken_by_force_is_given_up_at_once() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        await cluster.patch(REF, {"spec": {"holderIdentity": "somebody"}})
        await asyncio.sleep(5)
        assert not leader.elector.leading
        await asyncio.sleep(30)
        assert leader.elector.leading or standby.elector.leading, "somebody never renewed"

    two_candidates(scenario)


def test_a_deleted_lease_is_made_anew_by_one() -> None:
    async def scenario(leader: Candidate, standby: Candidate, cluster: Cluster) -> None:
        await cluster.delete(REF)
        await asyncio.sleep(30)
        assert leader.elector.leading != standby.elector.leading

    two_candidates(scenario)


def test_a_holder_s_clock_is_never_compared_with_ours() -> None:
    async def scenario() -> None:
        cluster = Cluster()
        spec = {"holderIdentity": "other", "leaseDurationSeconds": 40, "renewTime": "1999-01-01T00:00:00.000000Z"}
        await cluster.create(LEASE, {"metadata": {"namespace": "ns", "name": "operator"}, "spec": spec})
        late = Candidate(cluster, "late")
        await asyncio.sleep(39)
        assert not late.elector.leading, "its renewTime is old by our clock, but we saw it only now"
        await asyncio.sleep(5)
        assert late.elector.leading
        await late.stop()

    run_virtual(scenario())


def test_work_that_fails_ends_the_run_and_frees_the_lease() -> None:
    async def scenario() -> None:
        cluster = Cluster()

        async def lead() -> None:
            raise RuntimeError("a fault of the operator")

        elector = Elector(
            cluster, namespace="ns", name="operator", identity="a", clock=VirtualClock(), random=Random(1)
        )
        with pytest.raises(RuntimeError):
            await elector.run(lead)
        assert await holder(cluster) == "None"

    run_virtual(scenario())
