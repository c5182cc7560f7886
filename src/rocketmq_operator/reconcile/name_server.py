"""Reconciling a NameServer: observe, plan, act, report."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import NameServer
from rocketmq_operator.core import completeness, names, nameserver_scaling, nameservers
from rocketmq_operator.core.facts import NameServerSnapshot, Referring
from rocketmq_operator.core.release import THIS, Release
from rocketmq_operator.core.rollout import servers as rollout_servers
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref

from . import look
from .act import Actor, Guard
from .clock import Now
from .last_words import last_words
from .report import Reporter
from .resources import NAME_SERVERS
from .world import Key, World, referring

T = TypeVar("T")


class NameServers:
    """The reconciler of all NameServers."""

    def __init__(
        self,
        world: World,
        kube: Kube,
        admin: Admin,
        reporter: Reporter,
        now: Now,
        guard: Guard,
        release: Release = THIS,
    ) -> None:
        self._release = release
        self._world = world
        self._kube = kube
        self._admin = admin
        self._reporter = reporter
        self._now = now
        self._guard = guard

    async def reconcile(self, key: Key) -> float | None:
        """One pass; returns when to look again (seconds), or None for the resync."""
        server = self._world.name_servers.get(key.namespace, key.name)
        if server is None:
            return None
        snapshot = await self.observe(server, key)
        plan = nameservers.plan(snapshot, self._now.text(), self._now.milliseconds())
        item = Ref(NAME_SERVERS, key.namespace, key.name)
        outcome = await Actor(self._kube, self._admin, item, self._guard, self._world).carry_out(plan.actions)
        await self._reporter.report(NAME_SERVERS, server, plan, outcome)
        return 1.0 if outcome.retry else plan.requeue

    async def observe(self, server: NameServer, key: Key) -> NameServerSnapshot:
        """Everything that decides about a NameServer, as it is now: the order configuration always, since it is kept; what else
        RocketMQ knows only where something depends on it."""
        pods = self._world.pods_of(key)
        clusters = tuple(self._referring(server))
        status = server.status.conditions if server.status else ()
        words = await last_words(self._kube, key.namespace, pods, status)
        there = NameServerSnapshot(
            server, self._world.facts(key), pods, clusters, last_words=words, release=self._release
        )
        shrinking = nameserver_scaling.shrinking(there)
        changing = shrinking or completeness.unasked(pods) or servers_due(there, self._now.milliseconds())
        servers = {pod.name: f"{pod.ip}:{names.NAME_SERVER_PORT}" for pod in pods if pod.runs}
        listed, ordered, heard = await asyncio.gather(
            look.registrations(self._admin, servers.values() if changing else ()),
            look.orders(self._admin, servers.values()),
            self._heard(clusters if shrinking else ()),
        )
        return msgspec.structs.replace(
            there,
            registrations=_by_pod(servers, listed),
            orders=_by_pod(servers, ordered),
            clusters=heard or clusters,
        )

    async def _heard(self, clusters: Sequence[Referring]) -> tuple[Referring, ...]:
        """Clusters with what their brokers say."""
        found = await asyncio.gather(*(look.brokers(self._admin, each.pods) for each in clusters))
        return tuple(msgspec.structs.replace(each, brokers=facts) for each, facts in zip(clusters, found, strict=True))

    def _referring(self, server: NameServer) -> list[Referring]:
        found = []
        for key in sorted(referring(self._world, server)):
            cluster = self._world.clusters.get(key.namespace, key.name)
            if cluster is not None:
                found.append(Referring(cluster, self._world.pods_of(key)))
        return found


def servers_due(snapshot: NameServerSnapshot, now_ms: int) -> bool:
    """Whether name servers are to restart, so that it must be known who is registered where."""
    resolved, target = rollout_servers.resolve(snapshot)
    standing = rollout_servers.standing_of(resolved, target, now_ms)
    return standing is not None and standing.due


def _by_pod(servers: Mapping[str, str], answers: Mapping[str, T]) -> dict[str, T]:
    """Answers by the names of pods instead of by their addresses; who was not asked is left out."""
    return {pod: answers[address] for pod, address in servers.items() if address in answers}
