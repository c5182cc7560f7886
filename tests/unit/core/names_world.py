"""A little world for the plans of a NameServer: pods come and go by their StatefulSet, brokers look names up and register,
time passes by hand. Pure data, no I/O."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from rocketmq_operator.api import NameServer, NameServerSpec, NameServerStatus
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import announced, names, nameservers
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import BrokerFact, NameServerSnapshot, ObjectFact, PodFact, Referring, Registered
from rocketmq_operator.core.plan import (
    Annotate,
    Apply,
    Create,
    NumberRevision,
    Plan,
    PutOrders,
    Remove,
    Resize,
    SetGate,
    SetListed,
    SetPartition,
)
from rocketmq_operator.core.rollout.template import started

from .world import NOW_MS, cluster, fact_of

BROKERS = ("c-0-0", "c-0-1")


def name_server(replicas: int, **spec: Any) -> NameServer:
    """A NameServer called ``n`` in namespace ``ns``."""
    body = {"replicas": replicas, **spec}
    return NameServer(
        Metadata(name="n", namespace="ns", uid="uid-n", generation=1), msgspec.convert(body, NameServerSpec)
    )


class NamesWorld:
    """State that plans act upon."""

    def __init__(self, replicas: int, *, referred: bool = True, version: str = "5.4.0", **spec: Any) -> None:
        self.server = name_server(replicas, **spec)
        self.objects: dict[tuple[str, str], ObjectFact] = {}
        self.pods: dict[str, PodFact] = {}
        self.now_ms = NOW_MS
        self.lists: dict[str, dict[str, Registered]] = {}
        self.orders: dict[str, dict[str, str]] = {}
        self.silent: set[str] = set()
        self.brokers = {name: self._broker(name) for name in BROKERS} if referred else {}
        self.version = version
        self.known: dict[str, set[str]] = {name: set() for name in self.brokers}
        self.told: tuple[str, ...] = ()
        self.watch: Callable[[Any, NameServerSnapshot], None] = lambda action, seen: None
        self._containers = 0

    def _broker(self, name: str) -> PodFact:
        member = int(name[-1])
        return PodFact(name, f"uid-{name}", member, 0, ip=f"10.1.0.{member}", container=f"run://{name}")

    @property
    def size(self) -> int:
        """What the StatefulSet asks for."""
        fact = self.objects.get(("StatefulSet", "n-ns"))
        return int(fact.content()["spec"]["replicas"]) if fact else 0

    def ask(self, replicas: int, **spec: Any) -> None:
        """The user edits the spec."""
        self.server = msgspec.structs.replace(self.server, spec=name_server(replicas, **spec).spec)

    def pod(self, ordinal: int) -> PodFact:
        return self.pods[f"n-ns-{ordinal}"]

    def change(self, name: str, **changes: Any) -> None:
        """Something about a name server's pod is different now."""
        pod = msgspec.structs.replace(self.pods[name], **changes)
        self.pods[name] = msgspec.structs.replace(pod, ready=pod.gate == "True" and bool(pod.container))

    def listed(self) -> list[str]:
        """What the Service for brokers names."""
        return sorted(pod.name for pod in self.pods.values() if pod.listed == "true" and pod.ip)

    def answering(self) -> list[str]:
        return [pod.name for pod in self.pods.values() if pod.runs and pod.name not in self.silent]

    def addresses(self) -> NameServers:
        """What the cluster's brokers are to be told now."""
        return announced.of_reference("ns", "n", self.size or self.server.spec.replicas, self.all_pods(), self.told)

    def tell(self) -> None:
        """The cluster's plan: brokers are told, and the intent remembers what."""
        self.told = self.addresses().addresses

    def all_pods(self) -> tuple[PodFact, ...]:
        return tuple(self.pods[name] for name in sorted(self.pods))

    def snapshot(self) -> NameServerSnapshot:
        """A look at everything."""
        answering = self.answering()
        asked = [pod.name for pod in self.pods.values() if pod.runs]
        brokers = {name: self._says(name) for name in self.brokers}
        clusters = (Referring(cluster(groupReplica=1), tuple(self.brokers.values()), brokers),) if self.brokers else ()
        return NameServerSnapshot(
            self.server,
            dict(self.objects),
            self.all_pods(),
            clusters,
            {name: dict(self.lists[name]) if name in answering else None for name in asked},
            {name: dict(self.orders[name]) if name in answering else None for name in asked},
        )

    def _says(self, name: str) -> BrokerFact:
        given = "n-ns-all.ns.svc:9876" if self.version >= "5.1" else ";".join(self.told)
        return BrokerFact("DefaultCluster", "broker-0", int(name[-1]), "", version=self.version, name_servers=given)

    def plan(self) -> Plan[NameServerStatus]:
        """One plan, carried out at once, its status written."""
        now = datetime.fromtimestamp(self.now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = self.snapshot()
        plan = nameservers.plan(seen, now, self.now_ms)
        for action in plan.actions:
            self.watch(action, seen)
            self._do(action)
        self.server = msgspec.structs.replace(self.server, status=plan.status)
        return plan

    def _do(self, action: Any) -> None:  # noqa: C901
        match action:
            case Create(obj=obj):
                fact = fact_of(obj)
                self.objects[(fact.kind, fact.name)] = fact
            case Apply(obj=obj):
                fact = fact_of(obj)
                before = self.objects[(fact.kind, fact.name)].content()
                if "spec" in obj:
                    fact = msgspec.structs.replace(fact, spec=_raw({**before["spec"], **obj["spec"]}))
                self.objects[(fact.kind, fact.name)] = fact
            case SetGate(pod=pod, open=opened, container=container, condition=condition):
                assert condition == names.COMPLETE_GATE
                self.change(pod, gate="True" if opened else "False", gate_container=container)
            case SetListed(pod=pod, listed=listed, since=since):
                self.change(pod, listed="true" if listed else "false", unlisted_since=since)
            case Resize(name=name, replicas=replicas):
                fact = self.objects[("StatefulSet", name)]
                resized = _raw({**fact.content()["spec"], "replicas": replicas})
                self.objects[("StatefulSet", name)] = msgspec.structs.replace(fact, spec=resized)
            case Annotate(kind=kind, name=name, values=values):
                fact = self.objects[(kind, name)]
                self.objects[(kind, name)] = msgspec.structs.replace(fact, notes={**fact.notes, **values})
            case NumberRevision(name=name, revision=number):
                fact = self.objects[("ControllerRevision", name)]
                self.objects[("ControllerRevision", name)] = msgspec.structs.replace(fact, number=number)
            case SetPartition(name=name, partition=partition):
                fact = self.objects[("StatefulSet", name)]
                strategy = {"rollingUpdate": {"partition": partition}}
                spec = _raw({**fact.content()["spec"], "updateStrategy": strategy})
                self.objects[("StatefulSet", name)] = msgspec.structs.replace(fact, spec=spec)
                self._roll(partition)
            case Remove(kind="Pod", name=name):
                self.replace(name)
            case PutOrders(address=address, values=values):
                server = next(each.name for each in self.pods.values() if address == f"{each.ip}:9876")
                self.orders[server].update(values)
            case _:
                raise AssertionError(f"no such action is expected here: {action}")

    def _roll(self, partition: int) -> None:
        """The highest pod that is behind the template ends."""
        behind = [pod for pod in self.pods.values() if pod.member >= partition and pod.revision != self._revision()]
        if behind:
            self.replace(max(behind, key=lambda pod: pod.member).name)

    def _revision(self) -> str:
        fact = self.objects.get(("StatefulSet", "n-ns"))
        return started(fact) if fact else ""

    def kubernetes(self) -> None:
        """The StatefulSet's controller and the kubelets: all pods that are wanted run, the others are gone."""
        for name in [name for name, pod in self.pods.items() if pod.member >= self.size]:
            del self.pods[name]
        for ordinal in range(self.size):
            name = f"n-ns-{ordinal}"
            if name not in self.pods:
                self._containers += 1
                self.pods[name] = PodFact(
                    name,
                    f"uid-{name}-{self._containers}",
                    ordinal,
                    ip=f"10.2.0.{self._containers}",
                    listed="true",
                    revision=self._revision(),
                    created=self.now_ms,
                )
            if not self.pods[name].container:
                self.start(name)

    def start(self, name: str) -> None:
        """A container starts: it knows no broker; what was said of the one before still stands in the condition."""
        self._containers += 1
        self.change(name, container=f"run://{self._containers}")
        self.lists[name] = {}
        self.orders.setdefault(name, {})

    def replace(self, name: str) -> None:
        """A pod is made anew: nothing of the old one is left."""
        old = self.pods.pop(name)
        self.orders.pop(name, None)
        if old.member < self.size:
            self.kubernetes()

    def brokers_look(self) -> None:
        """Every broker's look-up and registration, against the DNS of this moment; forgotten ones drop it."""
        for name, pod in self.brokers.items():
            if self.version >= "5.1":
                self.known[name] = set(self.listed()) or self.known[name]
            else:
                self.known[name] = {each.partition(".")[0] for each in self.told} or self.known[name]
            for server in self.answering():
                entries = self.lists[server]
                entry = entries.get("broker-0", Registered("DefaultCluster", {}))
                rest = {key: value for key, value in entry.addresses.items() if key != pod.member}
                known = {pod.member: f"{name}.c-broker.ns.svc.cluster.local:10911"}
                addresses = {**rest, **(known if server in self.known[name] and pod.runs else {})}
                entries["broker-0"] = Registered("DefaultCluster", addresses)

    def pass_time(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    def settle(self, looks: int = 40) -> Plan[NameServerStatus]:
        """Everything goes well for a while: about 20 s between looks."""
        for _ in range(looks):
            self.plan()
            self.tell()
            self.kubernetes()
            self.brokers_look()
            self.pass_time(20)
        return self.plan()


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
