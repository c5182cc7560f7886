"""The queue's rules under any order of calls, against the plainest model that says the same."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from rocketmq_operator.runtime.schedule import Schedule

KEYS = st.sampled_from("abcde")
DELAYS = st.integers(0, 20)


class Model(RuleBasedStateMachine):
    """``due`` and ``again``: key to time; ``order``: when each planned time was set, to break ties."""

    taken = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule[str] = Schedule()
        self.now = 0.0
        self.due: dict[str, tuple[float, int]] = {}
        self.again: dict[str, float] = {}
        self.running: set[str] = set()
        self.count = 0

    def plan(self, key: str, when: float) -> None:
        self.count += 1
        if key not in self.due or when < self.due[key][0]:
            self.due[key] = (when, self.count)

    @rule(key=KEYS, delay=DELAYS)
    def add(self, key: str, delay: int) -> None:
        when = self.now + delay
        self.schedule.add(key, when)
        if key in self.running:
            self.again[key] = min(when, self.again.get(key, when))
        else:
            self.plan(key, when)

    @rule(seconds=DELAYS)
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        key = self.schedule.take(self.now)
        ready = {each: planned for each, planned in self.due.items() if planned[0] <= self.now}
        assert key == (min(ready, key=lambda each: ready[each]) if ready else None)
        if key is not None:
            del self.due[key]
            self.running.add(key)

    @rule(data=st.data())
    def done(self, data: Any) -> None:
        if not self.running:
            return
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.schedule.done(key)
        self.running.remove(key)
        if key in self.again:
            self.plan(key, self.again.pop(key))

    @rule()
    def clear(self) -> None:
        self.schedule.clear()
        self.due.clear()
        self.again.clear()

    @invariant()
    def agrees(self) -> None:
        assert self.schedule.running == self.running
        assert len(self.schedule) == len(self.due) + len(self.again)
        assert self.schedule.next_time() == min((when for when, _ in self.due.values()), default=None)
        assert not self.running & self.due.keys(), "a running key must not be given out"


Model.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestSchedule = Model.TestCase
