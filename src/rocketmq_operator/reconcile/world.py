"""The watched world: one store for each kind, fed by reflectors, read by reconcilers; and who is to be woken by which change."""

import time
from collections.abc import Callable, Iterable, Mapping

import msgspec

from rocketmq_operator.api import BROKER_CLUSTER, NAME_SERVER, BrokerCluster, NameServer
from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.addresses import ServiceName, names_service
from rocketmq_operator.core.facts import ClaimFact, ObjectFact, PodFact
from rocketmq_operator.core.memo import Memo
from rocketmq_operator.core.rollout.diff import Reason
from rocketmq_operator.kube.resources import CONFIG_MAP, CONTROLLER_REVISION, PDB, SERVICE, STATEFULSET
from rocketmq_operator.runtime import Store

from .facts_of import claim_fact, object_fact, pod_fact
from .opened import Opened
from .taken import Taken
from .views import ClaimView, Made, NodeView, PodView, View

MADE = (CONFIG_MAP, CONTROLLER_REVISION, PDB, SERVICE, STATEFULSET)


class Key(msgspec.Struct, frozen=True, order=True):
    """A resource to be reconciled."""

    kind: str
    namespace: str
    name: str


def by_owner(view: View) -> Iterable[str]:
    """Index of everything we make: the resource that it belongs to."""
    labels, namespace = view.metadata.labels, view.metadata.namespace
    for label, kind in ((names.CLUSTER_LABEL, BROKER_CLUSTER.kind), (names.NAME_SERVER_LABEL, NAME_SERVER.kind)):
        if label in labels:
            yield f"{kind}/{namespace}/{labels[label]}"


def owner_key(view: View) -> Key | None:
    """The resource to wake when this object changes."""
    for owner in by_owner(view):
        return Key(*owner.split("/"))
    return None


class World:
    """All stores."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.taken = Taken(now)
        self.opened = Opened(now)
        self.clusters: Store[BrokerCluster] = Store()
        self.name_servers: Store[NameServer] = Store()
        self.pods: Store[PodView] = Store(indexers={"owner": by_owner})
        self.nodes: Store[NodeView] = Store()
        self.made: dict[str, Store[Made]] = {each.kind: Store(indexers={"owner": by_owner}) for each in MADE}
        self.claims: Store[ClaimView] = Store(indexers={"owner": by_owner})
        self.sees_nodes = False
        self.sees_claims = False
        self._facts: Memo[Mapping[tuple[str, str], ObjectFact]] = Memo(4096)
        self._pods: Memo[tuple[PodFact, ...]] = Memo(4096)

    def facts(self, key: Key) -> Mapping[tuple[str, str], ObjectFact]:
        """Everything made for a resource, by kind and name."""
        owner = f"{key.kind}/{key.namespace}/{key.name}"
        views = [store.by_index("owner", owner) for store in self.made.values()]
        facts = self._facts.get(owner, views, lambda: _by_name(zip(self.made, views, strict=True)))
        return self.taken.seen_sets(self.opened.seen(key.namespace, facts))

    def pods_of(self, key: Key) -> tuple[PodFact, ...]:
        """The pods of a resource; who was asked to go is going."""
        return self.taken.seen(self.pods_there(key))

    def pods_there(self, key: Key) -> tuple[PodFact, ...]:
        """The pods of a resource as the view has them: also one that was asked to go, which its controller may take much later, or never."""
        views = self.pods.by_index("owner", f"{key.kind}/{key.namespace}/{key.name}")
        return self._pods.get(key, views, lambda: _in_order(views))

    def claims_of(self, key: Key) -> dict[str, ClaimFact] | None:
        """The claims of a cluster's brokers by name; None where claims may not be read."""
        if not self.sees_claims:
            return None
        views = self.claims.by_index("owner", f"{key.kind}/{key.namespace}/{key.name}")
        return {view.metadata.name: claim_fact(view) for view in views}

    def node_count(self, selector: dict[str, str]) -> int | None:
        """Nodes that take pods with this node selector, or None where nodes may not be read."""
        if not self.sees_nodes:
            return None
        return sum(
            not node.spec.unschedulable and selector.items() <= node.metadata.labels.items()
            for node in self.nodes.values()
        )

    def cordoned(self) -> frozenset[str]:
        """Nodes that take no new pods."""
        return frozenset(node.metadata.name for node in self.nodes.values() if node.spec.unschedulable)

    def upgrading(self) -> set[Key]:
        """The clusters that restart because of an upgrade of the operator."""
        found = (each for each in self.clusters.values() if _upgrades(each))
        return {Key(BROKER_CLUSTER.kind, each.metadata.namespace, each.metadata.name) for each in found}

    def on_node(self, node: str) -> list[Key]:
        """The clusters that have a pod on a node."""
        keys = (owner_key(pod) for pod in self.pods.values() if pod.spec.node_name == node)
        return sorted({key for key in keys if key})

    def node_addresses(self) -> frozenset[str]:
        """All addresses of all nodes."""
        return frozenset(each.address for node in self.nodes.values() for each in node.status.addresses)


def _by_name(made: Iterable[tuple[str, tuple[Made, ...]]]) -> Mapping[tuple[str, str], ObjectFact]:
    facts = (object_fact(kind, view) for kind, views in made for view in views)
    return {(fact.kind, fact.name): fact for fact in facts}


def _in_order(views: Iterable[PodView]) -> tuple[PodFact, ...]:
    return tuple(sorted((pod_fact(view) for view in views), key=lambda pod: (pod.group, pod.member)))


def _upgrades(cluster: BrokerCluster) -> bool:
    """Whether it has begun: one that waits for others does not count."""
    conditions = cluster.status.conditions if cluster.status else []
    rolling = condition(conditions, "RollingOut")
    if rolling is None or (rolling.status, rolling.reason) != ("True", Reason.OPERATOR.value):
        return False
    return bool(
        cluster.status and (cluster.status.updated_brokers or any(each.phase for each in cluster.status.broker_groups))
    )


def referring(world: World, server: NameServer) -> list[Key]:
    """The clusters that refer to a NameServer, or name its Service for brokers."""
    return [
        Key(BROKER_CLUSTER.kind, cluster.metadata.namespace, cluster.metadata.name)
        for cluster in world.clusters.values()
        if _refers(cluster, server)
    ]


def _refers(cluster: BrokerCluster, server: NameServer) -> bool:
    meta, namespace = server.metadata, cluster.metadata.namespace
    reference = cluster.spec.name_server_ref
    if reference:
        return (reference.namespace or namespace, reference.name) == (meta.namespace, meta.name)
    text, service = cluster.spec.name_servers or "", ServiceName(meta.namespace, names.name_server_peers(meta.name))
    return service.name in text and names_service(text, namespace, service)
