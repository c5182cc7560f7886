"""Writes status and events: the status only when it differs from what stands there."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import structlog

from rocketmq_operator.api import API_VERSION, BrokerCluster, BrokerClusterStatus, NameServer, NameServerStatus
from rocketmq_operator.core.conditions import RECOVERED, with_problems
from rocketmq_operator.core.plan import Event, Plan
from rocketmq_operator.kube.errors import KubeError
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Resource

from .act import Outcome
from .clock import Now

log = structlog.get_logger(__name__)


class Recorder(Protocol):
    """Where events go."""

    def event(self, regarding: dict[str, str], type_: str, reason: str, message: str) -> None: ...


class Reporter:
    """Status and events of any kind."""

    def __init__(self, kube: Kube, recorder: Recorder, now: Now) -> None:
        self._kube = kube
        self._recorder = recorder
        self._now = now

    async def report(
        self,
        resource: Resource,
        item: BrokerCluster | NameServer,
        plan: Plan[BrokerClusterStatus] | Plan[NameServerStatus],
        outcome: Outcome,
    ) -> None:
        """Tell what was done and what is true now."""
        before = item.status.conditions if item.status else []
        status, told = with_problems(plan.status, before, outcome.problems, self._now.text())
        # What went wrong while acting is known only now: nothing recovered.
        planned = [event for event in plan.events if not (outcome.problems and event.reason == RECOVERED)]
        self._tell(item, [*outcome.events, *planned, *told])
        if item.status == status:
            return
        written = msgspec.to_builtins(status)
        if item.status is None or msgspec.to_builtins(item.status) != written:
            await self._write(resource, item, written)

    def _tell(self, item: BrokerCluster | NameServer, events: Sequence[Event]) -> None:
        meta = item.metadata
        regarding = {
            "apiVersion": API_VERSION,
            "kind": item.kind,
            "namespace": meta.namespace,
            "name": meta.name,
            "uid": meta.uid,
        }
        for each in dict.fromkeys(events):
            log.info(each.message, kind=item.kind, namespace=meta.namespace, name=meta.name, reason=each.reason)
            self._recorder.event(regarding, each.type, each.reason, each.message)

    async def _write(self, resource: Resource, item: BrokerCluster | NameServer, status: dict[str, Any]) -> None:
        meta = item.metadata
        body = {
            "apiVersion": API_VERSION,
            "kind": item.kind,
            "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
            "status": status,
        }
        try:
            await self._kube.apply(resource, body, subresource="status")
        except KubeError as error:
            log.warning("status was not written", name=meta.name, namespace=meta.namespace, error=str(error))
            raise
