"""A resource with all that is made of it, as the plugin can see it: through the API server alone, once, without watching."""

import asyncio

import msgspec

from rocketmq_operator.api import BROKER_CLUSTER, NAME_SERVER, BrokerCluster, NameServer
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ClusterSnapshot, NameServerSnapshot, ObjectFact, PodFact
from rocketmq_operator.core.rollout import servers, target
from rocketmq_operator.core.rollout.content import Content
from rocketmq_operator.core.rollout.diff import Built, of_cluster, of_server
from rocketmq_operator.core.rollout.live_keys import live
from rocketmq_operator.core.rollout.observed import of_status
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONFIG_MAP, CONTROLLER_REVISION, POD, STATEFULSET
from rocketmq_operator.kube.types import Ref, Resource
from rocketmq_operator.reconcile.facts_of import object_fact, pod_fact
from rocketmq_operator.reconcile.named import config_of
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS
from rocketmq_operator.reconcile.views import Made, PodView

Item = BrokerCluster | NameServer
Snapshot = ClusterSnapshot | NameServerSnapshot

MADE = (CONFIG_MAP, CONTROLLER_REVISION, STATEFULSET)
KINDS = {
    word: resource
    for kind, resource in ((BROKER_CLUSTER, CLUSTERS), (NAME_SERVER, NAME_SERVERS))
    for word in (kind.singular, kind.plural, *kind.short_names)
}


class Seen(msgspec.Struct, frozen=True):
    """A look at a resource. ``created`` says when each of its objects was made (RFC 3339)."""

    snapshot: Snapshot
    created: dict[tuple[str, str], str] = {}

    @property
    def item(self) -> Item:
        return item_of(self.snapshot)

    @property
    def ref(self) -> Ref:
        return ref_of(self.item)

    @property
    def target(self) -> target.Target:
        """What is to run, as the operator chooses it."""
        return chosen(self.snapshot)

    def built(self, content: Content) -> Built:
        """What pods would be with a content."""
        item = self.item
        return of_cluster(item, content) if isinstance(item, BrokerCluster) else of_server(item, content)

    def live(self, key: str, value: str) -> bool:
        """Whether all running brokers take a setting while they run; name servers take none."""
        if isinstance(self.snapshot, NameServerSnapshot):
            return False
        return all(live(key, value, fact.version) for fact in self.snapshot.brokers.values())


def item_of(snapshot: Snapshot) -> Item:
    """The resource that a snapshot is of."""
    return snapshot.cluster if isinstance(snapshot, ClusterSnapshot) else snapshot.server


def chosen(snapshot: Snapshot) -> target.Target:
    """What is to run, as the operator chooses it."""
    return (target.resolve(snapshot) if isinstance(snapshot, ClusterSnapshot) else servers.resolve(snapshot))[1]


def named(name: str, kind: str, namespace: str) -> Ref:
    """The resource that a command line names: NAME, or KIND/NAME as kubectl writes it."""
    word, slash, rest = name.partition("/")
    if slash and word.lower() in KINDS:
        return Ref(KINDS[word.lower()], namespace, rest)
    return Ref(KINDS[kind], namespace, name)


def ref_of(item: Item) -> Ref:
    """Where a resource is."""
    return Ref(resource_of(item.kind), item.metadata.namespace, item.metadata.name)


def resource_of(kind: str) -> Resource:
    """A kind of ours as the API server serves it."""
    return KINDS[kind.lower()]


async def look(kube: Kube, ref: Ref) -> Seen:
    """Everything that can be known of a resource; NotFound if it is not there."""
    if ref.resource == CLUSTERS:
        return await look_at(kube, await kube.get(ref, BrokerCluster))
    return await look_at(kube, await kube.get(ref, NameServer))


async def look_at(kube: Kube, item: Item) -> Seen:
    """Everything that is made of a resource."""
    label = names.CLUSTER_LABEL if isinstance(item, BrokerCluster) else names.NAME_SERVER_LABEL
    place, selector = item.metadata.namespace, f"{label}={item.metadata.name}"
    pods = await kube.list(POD, namespace=place, label_selector=selector, type=PodView)
    made = await asyncio.gather(
        *(kube.list(each, namespace=place, label_selector=selector, type=Made) for each in MADE)
    )
    objects: dict[tuple[str, str], ObjectFact] = {}
    created: dict[tuple[str, str], str] = {}
    for resource, views in zip(MADE, made, strict=True):
        for view in views:
            key = (resource.kind, view.metadata.name)
            objects[key] = object_fact(resource.kind, view)
            created[key] = view.metadata.creation_timestamp or ""
    facts = sorted((pod_fact(pod) for pod in pods), key=lambda pod: (pod.group, pod.member))
    return Seen(await _snapshot(kube, item, objects, tuple(facts)), created)


async def _snapshot(
    kube: Kube, item: Item, objects: dict[tuple[str, str], ObjectFact], pods: tuple[PodFact, ...]
) -> Snapshot:
    if isinstance(item, NameServer):
        return NameServerSnapshot(item, objects, pods)
    config, problems = await config_of(kube, item)
    return of_status(ClusterSnapshot(item, objects, pods, config=config, problems=problems))
