"""A little world for plans: what they make comes to be, pods run, brokers answer. Pure data, no I/O."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, BrokerClusterStatus
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import clusters, names
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import BrokerFact, ClusterSnapshot, ObjectFact, PodFact, Registered
from rocketmq_operator.core.members import broker_name
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Apply, Configure, Create, Plan, Remove, Resize, SetGate

NOW = "2026-01-01T00:00:00Z"
NOW_MS = 1_767_225_600_000
SERVERS = ("10.0.0.1:9876", "10.0.0.2:9876")


def cluster(**spec: Any) -> BrokerCluster:
    """A cluster called ``c`` in namespace ``ns``."""
    body = {"nameServers": "names:9876", **spec}
    return BrokerCluster(
        Metadata(name="c", namespace="ns", uid="uid-1", generation=1), msgspec.convert(body, BrokerClusterSpec)
    )


def fact_of(obj: dict[str, Any]) -> ObjectFact:
    """An object as the watch would show it."""
    meta = obj["metadata"]
    return ObjectFact(
        obj["kind"],
        meta["name"],
        f"uid-of-{meta['name']}",
        meta["ownerReferences"][0]["uid"],
        meta["annotations"][names.HASH_ANNOTATION],
        spec=_raw(obj, "spec"),
        data=_raw(obj, "data"),
    )


def _raw(obj: dict[str, Any], part: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(obj[part])) if part in obj else msgspec.Raw(b"")


class World:
    """State that plans act upon."""

    def __init__(self, item: BrokerCluster) -> None:
        self.cluster = item
        self.restarted: list[str] = []
        self.objects: dict[tuple[str, str], ObjectFact] = {}
        self.pods: dict[str, PodFact] = {}
        self.brokers: dict[str, BrokerFact] = {}
        self.lists: dict[str, dict[str, Registered] | None] = {server: {} for server in SERVERS}
        self.name_servers = NameServers("names:9876", SERVERS, SERVERS)

    def copy(self) -> "World":
        """The same world, to be changed without changing this one."""
        other = World(self.cluster)
        other.objects, other.pods, other.brokers = dict(self.objects), dict(self.pods), dict(self.brokers)
        other.lists = {server: None if listed is None else dict(listed) for server, listed in self.lists.items()}
        other.name_servers = self.name_servers
        return other

    def snapshot(self, **changes: Any) -> ClusterSnapshot:
        """A look at everything."""
        looked = ClusterSnapshot(
            cluster=self.cluster,
            objects=dict(self.objects),
            pods=tuple(self.pods[name] for name in sorted(self.pods)),
            brokers=dict(self.brokers),
            name_servers=self.name_servers,
            registrations=dict(self.lists),
            nodes=3,
        )
        return msgspec.structs.replace(looked, **changes)

    def plan(self, **changes: Any) -> Plan[BrokerClusterStatus]:
        """One plan, carried out at once, its status written."""
        plan = clusters.plan(self.snapshot(**changes), NOW, NOW_MS)
        for action in plan.actions:
            self._do(action)
        self.cluster = msgspec.structs.replace(self.cluster, status=plan.status)
        return plan

    def _do(self, action: Any) -> None:
        match action:
            case Create(obj=obj) | Apply(obj=obj):
                fact = fact_of(obj)
                self.objects[(fact.kind, fact.name)] = fact
            case Resize(name=name, replicas=replicas):
                self.resize(name, replicas)
            case Remove(kind="Pod", name=name):
                self.restarted.append(name)
            case SetGate(pod=pod, open=opened, container=container):
                gate = "True" if opened else "False"
                self.pods[pod] = msgspec.structs.replace(
                    self.pods[pod], gate=gate, gate_container=container, ready=opened
                )
            case Configure(broker=broker, values=values, first=first):
                if first:
                    self._do(Apply("", "", first))
                keys = {"startAcceptSendRequestTimeStamp": "accepts_from", "inSyncReplicas": "in_sync"}
                self.change_broker(broker, **{keys[key]: int(values[key]) for key in values if key in keys})
                if "namesrvAddr" in values:
                    self.change_broker(broker, name_servers=values["namesrvAddr"])

    def resize(self, name: str, replicas: int) -> None:
        """Another number of members, as by ``kubectl scale``; the pods follow when ``start_pods`` and ``stop_pods`` say so."""
        key = ("StatefulSet", name)
        spec = {**self.objects[key].content()["spec"], "replicas": replicas}
        self.objects[key] = msgspec.structs.replace(self.objects[key], spec=msgspec.Raw(msgspec.json.encode(spec)))

    def replicas(self, name: str) -> int:
        """What a StatefulSet says."""
        return int(self.objects[("StatefulSet", name)].content()["spec"]["replicas"])

    def want(self, **spec: Any) -> None:
        """The user changes the spec."""
        self.cluster = msgspec.structs.replace(self.cluster, spec=cluster(**spec).spec)

    def start_pods(self) -> None:
        """What StatefulSet controller, kubelets and brokers do."""
        for kind, name in list(self.objects):
            if kind == "StatefulSet":
                for member in range(self.replicas(name)):
                    if f"{name}-{member}" not in self.pods:
                        self.start(int(name.rpartition("-")[2]), member)

    def stop_pods(self) -> None:
        """What is above a StatefulSet's number goes, with its registration."""
        for name, pod in list(self.pods.items()):
            if pod.member >= self.replicas(name.rpartition("-")[0]):
                del self.pods[name]
                self.brokers.pop(name, None)
                for listed in self.lists.values():
                    entry = listed.get(broker_name(self.cluster.spec, pod.group)) if listed else None
                    if listed is not None and entry is not None:
                        left = {member: each for member, each in entry.addresses.items() if member != pod.member}
                        listed[broker_name(self.cluster.spec, pod.group)] = Registered(entry.cluster, left)

    def start(self, group: int, member: int) -> PodFact:
        """One broker starts, fenced, and registers everywhere."""
        pod = names.broker_pod("c", group, member)
        label = broker_name(self.cluster.spec, group)
        self.pods[pod] = PodFact(
            pod, f"uid-{pod}", member, group, ip=f"10.1.{group}.{member}", container=f"run://{pod}"
        )
        self.brokers[pod] = BrokerFact(
            self.cluster.spec.cluster_name,
            label,
            member,
            "SLAVE" if member else "SYNC_MASTER",
            version="5.4.0",
            accepts_from=0 if member else FENCED_FOR_EVER,
            in_sync=self._told_copies(group),
        )
        for listed in self.lists.values():
            if listed is not None:
                entry = listed.get(label, Registered(self.cluster.spec.cluster_name, {}))
                address = f"{pod}.c-broker.ns.svc.cluster.local:10911"
                listed[label] = Registered(entry.cluster, {**entry.addresses, member: address})
        return self.pods[pod]

    def _told_copies(self, group: int) -> int:
        """What the entry script takes from the intent."""
        fact = self.objects.get(("ConfigMap", names.intent("c", group)))
        return int(fact.content()["data"]["inSyncReplicas"]) if fact else 2

    def change_broker(self, pod: str, **changes: Any) -> None:
        """Something about a broker is different now."""
        self.brokers[pod] = msgspec.structs.replace(self.brokers[pod], **changes)
