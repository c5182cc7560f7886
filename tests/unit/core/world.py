"""A little world for plans: what they make comes to be, pods run, brokers answer. Pure data, no I/O."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, BrokerClusterStatus
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import clusters, names
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import BrokerFact, ClusterSnapshot, ObjectFact, PodFact, Registered
from rocketmq_operator.core.members import broker_name, member_count
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import Apply, Configure, Create, Plan, SetGate

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
    spec, data = (
        msgspec.Raw(msgspec.json.encode(obj[part])) if part in obj else msgspec.Raw(b"") for part in ("spec", "data")
    )
    return ObjectFact(
        obj["kind"],
        meta["name"],
        f"uid-of-{meta['name']}",
        meta["ownerReferences"][0]["uid"],
        meta["annotations"][names.HASH_ANNOTATION],
        spec,
        data,
    )


class World:
    """State that plans act upon."""

    def __init__(self, item: BrokerCluster) -> None:
        self.cluster = item
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
            case SetGate(pod=pod, open=opened, container=container):
                gate = "True" if opened else "False"
                self.pods[pod] = msgspec.structs.replace(
                    self.pods[pod], gate=gate, gate_container=container, ready=opened
                )
            case Configure(broker=broker, values=values, first=first):
                if first:
                    self._do(Apply("", "", first))
                accepts = int(values["startAcceptSendRequestTimeStamp"])
                self.brokers[broker] = msgspec.structs.replace(self.brokers[broker], accepts_from=accepts)

    def start_pods(self) -> None:
        """What StatefulSet controller, kubelets and brokers do."""
        for kind, name in list(self.objects):
            if kind == "StatefulSet":
                for member in range(member_count(self.cluster.spec)):
                    self.start(int(name.rpartition("-")[2]), member)

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
        )
        for listed in self.lists.values():
            if listed is not None:
                entry = listed.get(label, Registered(self.cluster.spec.cluster_name, {}))
                address = f"{pod}.c-broker.ns.svc.cluster.local:10911"
                listed[label] = Registered(entry.cluster, {**entry.addresses, member: address})
        return self.pods[pod]

    def change_broker(self, pod: str, **changes: Any) -> None:
        """Something about a broker is different now."""
        self.brokers[pod] = msgspec.structs.replace(self.brokers[pod], **changes)
