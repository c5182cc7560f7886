"""Looks at a cluster for the kubectl plugin, at the moment it is asked for: rates, lag, mqadmin's table."""

import asyncio
from collections.abc import Mapping

import msgspec

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.admin.clusterlist import format_table, rows
from rocketmq_operator.api import BROKER_CLUSTER, BrokerCluster
from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo

from .clock import Now
from .figures import BrokerFigures, ClusterFigures
from .progress import Board, GroupProgress
from .world import Key, World


class Live:
    """Answers the operator's HTTP port."""

    def __init__(self, world: World, admin: Admin, now: Now, board: Board) -> None:
        self._world = world
        self._admin = admin
        self._now = now
        self._board = board

    async def cluster(self, namespace: str, name: str) -> ClusterFigures | None:
        """Figures of a cluster; None if there is no such resource."""
        cluster = self._world.clusters.get(namespace, name)
        if cluster is None:
            return None
        server, info = await self._listing(cluster)
        if info is None:
            problem = "no name server of this cluster answers"
            return ClusterFigures(namespace, name, problem=problem, progress=self._progress(namespace, name))
        runtimes = await self._runtimes(info)
        table = rows(info, runtimes, self._now.milliseconds())
        return ClusterFigures(
            namespace,
            name,
            server,
            _brokers(info, runtimes, cluster.spec.cluster_name),
            [msgspec.to_builtins(row) for row in table],
            format_table(table),
            self._progress(namespace, name),
        )

    def _progress(self, namespace: str, name: str) -> list[GroupProgress]:
        return self._board.of(Key(BROKER_CLUSTER.kind, namespace, name))

    async def _listing(self, cluster: BrokerCluster) -> tuple[str, ClusterInfo | None]:
        """What the first name server that answers lists."""
        for server in cluster.status.name_servers if cluster.status else ():
            try:
                return server, await self._admin.cluster_info(server)
            except AdminError:
                continue
        return "", None

    async def _runtimes(self, info: ClusterInfo) -> dict[str, RuntimeInfo | None]:
        addresses = [address for entry in info.brokers.values() for address in entry.addresses.values()]
        answers = await asyncio.gather(*(self._runtime(address) for address in addresses))
        return dict(zip(addresses, answers, strict=True))

    async def _runtime(self, address: str) -> RuntimeInfo | None:
        try:
            return await self._admin.runtime(address)
        except AdminError:
            return None


def _brokers(info: ClusterInfo, runtimes: Mapping[str, RuntimeInfo | None], cluster: str) -> list[BrokerFigures]:
    found = []
    for group, entry in sorted(info.brokers.items()):
        if entry.cluster != cluster:
            continue
        master = runtimes.get(entry.addresses.get(0, ""))
        for broker_id, address in sorted(entry.addresses.items()):
            found.append(_broker(group, broker_id, address, runtimes.get(address), master))
    return found


def _broker(
    group: str, broker_id: int, address: str, runtime: RuntimeInfo | None, master: RuntimeInfo | None
) -> BrokerFigures:
    if runtime is None:
        return BrokerFigures(group, broker_id, address, problem="does not answer")
    return BrokerFigures(
        group,
        broker_id,
        address,
        version=runtime.version_name,
        put_rate=runtime.put_tps,
        get_rate=runtime.get_transferred_tps,
        behind=max(0, master.commit_log_max_offset - runtime.commit_log_max_offset) if master else None,
    )
