"""Reconciling a BrokerCluster: observe, plan, act, report."""

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import NAME_SERVER, BrokerCluster
from rocketmq_operator.api.common import condition
from rocketmq_operator.core import announced, clusters, intents, nameserver_scaling
from rocketmq_operator.core.addresses import AddressError, NameServers
from rocketmq_operator.core.facts import ClusterSnapshot, NameServerSnapshot
from rocketmq_operator.core.groups import decide as groups
from rocketmq_operator.core.registration import answering
from rocketmq_operator.core.release import THIS, Release
from rocketmq_operator.core.volumes import growth
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref

from . import look, look_deep, look_tails
from .act import Actor, Guard
from .clock import Now
from .expand import Expander
from .last_words import last_words
from .named import config_of
from .progress import Board
from .report import Reporter
from .resources import CLUSTERS
from .world import Key, World

MOST_ROLLING = 3
"""Clusters that are restarted at a time because the operator was upgraded."""


class BrokerClusters:
    """The reconciler of all BrokerClusters; it keeps nothing about any of them but what ``board`` shows, and who restarts."""

    def __init__(
        self,
        world: World,
        kube: Kube,
        admin: Admin,
        reporter: Reporter,
        now: Now,
        guard: Guard,
        most_rolling: int = MOST_ROLLING,
        release: Release = THIS,
    ) -> None:
        self.board = Board()
        self._release = release
        self._most_rolling = most_rolling
        self._upgrading: set[Key] = set()
        self._world = world
        self._kube = kube
        self._admin = admin
        self._expander = Expander(kube)
        self._reporter = reporter
        self._now = now
        self._guard = guard

    async def reconcile(self, key: Key) -> float | None:
        """One pass; returns when to look again (seconds), or None for the resync."""
        cluster = self._world.clusters.get(key.namespace, key.name)
        if cluster is None:
            self.board.forget(key)
            self._upgrading.discard(key)
            return None
        observed = await self._compared(await self._classes(await self._deeper(await self.observe(cluster, key))))
        snapshot = self._among_others(observed, key)
        plan = clusters.plan(snapshot, self._now.text(), self._now.milliseconds())
        # Nothing is awaited since the others were counted, so that not all of a fleet begin at the same moment.
        (self._upgrading.add if plan.upgrading else self._upgrading.discard)(key)
        self.board.note(key, plan.progress, self._now.milliseconds() / 1000)
        item = Ref(CLUSTERS, key.namespace, key.name)
        outcome = await Actor(self._kube, self._admin, item, self._guard, self._world).carry_out(plan.actions)
        await self._reporter.report(CLUSTERS, cluster, plan, outcome)
        return 1.0 if outcome.retry else plan.requeue

    def _among_others(self, snapshot: ClusterSnapshot, key: Key) -> ClusterSnapshot:
        """With the number of other clusters that restart because the operator was upgraded, by their statuses and by us."""
        others = (self._world.upgrading() | self._upgrading) - {key}
        return snapshot.later(others_rolling=len(others), most_rolling=self._most_rolling)

    async def observe(self, cluster: BrokerCluster, key: Key) -> ClusterSnapshot:
        """Everything that decides about a cluster, as it is now."""
        pods = self._world.pods_of(key)
        config, problems = await config_of(self._kube, cluster)
        servers = await self._name_servers(cluster)
        return ClusterSnapshot(
            cluster=cluster,
            objects=self._world.facts(key),
            pods=pods,
            brokers=await look.brokers(self._admin, pods),
            name_servers=servers,
            registrations=await look.registrations(self._admin, servers.queried),
            config=config,
            problems=tuple(problems),
            nodes=self._world.node_count(cluster.spec.node_selector),
            cordoned=self._world.cordoned(),
            claims=self._world.claims_of(key),
            servers_rolling=self._servers_rolling(cluster),
            now_ms=self._now.milliseconds(),
            release=self._release,
            last_words=await last_words(
                self._kube, key.namespace, pods, cluster.status.conditions if cluster.status else ()
            ),
        )

    def _servers_rolling(self, cluster: BrokerCluster) -> bool:
        """Whether the NameServer that the cluster refers to restarts pods, or has not looked at its newest spec yet."""
        reference = cluster.spec.name_server_ref
        if reference is None:
            return False
        server = self._world.name_servers.get(reference.namespace or cluster.metadata.namespace, reference.name)
        if server is None or server.status is None:
            return False
        rolling = condition(server.status.conditions, "RollingOut")
        seen = server.status.observed_generation == server.metadata.generation
        return not seen or bool(rolling and rolling.status == "True" and rolling.reason not in {"Halted", "Paused"})

    async def _deeper(self, snapshot: ClusterSnapshot) -> ClusterSnapshot:
        """What brokers hold, as far as groups that come and go need it; nothing in everyday life."""
        demand = groups.demand(snapshot, self._now.milliseconds())
        if not demand.tables:
            return snapshot
        data = await look_deep.brokers(self._admin, snapshot.pods, demand)
        asked = answering(snapshot.registrations) if demand.order else ()
        found = await look.orders(self._admin, asked)
        order = {server: values for server, values in found.items() if values is not None}
        return snapshot.later(data=data, order=order)

    async def _compared(self, snapshot: ClusterSnapshot) -> ClusterSnapshot:
        """Whether masters that are about to open hold what their slaves hold at the end of their logs."""
        doubts = groups.doubts(snapshot, self._now.milliseconds())
        if not doubts:
            return snapshot
        return snapshot.later(tails=await look_tails.compare(self._admin, snapshot.pods, snapshot.brokers, doubts))

    async def _classes(self, snapshot: ClusterSnapshot) -> ClusterSnapshot:
        """Whether volumes that are to grow can; nothing in everyday life."""
        wanted = growth.demand(snapshot)
        if not wanted:
            return snapshot
        found = {name: await look.expandable(self._kube, name) for name in sorted(wanted)}
        return snapshot.later(expandable=found)

    async def _name_servers(self, cluster: BrokerCluster) -> NameServers:
        spec, namespace = cluster.spec, cluster.metadata.namespace
        if spec.name_server_ref is None:
            try:
                return await self._expander.expand(spec.name_servers or "", namespace, self._world.node_addresses())
            except AddressError as error:
                return NameServers(problem=f"spec.nameServers: {error}", reason="BadAddress")
        name, place = spec.name_server_ref.name, spec.name_server_ref.namespace or namespace
        server = self._world.name_servers.get(place, name)
        if server is None:
            message = f"spec.nameServerRef names NameServer {place}/{name}, which does not exist; create it or correct the name"
            return NameServers(problem=message, reason="NameServerNotFound")
        key = Key(NAME_SERVER.kind, place, name)
        there = NameServerSnapshot(server, self._world.facts(key))
        size = nameserver_scaling.size_of(there) or nameserver_scaling.wanted(there)
        told = intents.told(
            cluster.metadata.name, self._world.facts(Key(cluster.kind, namespace, cluster.metadata.name))
        )
        # A name server that is only asked to go is still waited for and told: if it stays, it would hold what was true before.
        return announced.of_reference(place, name, size, self._world.pods_there(key), told)
