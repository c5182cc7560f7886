"""A little world for plans: what they make comes to be, pods run, brokers answer. Pure data, no I/O."""

from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, BrokerClusterStatus
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import clusters, names
from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import BrokerFact, ClusterSnapshot, ObjectFact, PodFact, Registered, Tail
from rocketmq_operator.core.groups.copying import Missing
from rocketmq_operator.core.groups.data import BrokerData, Queues
from rocketmq_operator.core.groups.decide import demand, doubts
from rocketmq_operator.core.members import broker_name
from rocketmq_operator.core.opening import FENCED_FOR_EVER
from rocketmq_operator.core.plan import (
    Annotate,
    Apply,
    Configure,
    Copy,
    Create,
    GrowClaim,
    NumberRevision,
    Orphan,
    Plan,
    PutOrders,
    Rebuild,
    Remove,
    Resize,
    SetFinalizer,
    SetGate,
    SetPartition,
    WipeWritePermission,
)
from rocketmq_operator.core.release import THIS
from rocketmq_operator.core.rollout.template import started, template_format
from rocketmq_operator.core.volumes import growth

from .volumes import Volumes

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
        notes=dict(meta["annotations"]),
        number=obj.get("revision", 0),
    )


def copied(data: BrokerData, missing: Missing) -> BrokerData:
    """What a broker holds after it got what it lacked."""
    committed = {pair: dict(queues) for pair, queues in data.committed.items()}
    for group, topic, queue, offset in missing.offsets:
        committed.setdefault((group, topic), {})[queue] = offset
    topics = {**data.topics, **{topic.name: topic for topic in (*missing.topics, *missing.opens)}}
    groups = {**data.groups, **{msgspec.json.decode(text)["groupName"]: text for text in missing.groups}}
    return msgspec.structs.replace(data, topics=topics, groups=groups, committed=committed)


