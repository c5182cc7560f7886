"""Reconciling a NameServer: observe, plan, act, report."""

from rocketmq_operator.admin import Admin
from rocketmq_operator.core import nameservers
from rocketmq_operator.core.facts import NameServerSnapshot
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref

from .act import Actor, Guard
from .clock import Now
from .report import Reporter
from .resources import NAME_SERVERS
from .world import Key, World


class NameServers:
    """The reconciler of all NameServers."""

    def __init__(self, world: World, kube: Kube, admin: Admin, reporter: Reporter, now: Now, guard: Guard) -> None:
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
        snapshot = NameServerSnapshot(server, self._world.facts(key), self._world.pods_of(key))
        plan = nameservers.plan(snapshot, self._now.text())
        outcome = await Actor(
            self._kube, self._admin, Ref(NAME_SERVERS, key.namespace, key.name), self._guard
        ).carry_out(plan.actions)
        await self._reporter.report(NAME_SERVERS, server, plan, outcome)
        return 1.0 if outcome.retry else plan.requeue
