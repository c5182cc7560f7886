"""Name servers over random histories: whatever users, pods and brokers do in whatever order."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rocketmq_operator.core import registration
from rocketmq_operator.core.nameserver_scaling import LOOKED_UP_MS
from rocketmq_operator.core.plan import PutOrders, Resize, SetGate, SetListed
from tests.unit.core.names_world import BROKERS, NamesWorld
from tests.unit.core.world import cluster

ORDINALS = st.integers(0, 3)


class Histories(RuleBasedStateMachine):
    """Up to four name servers; the operator may look, or not, between any two events."""

    world: NamesWorld

    @initialize(replicas=st.integers(1, 3), version=st.sampled_from(["5.4.0", "4.9.7"]))
    def create(self, replicas: int, version: str) -> None:
        self.world = NamesWorld(replicas, version=version)
        self.unlisted_at: dict[str, int] = {}
        self.opened: set[str] = set()
        self.ever_told = False
        self.world.plan()

    @rule()
    def look(self) -> None:
        world = self.world
        before = {name: pod for name, pod in world.pods.items()}
        size, answering = world.size, world.answering()
        plan = world.plan()
        for action in plan.actions:
            self._judge(action, size, answering)
        for name, pod in world.pods.items():
            if pod.listed == "true":
                self.unlisted_at.pop(name, None)
            elif before[name].listed == "true":
                self.unlisted_at[name] = world.now_ms

    def _judge(self, action: object, size: int, answering: list[str]) -> None:
        world = self.world
        match action:
            case Resize(replicas=replicas) if replicas < size:
                assert replicas == size - 1 and replicas >= world.server.spec.replicas
                leaving = f"n-ns-{replicas}"
                if leaving in world.pods:
                    assert world.now_ms - self.unlisted_at[leaving] >= LOOKED_UP_MS
                self._every_broker_is_on(range(replicas), answering)
            case SetListed(pod=pod, listed=False):
                assert pod == f"n-ns-{size - 1}" and size > world.server.spec.replicas
                self._every_broker_is_on(range(size - 1), answering)
            case PutOrders(address=address):
                pod = next(each for each in world.pods.values() if address == f"{each.ip}:9876")
                assert pod.container not in self.opened

    def _every_broker_is_on(self, ordinals: range, answering: list[str]) -> None:
        for ordinal in ordinals:
            name = f"n-ns-{ordinal}"
            assert name in answering and self.world.pod(ordinal).listed == "true"
            for pod in self.world.brokers.values():
                if pod.runs:
                    table = {name: self.world.lists[name]}
                    assert registration.registered_on(cluster(groupReplica=1), pod, table) == [name]

    @rule(replicas=st.integers(1, 4), paused=st.booleans())
    def user_edits(self, replicas: int, paused: bool) -> None:
        self.world.ask(replicas, paused=paused and replicas == 2)

    @rule()
    def pods_start(self) -> None:
        self.world.kubernetes()

    @rule(ordinal=ORDINALS)
    def container_restarts(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.start(f"n-ns-{ordinal}")

    @rule(ordinal=ORDINALS)
    def container_ends(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.change(f"n-ns-{ordinal}", container="")

    @rule(ordinal=ORDINALS)
    def pod_moves(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.replace(f"n-ns-{ordinal}")

    @rule(ordinal=ORDINALS)
    def name_server_hangs_or_not(self, ordinal: int) -> None:
        self.world.silent ^= {f"n-ns-{ordinal}"}

    @rule(broker=st.sampled_from(BROKERS))
    def broker_goes_or_comes(self, broker: str) -> None:
        pod = self.world.brokers[broker]
        self.world.brokers[broker] = msgspec.structs.replace(pod, container="" if pod.container else "run://again")

    @rule(ordinal=ORDINALS, topic=st.sampled_from("ab"))
    def user_orders_a_topic(self, ordinal: int, topic: str) -> None:
        if f"n-ns-{ordinal}" in self.world.orders:
            self.world.orders[f"n-ns-{ordinal}"][topic] = f"broker-0:{ordinal}"

    @rule()
    def brokers_look(self) -> None:
        self.world.brokers_look()

    @rule(seconds=st.sampled_from([1, 10, 40, 200]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @invariant()
    def brokers_are_never_told_of_none_or_only_of_the_leaving(self) -> None:
        if not self.world.pods:
            return
        before = self.world.told
        addresses = self.world.addresses().addresses
        assert addresses
        labels = {each.partition(".")[0]: "true" for each in addresses}
        labels |= {name: pod.listed for name, pod in self.world.pods.items() if name in labels}
        assert "true" in labels.values()
        # Who was told of stays told of, until it is unlisted or gone for good.
        for each in set(before) - set(addresses):
            name = each.partition(".")[0]
            assert int(name[-1]) >= self.world.size or self.world.pods[name].listed == "false"

    @invariant()
    def services_are_never_empty_by_our_doing(self) -> None:
        unlisted = [pod for pod in self.world.pods.values() if pod.listed == "false" and pod.member < self.world.size]
        assert len(unlisted) <= 1
        assert not self.world.pods or [pod for pod in self.world.pods.values() if pod.listed == "true"]

    @invariant()
    def a_gate_once_opened_stays_open_for_its_container(self) -> None:
        for pod in self.world.pods.values():
            if pod.opened:
                self.opened.add(pod.container)
            assert pod.container not in self.opened or pod.opened

    @precondition(lambda self: self.world.pods)
    @rule()
    def left_alone_it_converges(self) -> None:
        world = self.world
        world.silent, world.brokers = set(), {name: world._broker(name) for name in BROKERS}
        world.ask(world.server.spec.replicas)
        plan = world.settle()
        assert plan.actions == () and plan.requeue is None
        assert len(world.pods) == world.size == world.server.spec.replicas
        assert all(pod.listed == "true" and pod.opened for pod in world.pods.values())
        assert {condition.type: condition.status for condition in plan.status.conditions}["Scaling"] == "False"
        self.unlisted_at.clear()

    @invariant()
    def gates_open_only_on_complete_ones(self) -> None:
        world = self.world
        copied = world.snapshot()
        from rocketmq_operator.core import completeness

        for action in completeness.decide(copied):
            if isinstance(action, SetGate) and action.open:
                for pod in world.brokers.values():
                    servers = registration.registered_on(cluster(groupReplica=1), pod, copied.registrations)
                    assert not pod.runs or not servers or action.pod in servers


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestHistories = Histories.TestCase
