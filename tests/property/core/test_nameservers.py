"""Name servers over random histories: whatever users, pods and brokers do in whatever order."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rocketmq_operator.core import registration
from rocketmq_operator.core.facts import NameServerSnapshot
from rocketmq_operator.core.lookups import LOOKED_UP_MS
from rocketmq_operator.core.order_memory import kept
from rocketmq_operator.core.plan import Apply, Create, PutOrders, Remove, Resize, SetGate, SetListed, SetPartition
from tests.unit.core.names_world import BROKERS, NamesWorld
from tests.unit.core.world import cluster

CLUSTER = cluster(groupReplica=1)


class History:
    """Up to four name servers; the operator may look, or not, between any two events."""

    def __init__(self, replicas: int, version: str, fresh: bool) -> None:
        self.world = NamesWorld(replicas, version=version)
        self.world.watch = self.judge
        self.unlisted_at: dict[str, int] = {}
        self.opened: set[str] = set()
        self.world.plan()
        if not fresh:
            self.world.settle(6)

    def look(self) -> None:
        self.world.plan()
        self.the_last_that_answers_is_listed()

    def the_last_that_answers_is_listed(self) -> None:
        if self.world.server.spec.paused:
            return
        answering = [
            self.world.pods[name] for name in self.world.answering() if self.world.pods[name].member < self.world.size
        ]
        assert not answering or [pod for pod in answering if pod.listed == "true"]

    def judge(self, action: object, seen: NameServerSnapshot) -> None:
        """Every action, before it is carried out."""
        world, size = self.world, self.world.size
        if seen.server.spec.paused:
            assert isinstance(action, SetGate | PutOrders) or self._keeps_orders(action)
        match action:
            case Resize(replicas=replicas) if replicas < size:
                assert replicas == size - 1 and replicas >= world.server.spec.replicas
                assert not [pod for pod in world.pods.values() if pod.member >= size]
                leaving = world.pods.get(f"n-ns-{replicas}")
                if leaving:
                    assert leaving.listed == "false"
                    assert world.now_ms - self.unlisted_at[leaving.uid] >= LOOKED_UP_MS
                    # A broker that is stopped meanwhile is given the list of its next start, where the others stand, too.
                    run = [broker for broker in world.brokers.values() if broker.runs]
                    told = [each for each in world.told if each.startswith(leaving.name)]
                    assert world.version >= "5.1" or not run or not told
                self._every_broker_is_on(range(replicas), seen)
            case SetListed(pod=pod, uid=uid, listed=False):
                assert pod == f"n-ns-{size - 1}" and size > world.server.spec.replicas
                self._every_broker_is_on(range(size - 1), seen)
                self.unlisted_at[uid] = world.now_ms
            case PutOrders(address=address):
                server = next(each for each in world.pods.values() if address == f"{each.ip}:9876")
                # One that comes back is told what it missed, before anybody asks it.
                assert server.container not in self.opened or server.listed == "false"
            case SetGate(pod=pod, open=True):
                for broker in world.brokers.values():
                    servers = registration.registered_on(CLUSTER, broker, seen.registrations)
                    assert not broker.runs or not servers or pod in servers
                others = [each.name for each in seen.pods if each.opened and each.runs]
                heard = [seen.orders[each] for each in others if seen.orders[each] is not None]
                assert heard or not others
                assert all((each or {}).keys() <= (seen.orders[pod] or {}).keys() for each in heard)
                # Where nobody is left who knows, what was kept is given back first.
                assert others or kept(seen).keys() <= (seen.orders[pod] or {}).keys()
            case SetPartition() | Remove():
                self._is_kept(seen)

    def _keeps_orders(self, action: object) -> bool:
        return isinstance(action, Create | Apply) and action.obj["metadata"]["name"] == "n-ns-orders"

    def _is_kept(self, seen: NameServerSnapshot) -> None:
        """Before a pod is taken, all that it may be the last to hold."""
        known = [seen.orders[pod.name] or {} for pod in seen.pods if pod.opened and pod.runs]
        assert all(each.keys() <= kept(seen).keys() for each in known)

    def _every_broker_is_on(self, ordinals: range, seen: NameServerSnapshot) -> None:
        for ordinal in ordinals:
            name = f"n-ns-{ordinal}"
            assert seen.registrations[name] is not None and self.world.pod(ordinal).listed == "true"
            assert next(pod for pod in seen.pods if pod.name == name).opened
            for pod in self.world.brokers.values():
                table = {name: seen.registrations[name]}
                assert not pod.runs or registration.registered_on(CLUSTER, pod, table) == [name]

    def all_goes_well_for_a_while(self, seconds: int) -> None:
        self.world.plan()
        self.world.tell()
        self.world.kubernetes()
        self.world.brokers_look()
        self.world.pass_time(seconds)

    def user_edits(self, replicas: int, paused: bool) -> None:
        self.world.ask(replicas, paused=paused and replicas == 2)

    def user_asks_for_fewer_of_what_serves(self, fewer: int) -> None:
        """The history that matters, made likely: something is on its way out, and then the rest happens."""
        if self.world.size < 2:
            return
        self._all_is_well()
        self.world.settle(3)
        self.world.ask(max(1, self.world.size - fewer))
        self.world.plan()

    def user_changes_their_mind(self, change: int) -> None:
        if self.leaving():
            self.world.ask(min(4, self.world.size + change))
            self.world.plan()

    def leaving(self) -> bool:
        return any(pod.listed == "false" for pod in self.world.pods.values())

    def brokers_forget_one_that_stays(self, ordinal: int) -> None:
        if self.leaving() and f"n-ns-{ordinal}" in self.world.lists:
            self.world.lists[f"n-ns-{ordinal}"] = {}
            self.world.pass_time(300)
            self.world.plan()

    def _all_is_well(self) -> None:
        world = self.world
        world.silent, world.brokers = set(), {name: world._broker(name) for name in BROKERS}
        world.ask(world.server.spec.replicas)

    def brokers_are_told(self) -> None:
        self.world.tell()

    def only_one_answers(self, ordinal: int, moved: bool) -> None:
        name = f"n-ns-{ordinal}"
        if moved and name in self.world.pods:
            self.world.replace(name)
        self.world.silent = set(self.world.pods) - {name}
        self.look()

    def one_that_stays_restarts(self) -> None:
        if self.leaving():
            self.world.start("n-ns-0")
            self.world.brokers_look()
            self.world.pass_time(300)
            self.look()

    def pods_start(self) -> None:
        self.world.kubernetes()

    def container_restarts(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.start(f"n-ns-{ordinal}")

    def container_ends(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.change(f"n-ns-{ordinal}", container="")

    def pod_moves(self, ordinal: int) -> None:
        if f"n-ns-{ordinal}" in self.world.pods:
            self.world.replace(f"n-ns-{ordinal}")

    def name_server_hangs_or_not(self, ordinal: int) -> None:
        self.world.silent ^= {f"n-ns-{ordinal}"}

    def broker_goes_or_comes(self, broker: str) -> None:
        pod = self.world.brokers[broker]
        self.world.brokers[broker] = msgspec.structs.replace(pod, container="" if pod.container else "run://again")

    def user_orders_a_topic(self, ordinal: int, topic: str) -> None:
        if f"n-ns-{ordinal}" in self.world.orders:
            self.world.orders[f"n-ns-{ordinal}"][topic] = f"broker-0:{ordinal}"

    def brokers_look(self) -> None:
        self.world.brokers_look()

    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

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

    def services_are_never_empty_by_our_doing(self) -> None:
        unlisted = [pod for pod in self.world.pods.values() if pod.listed == "false" and pod.member < self.world.size]
        assert len(unlisted) <= 1
        assert not self.world.pods or [pod for pod in self.world.pods.values() if pod.listed == "true"]

    def a_gate_once_opened_stays_open_for_its_container(self) -> None:
        for pod in self.world.pods.values():
            if pod.opened:
                self.opened.add(pod.container)
            assert pod.container not in self.opened or pod.opened

    def left_alone_it_converges(self) -> None:
        world = self.world
        self._all_is_well()
        plan = world.settle()
        assert plan.actions == () and plan.requeue is None
        assert len(world.pods) == world.size == world.server.spec.replicas
        assert all(pod.listed == "true" and pod.opened for pod in world.pods.values())
        assert {condition.type: condition.status for condition in plan.status.conditions}["Scaling"] == "False"


ORDINALS = st.integers(0, 3)
EVENTS = st.one_of(
    st.tuples(st.just("look")),
    st.tuples(st.just("all_goes_well_for_a_while"), st.sampled_from([20, 61, 200])),
    st.tuples(st.just("user_edits"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("user_asks_for_fewer_of_what_serves"), st.integers(1, 2)),
    st.tuples(st.just("user_changes_their_mind"), st.integers(0, 1)),
    st.tuples(st.just("brokers_forget_one_that_stays"), ORDINALS),
    st.tuples(st.sampled_from(["pods_start", "brokers_look", "brokers_are_told"])),
    st.tuples(
        st.sampled_from(["container_restarts", "container_ends", "pod_moves", "name_server_hangs_or_not"]), ORDINALS
    ),
    st.tuples(st.just("broker_goes_or_comes"), st.sampled_from(BROKERS)),
    st.tuples(st.just("user_orders_a_topic"), ORDINALS, st.sampled_from("ab")),
    st.tuples(st.just("only_one_answers"), ORDINALS, st.booleans()),
    st.tuples(st.just("one_that_stays_restarts")),
    st.tuples(st.just("time_passes"), st.sampled_from([1, 10, 40, 200])),
)


@settings(max_examples=120, deadline=None)
@given(
    replicas=st.integers(1, 4),
    version=st.sampled_from(["5.4.0", "4.9.7"]),
    fresh=st.booleans(),
    events=st.lists(EVENTS, min_size=25, max_size=60),
)
def test_histories(replicas: int, version: str, fresh: bool, events: list[tuple[object, ...]]) -> None:
    history = History(replicas, version, fresh)
    for name, *arguments in events:
        getattr(history, str(name))(*arguments)
        history.brokers_are_never_told_of_none_or_only_of_the_leaving()
        history.services_are_never_empty_by_our_doing()
        history.a_gate_once_opened_stays_open_for_its_container()
    history.left_alone_it_converges()
