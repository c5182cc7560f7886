"""Several candidates, links that are cut and lose answers, clocks that run a little differently: never two leaders."""

import asyncio
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rocketmq_operator.runtime import Elector
from rocketmq_operator.runtime.clock import Timer
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

from ...unit.runtime.cluster import Cluster
from ...unit.runtime.link import Link


class OddClock(VirtualClock):
    """Runs ``rate`` times as fast as the others', its time of day is anything."""

    def __init__(self, rate: float, epoch: float) -> None:
        super().__init__(epoch)
        self._rate = rate

    def now(self) -> float:
        return super().now() * self._rate

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._rate)

    def call_later(self, seconds: float, callback: object) -> Timer:
        return super().call_later(seconds / self._rate, callback)  # type: ignore[arg-type]


class Candidate:
    def __init__(self, cluster: Cluster, number: int, leaders: set[int], random: Random) -> None:
        self.link = Link(cluster)
        self.number, self.leaders = number, leaders
        self.elector = Elector(
            self.link.kube(),
            namespace="ns",
            name="operator",
            identity=f"candidate-{number}",
            clock=OddClock(random.uniform(0.9, 1.1), random.uniform(0, 2e9)),
            random=random,
        )
        self.task = asyncio.create_task(self.elector.run(self._lead))
        self.led = 0

    async def _lead(self) -> None:
        self.led += 1
        assert not self.leaders, f"{self.number} leads while {self.leaders} do"
        self.leaders.add(self.number)
        try:
            await asyncio.Event().wait()
        finally:
            self.leaders.discard(self.number)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["cut", "deaf", "hung", "slow", "fine", "fine", "restart"]),
        st.sampled_from([0.5, 3.0, 11.0, 40.0]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), STEPS)
def test_never_two_leaders_and_always_one_in_the_end(seed: int, steps: list[tuple[int, str, float]]) -> None:
    async def scenario() -> None:
        cluster, random, leaders = Cluster(), Random(seed), set[int]()
        candidates = [Candidate(cluster, number, leaders, random) for number in range(3)]
        for number, what, pause in steps:
            link = candidates[number].link
            link.cut, link.deaf, link.hung = what == "cut", what == "deaf", what == "hung"
            link.seconds = 1.5 if what == "slow" else 0.0
            if what == "restart":
                await candidates[number].stop()
                candidates[number] = Candidate(cluster, number, leaders, random)
            await asyncio.sleep(pause)
            assert len(leaders) <= 1
            assert not any(each.task.done() for each in candidates)
        for each in candidates:
            each.link.cut = each.link.deaf = each.link.hung = False
            each.link.seconds = 0.0
        await asyncio.sleep(60)
        assert len(leaders) == 1
        for each in candidates:
            await each.stop()

    run_virtual(scenario())