def _json(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


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
        self.data: dict[str, BrokerData] = {}
        self.tails: dict[str, Tail | None] = {}
        """What a comparison says of a slave (None: no answer); where nothing is said, both logs are the same."""
        self.asked: list[str] = []
        self.order: dict[str, dict[str, str]] = {server: {} for server in SERVERS}
        self.cordoned: frozenset[str] = frozenset()
        self.now_ms = NOW_MS
        self.done: list[Any] = []
        self.current: dict[str, tuple[str, int]] = {}
        self.others_rolling = 0
        self.release = THIS
        self.volumes: Volumes | None = None
        self.orphaned = 0

    def copy(self) -> "World":
        """The same world, to be changed without changing this one."""
        other = World(self.cluster)
        other.objects, other.pods, other.brokers = dict(self.objects), dict(self.pods), dict(self.brokers)
        other.lists = {server: None if listed is None else dict(listed) for server, listed in self.lists.items()}
        other.name_servers, other.data, other.cordoned = self.name_servers, dict(self.data), self.cordoned
        other.volumes = self.volumes and self.volumes.copy()
        other.current, other.release = dict(self.current), self.release
        other.tails = dict(self.tails)
        other.order, other.now_ms = {server: dict(config) for server, config in self.order.items()}, self.now_ms
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
            cordoned=self.cordoned,
            others_rolling=self.others_rolling,
            now_ms=self.now_ms,
            release=self.release,
            most_rolling=3,
            claims=None if self.volumes is None else dict(self.volumes.claims),
        )
        if self.volumes is not None:
            classes = {name: self.volumes.expandable.get(name) for name in growth.demand(looked)}
            looked = looked.later(expandable=classes)
        wanted = demand(looked, self.now_ms)
        data = {pod: each for pod, each in self.data.items() if pod in wanted.tables and pod in self.brokers}
        order = {
            server: dict(each) for server, each in self.order.items() if wanted.order and self.lists[server] is not None
        }
        doubted = doubts(looked, self.now_ms)
        self.asked += doubted
        tails = {slave: found for slave in doubted if (found := self.tails.get(slave, Tail()))}
        looked = looked.later(data=data, order=order, tails=tails)
        return msgspec.structs.replace(looked, **changes) if changes else looked

    def plan(self, **changes: Any) -> Plan[BrokerClusterStatus]:
        """One plan, carried out at once, its status written."""
        plan = clusters.plan(self.snapshot(**changes), NOW, self.now_ms)
        for action in plan.actions:
            self.done.append(action)
            self._do(action)
        self.cluster = msgspec.structs.replace(self.cluster, status=plan.status)
        return plan

    def _do(self, action: Any) -> None:  # noqa: C901, PLR0912
        match action:
            case Create(obj=obj):
                fact = fact_of(obj)
                if fact.kind == "StatefulSet" and self.orphaned:
                    fact = msgspec.structs.replace(fact, uid=f"{fact.uid}-{self.orphaned}")
                self.objects[(fact.kind, fact.name)] = fact
                if fact.kind == "StatefulSet":
                    self.current[fact.name] = (started(fact), template_format(fact))
            case GrowClaim() | Orphan() | Rebuild():
                self._store(action)
            case Apply(obj=obj):
                fact = fact_of(obj)
                if fact.kind == "StatefulSet":
                    there = self.objects[(fact.kind, fact.name)]
                    spec = _json({**there.content()["spec"], **obj["spec"]})
                    fact = msgspec.structs.replace(fact, spec=spec, uid=there.uid)
                self.objects[(fact.kind, fact.name)] = fact
            case Annotate() | NumberRevision():
                self._note(action)
            case SetPartition(name=name, partition=partition):
                self._change_set(name, updateStrategy={"rollingUpdate": {"partition": partition}})
            case Resize(name=name, replicas=replicas):
                self.resize(name, replicas)
            case SetGate(pod=pod, open=opened, container=container):
                gate = "True" if opened else "False"
                self.pods[pod] = msgspec.structs.replace(
                    self.pods[pod], gate=gate, gate_container=container, ready=opened
                )
            case SetFinalizer(finalizers=finalizers):
                meta = msgspec.structs.replace(self.cluster.metadata, finalizers=list(finalizers))
                self.cluster = msgspec.structs.replace(self.cluster, metadata=meta)
            case Remove(kind=kind, name=name):
                self.remove(kind, name)
            case _:
                self._tell(action)

    def _store(self, action: Any) -> None:
        """Actions on volumes; a set that is orphaned is gone at once, and its pods stay."""
        assert self.volumes is not None
        match action:
            case GrowClaim(name=name, size=size):
                self.volumes.change(name, requested=size)
            case Orphan(name=name):
                self.orphaned += 1
                del self.objects[("StatefulSet", name)]
            case Rebuild(pod=pod, claims=claims):
                for name, _ in claims:
                    del self.volumes.claims[name]
                self.remove("Pod", pod)

    def _tell(self, action: Any) -> None:
        """Actions on RocketMQ itself."""
        match action:
            case Configure(broker=broker, values=values, first=first):
                if first:
                    self._do(Apply("", "", first))
                self.configure(broker, values)
            case Copy(broker=broker, missing=missing):
                self.data[broker] = copied(self.data[broker], missing)
            case PutOrders(address=server, values=orders):
                self.order[server].update(orders)
            case WipeWritePermission():
                pass
            case _:
                raise AssertionError(action)

    def resize(self, name: str, replicas: int) -> None:
        """Another number of members, as by ``kubectl scale``; the pods follow when ``start_pods`` and ``stop_pods`` say so."""
        self._change_set(name, replicas=replicas)

    def _change_set(self, name: str, **changes: Any) -> None:
        key = ("StatefulSet", name)
        spec = {**self.objects[key].content()["spec"], **changes}
        self.objects[key] = msgspec.structs.replace(self.objects[key], spec=_json(spec))

    def _note(self, action: Annotate | NumberRevision) -> None:
        if isinstance(action, NumberRevision):
            key = ("ControllerRevision", action.name)
            self.objects[key] = msgspec.structs.replace(self.objects[key], number=action.revision)
        elif action.kind == "BrokerCluster":
            self.annotate(**action.values)
        else:
            fact = self.objects[(action.kind, action.name)]
            notes = {**fact.notes, **{name: text for name, text in action.values.items() if text is not None}}
            self.objects[(action.kind, action.name)] = msgspec.structs.replace(fact, notes=notes)

    def annotate(self, **values: str | None) -> None:
        """The resource's annotations change."""
        meta = self.cluster.metadata
        kept = {**meta.annotations, **values}
        notes = {name: text for name, text in kept.items() if text is not None}
        self.cluster = msgspec.structs.replace(self.cluster, metadata=msgspec.structs.replace(meta, annotations=notes))

    def roll(self) -> list[str]:
        """What the StatefulSet controller does: the highest pod that is behind the template, if those above serve."""
        taken = []
        for (kind, name), fact in list(self.objects.items()):
            strategy = fact.content()["spec"].get("updateStrategy", {}) if kind == "StatefulSet" else {}
            partition = strategy.get("rollingUpdate", {}).get("partition", 0)
            for member in reversed(range(self.replicas(name) if kind == "StatefulSet" else 0)):
                pod = self.pods.get(f"{name}-{member}")
                if pod is None or member < partition:
                    break
                if (pod.revision, pod.format) != (started(fact), template_format(fact)):
                    self.stop(pod.name)
                    taken.append(pod.name)
                    break
                if not pod.ready:
                    break
        return taken

    def replicas(self, name: str) -> int:
        """What a StatefulSet says."""
        return int(self.objects[("StatefulSet", name)].content()["spec"]["replicas"])

    def want(self, **spec: Any) -> None:
        """The user changes the spec."""
        self.cluster = msgspec.structs.replace(self.cluster, spec=cluster(**spec).spec)

    def configure(self, broker: str, values: dict[str, str]) -> None:
        """Code 25."""
        fields = {
            "startAcceptSendRequestTimeStamp": "accepts_from",
            "brokerPermission": "permission",
            "fileReservedTime": "file_reserved",
            "inSyncReplicas": "in_sync",
        }
        changes: dict[str, Any] = {fields[key]: int(value) for key, value in values.items() if key in fields}
        known = self.brokers[broker].settings
        changes["settings"] = {**known, **{key: value for key, value in values.items() if key in known}}
        if "namesrvAddr" in values:
            changes["name_servers"] = values["namesrvAddr"]
        self.brokers[broker] = msgspec.structs.replace(self.brokers[broker], **changes)

    def remove(self, kind: str, name: str) -> None:
        """Deletion by the operator, and what follows from it at once."""
        if kind == "Pod":
            self.restarted.append(name)
            self.stop(name)
            return
        del self.objects[(kind, name)]
        for pod in [each for each in self.pods if each.rpartition("-")[0] == name]:
            self.stop(pod)

    def stop(self, name: str) -> None:
        """A pod ends properly: it signs off everywhere."""
        pod = self.pods.pop(name)
        self.brokers.pop(name, None)
        label = broker_name(self.cluster.spec, pod.group)
        for listed in self.lists.values():
            if listed and label in listed:
                rest = {member: address for member, address in listed[label].addresses.items() if member != pod.member}
                if rest:
                    listed[label] = Registered(listed[label].cluster, rest)
                else:
                    del listed[label]

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
                self.stop(name)

    def start(self, group: int, member: int) -> PodFact:
        """One broker starts, fenced, and registers everywhere."""
        pod = names.broker_pod("c", group, member)
        if self.volumes is not None:
            self.volumes.claim(self.objects[("StatefulSet", names.workload("c", group))].content()["spec"], pod)
        told = self.intent(group)
        label = broker_name(self.cluster.spec, group)
        self.pods[pod] = PodFact(
            pod,
            f"uid-{pod}-{self.now_ms}",
            member,
            group,
            ip=f"10.1.{group}.{member}",
            container=f"run://{pod}",
            revision=self._revision(names.workload("c", group), member)[0],
            format=self._revision(names.workload("c", group), member)[1],
            created=self.now_ms,
        )
        self.brokers[pod] = BrokerFact(
            self.cluster.spec.cluster_name,
            label,
            member,
            "SLAVE" if member else "SYNC_MASTER",
            version="5.4.0",
            permission=int(told.get("brokerPermission", "6")),
            accepts_from=0 if member else FENCED_FOR_EVER,
            boot=self.now_ms + len(self.done),
            file_reserved=48,
            in_sync=int(told.get("inSyncReplicas", "2")),
        )
        self.data.setdefault(pod, BrokerData({}, {}, queues=Queues({})))
        for listed in self.lists.values():
            if listed is not None:
                entry = listed.get(label, Registered(self.cluster.spec.cluster_name, {}))
                address = f"{pod}.c-broker.ns.svc.cluster.local:10911"
                listed[label] = Registered(entry.cluster, {**entry.addresses, member: address})
        return self.pods[pod]

    def _revision(self, workload: str, member: int) -> tuple[str, int]:
        """What a new pod is started for: the new template from the partition on, what runs below."""
        fact = self.objects.get(("StatefulSet", workload))
        if fact is None:
            return "", 1
        partition = fact.content()["spec"]["updateStrategy"]["rollingUpdate"]["partition"]
        return (started(fact), template_format(fact)) if member >= partition else self.current[workload]

    def settle_revisions(self) -> None:
        """Every pod runs the newest template: from now on it is what others come back as."""
        for (kind, name), fact in self.objects.items():
            pods = [pod for pod in self.pods.values() if pod.name.rpartition("-")[0] == name]
            if kind == "StatefulSet" and all(
                (pod.revision, pod.format) == (started(fact), template_format(fact)) and pod.ready for pod in pods
            ):
                self.current[name] = (started(fact), template_format(fact))

    def intent(self, group: int) -> dict[str, str]:
        """What the group's intent says now."""
        fact = self.objects.get(("ConfigMap", names.intent("c", group)))
        return fact.content()["data"] if fact else {}

    def edit(self, **spec: Any) -> None:
        """The user changes the spec."""
        meta = self.cluster.metadata
        before = msgspec.to_builtins(self.cluster.spec)
        self.cluster = msgspec.structs.replace(
            self.cluster,
            metadata=msgspec.structs.replace(meta, generation=meta.generation + 1),
            spec=msgspec.convert({**before, **spec}, BrokerClusterSpec),
        )

    def change_broker(self, pod: str, **changes: Any) -> None:
        """Something about a broker is different now."""
        self.brokers[pod] = msgspec.structs.replace(self.brokers[pod], **changes)
