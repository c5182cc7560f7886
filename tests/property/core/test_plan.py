"""Plans over random histories: what must hold after every step, whatever happens to pods, brokers and name servers."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import clusters
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import Registered, Tail
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Configure, SetGate
from tests.unit.core.world import NOW, NOW_MS, SERVERS, World, cluster

from .kept import changes_nothing

GROUPS, MEMBERS = st.integers(0, 1), st.integers(0, 1)


class Histories(RuleBasedStateMachine):
    """A two-by-two cluster; the operator may look, or not, between any two events."""

    world: World

    @initialize()
    def create(self) -> None:
        self.world = World(cluster())
        self.all_servers = self.world.name_servers
        self.world.plan()

    @rule()
    def look(self) -> None:
        self.world.plan()

    @rule()
    def pods_start(self) -> None:
        if not self.world.pods:
            self.world.start_pods()

    @rule(group=GROUPS, member=MEMBERS)
    def broker_restarts(self, group: int, member: int) -> None:
        if pod := self.world.pods.get(f"c-{group}-{member}"):
            old, offset = pod, self.world.brokers.get(pod.name)
            fresh = self.world.start(group, member)
            self.world.pods[pod.name] = msgspec.structs.replace(
                fresh, container=old.container + "'", gate=old.gate, gate_container=old.gate_container
            )
            if offset:
                self.world.change_broker(pod.name, max_offset=offset.max_offset)

    @rule(group=GROUPS, member=MEMBERS)
    def broker_hangs(self, group: int, member: int) -> None:
        self.world.brokers.pop(f"c-{group}-{member}", None)

    @rule(group=GROUPS, member=MEMBERS, offset=st.integers(0, 3))
    def offsets_change(self, group: int, member: int, offset: int) -> None:
        if f"c-{group}-{member}" in self.world.brokers:
            self.world.change_broker(f"c-{group}-{member}", max_offset=offset)

    @rule(group=GROUPS, tail=st.sampled_from((Tail(), Tail(0), None)))
    def logs_become_different(self, group: int, tail: Tail | None) -> None:
        self.world.tails[f"c-{group}-1"] = tail

    @rule(server=st.sampled_from(SERVERS))
    def name_server_changes(self, server: str) -> None:
        lists = self.world.lists
        lists[server] = {} if lists[server] is None else None

    @rule(server=st.sampled_from(SERVERS), group=GROUPS)
    def stranger_registers(self, server: str, group: int) -> None:
        listed = self.world.lists[server]
        if listed is not None:
            listed[f"broker-{group}"] = Registered("DefaultCluster", {0: "10.9.9.9:10911"})

    @rule(known=st.booleans())
    def name_servers_are_found_or_not(self, known: bool) -> None:
        lost = NameServers(problem="no name server", reason="NameServersUnknown")
        self.world.name_servers = self.all_servers if known else lost

    @invariant()
    def no_master_opens_behind_its_slave(self) -> None:
        for action in self._planned():
            if isinstance(action, Configure) and action.values["startAcceptSendRequestTimeStamp"] == "0":
                group = action.broker.removesuffix("-0")
                slave = self.world.brokers.get(f"{group}-1")
                assert slave is None or slave.max_offset <= self.world.brokers[action.broker].max_offset

    @invariant()
    def no_master_opens_over_what_its_slave_holds(self) -> None:
        for action in self._planned():
            if isinstance(action, Configure) and action.values["startAcceptSendRequestTimeStamp"] == "0":
                group = int(action.broker.split("-")[1])
                slave = self.world.brokers.get(f"c-{group}-1")
                # In a group that was never open nobody holds anything that was acknowledged.
                if slave is not None and slave.max_offset and self.world.intent(group).get("initialized") == "true":
                    assert self.world.tails.get(f"c-{group}-1", Tail()) == Tail()

    @invariant()
    def no_gate_opens_without_registration(self) -> None:
        for action in self._planned():
            if isinstance(action, SetGate) and action.open:
                group, member = action.pod.split("-")[1:]
                entries = [listed.get(f"broker-{group}") for listed in self.world.lists.values() if listed]
                assert any(entry and action.pod in entry.addresses.get(int(member), "") for entry in entries)

    @invariant()
    def a_name_server_list_once_given_is_never_taken_back(self) -> None:
        for (kind, name), fact in self.world.objects.items():
            if kind == "ConfigMap" and "-intent-" in name:
                data = fact.content()["data"]
                assert ("StatefulSet", "c-0") not in self.world.objects or data["nameServers"]

    @invariant()
    def status_is_honest(self) -> None:
        plan = clusters.plan(self.world.snapshot(), NOW, NOW_MS)
        ready = condition(plan.status.conditions, "Ready")
        assert ready is not None
        if ready.status == "True":
            assert all(pod.ready for pod in self.world.pods.values()) and len(self.world.pods) == 4
            masters = [self.world.brokers[f"c-{group}-0"] for group in range(2)]
            assert all(master.accepts_from < FENCED_FOR_EVER for master in masters)

    @invariant()
    def quiet_worlds_need_no_writes(self) -> None:
        """Looking twice without anything happening in between: the second plan repeats nothing but what waits for the world."""
        copied = self.world.copy()
        for _ in range(3):
            copied.plan()
        assert copied.plan().actions == ()

    @invariant()
    def what_was_kept_changes_no_plan(self) -> None:
        changes_nothing(self.world)

    def _planned(self) -> tuple[object, ...]:
        return clusters.plan(self.world.snapshot(), NOW, NOW_MS).actions


Histories.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestHistories = Histories.TestCase
