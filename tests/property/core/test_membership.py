"""Members over random histories: users change their minds, slaves lag, hang and lose their volumes, masters delete files."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rocketmq_operator.core import membership
from rocketmq_operator.core.facts import BrokerFact, PodFact
from rocketmq_operator.core.membership import Decision, Group

FILE = 64 << 20
MEMBERS = st.integers(1, 4)


@dataclass
class Slave:
    low: int
    high: int
    answers: bool = True
    leaving: bool = False


class Histories(RuleBasedStateMachine):
    """One group. ``look`` is the operator's pass; everything else is the world's doing."""

    @initialize(wanted=st.integers(1, 5), sync=st.booleans(), version=st.sampled_from(["5.4.0", "4.9.7"]))
    def create(self, wanted: int, sync: bool, version: str) -> None:
        self.wanted, self.sync, self.version = wanted, sync, version
        self.low, self.high = 0, 5 * FILE + 100
        self.answers = True
        first = membership.decide(Group("broker-0", wanted, sync))
        self.replicas, self.copies = first.replicas, first.copies
        self.in_sync = self.copies
        self.slaves = {member: Slave(0, self.high) for member in range(1, wanted)}

    @rule(size=st.sampled_from([1 << 10, 20 << 20, FILE, 3 * FILE]))
    def messages_come(self, size: int) -> None:
        self.high += size

    @rule(member=MEMBERS, part=st.sampled_from([0.3, 1.0]))
    def slave_copies(self, member: int, part: float) -> None:
        slave = self.slaves.get(member)
        if slave and slave.high >= self.low:
            slave.low = max(slave.low, 0) if slave.high else self.low
            slave.high += int((self.high - slave.high) * part)

    @rule(member=MEMBERS)
    def slave_loses_its_volume(self, member: int) -> None:
        if member in self.slaves:
            self.slaves[member] = Slave(-1, 0)

    @rule(member=MEMBERS)
    def slave_begins_with_the_last_file(self, member: int) -> None:
        if member in self.slaves:
            self.slaves[member] = Slave(self.high - self.high % FILE, self.high)

    @rule(member=MEMBERS)
    def slave_hangs_or_recovers(self, member: int) -> None:
        if slave := self.slaves.get(member):
            slave.answers = not slave.answers

    @rule()
    def master_hangs_or_recovers(self) -> None:
        self.answers = not self.answers

    @rule()
    def master_deletes_a_file(self) -> None:
        self.low = min(self.low + FILE, self.high - self.high % FILE)

    @rule(wanted=MEMBERS)
    def user_changes_his_mind(self, wanted: int) -> None:
        self.wanted = wanted

    @rule()
    def kubernetes_follows(self) -> None:
        for member in range(1, self.replicas):
            self.slaves.setdefault(member, Slave(-1, 0)).leaving = False
        for member in [member for member in self.slaves if member >= self.replicas]:
            if self.slaves[member].leaving:
                del self.slaves[member]
            else:
                self.slaves[member].leaving = True

    @rule(less=st.integers(1, 3), size=st.sampled_from([0, 1 << 10]))
    def user_wants_less_while_messages_come(self, less: int, size: int) -> None:
        self.wanted = max(1, self.replicas - less)
        self.high += size
        self.look()
        self.look()

    @rule(member=MEMBERS, less=st.sampled_from([1, 1 << 20, FILE]))
    def slave_lags_a_little(self, member: int, less: int) -> None:
        if slave := self.slaves.get(member):
            slave.high = max(slave.low, slave.high - less, 0)

    @rule()
    def look(self) -> None:
        before, group = self.replicas, self._group()
        decision = membership.decide(group)
        self._check(before, group, decision)
        self.copies, self.replicas = decision.copies, decision.replicas
        if decision.live is not None:
            self.in_sync = decision.live

    def _check(self, before: int, group: Group, decision: Decision) -> None:
        assert decision.replicas >= 1
        if decision.replicas >= before:
            return
        assert decision.replicas == before - 1, "two at once"
        assert self.answers, "removed without hearing from the master"
        assert not [member for member in self.slaves if member >= before], "removed while another still leaves"
        staying = [self.slaves[member] for member in range(1, decision.replicas) if member in self.slaves]
        full = [each for each in staying if each.answers and self._holds_all(each)]
        if decision.replicas == 1:
            assert self.wanted == 1
            assert not self._waits_for_slaves(), "the master waits for a slave that is gone"
        elif self.sync:
            assert full, "no full copy is left"
        else:
            leaving = self.slaves.get(decision.replicas)
            near = [
                each for each in staying if each.answers and membership.full_copy(self._master(), self._fact(1, each))
            ]
            lesser = leaving and leaving.answers and not membership.full_copy(self._master(), self._fact(1, leaving))
            assert near or lesser

    def _holds_all(self, slave: Slave) -> bool:
        nothing = self.high <= self.low
        return nothing or (0 <= slave.low <= self.low and slave.high >= self.high)

    def _waits_for_slaves(self) -> bool:
        return self.sync and (self.version.startswith("4.") or self.in_sync > 1)

    @invariant()
    def once_the_world_is_quiet_the_spec_is_met(self) -> None:
        """4.x in SYNC keeps its one member or its several; everything else comes to what the user wants."""
        kept = (self.replicas, self.copies, self.in_sync, self.answers, {**self.slaves})
        self.slaves = {member: Slave(self.low, self.high) for member in range(1, self.replicas)}
        self.answers = True
        for _ in range(12):
            self.look()
            for member in range(1, self.replicas):
                self.slaves.setdefault(member, Slave(self.low, self.high))
            self.slaves = {member: slave for member, slave in self.slaves.items() if member < self.replicas}
        fixed = self.sync and self.version.startswith("4.")
        lone = self.wanted == 1
        assert self.replicas == self.wanted or (
            fixed and (kept[0] == 1) != lone and self.replicas == (kept[0] if not lone else 2)
        )
        if not fixed:
            assert self.copies == self.in_sync == (2 if self.sync and self.wanted > 1 else 1)
        assert membership.decide(self._group()).replicas == self.replicas
        self.replicas, self.copies, self.in_sync, self.answers, self.slaves = kept

    def _group(self) -> Group:
        pods = [PodFact("c-0-0", "uid", 0, container="run", ready=True)]
        pods += [
            PodFact(f"c-0-{n}", "uid", n, container="run", ready=each.answers, deleting=each.leaving)
            for n, each in self.slaves.items()
        ]
        brokers = {f"c-0-{n}": self._fact(n, each) for n, each in self.slaves.items() if each.answers}
        if self.answers:
            brokers["c-0-0"] = self._master()
        return Group("broker-0", self.wanted, self.sync, self.replicas, self.copies, None, tuple(pods), brokers)

    def _master(self) -> BrokerFact:
        role = "SYNC_MASTER" if self.sync else "ASYNC_MASTER"
        return BrokerFact(
            "c", "broker-0", 0, role, self.version, min_offset=self.low, max_offset=self.high, in_sync=self.in_sync
        )

    def _fact(self, member: int, slave: Slave) -> BrokerFact:
        return BrokerFact("c", "broker-0", member, "SLAVE", self.version, min_offset=slave.low, max_offset=slave.high)


Histories.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestHistories = Histories.TestCase
