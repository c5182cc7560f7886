"""Prometheus metrics; names follow Prometheus' naming practice, units in the name."""

from collections.abc import Iterable
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Owner(Protocol):
    """A cluster."""

    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


class Moving(Protocol):
    """A group on its way."""

    @property
    def group(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def left(self) -> int | None: ...


class Metrics:
    """All metrics of the operator, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.reconciles = Counter(
            "rocketmq_operator_reconciles", "Reconciles by kind and result", ["kind", "result"], registry=registry
        )
        self.seconds = Histogram(
            "rocketmq_operator_reconcile_seconds", "Length of a reconcile", ["kind"], buckets=BUCKETS, registry=registry
        )
        self.requests = Counter(
            "rocketmq_operator_kubernetes_requests",
            "Requests to the API server",
            ["verb", "resource", "status"],
            registry=registry,
        )
        self.calls = Counter(
            "rocketmq_operator_rocketmq_requests",
            "Requests to name servers and brokers, by the name of their code",
            ["request"],
            registry=registry,
        )
        self.leader = Gauge("rocketmq_operator_leader", "1 while this process leads", registry=registry)
        self.resources = Gauge(
            "rocketmq_operator_resources", "Resources by kind and readiness", ["kind", "ready"], registry=registry
        )
        self.brokers = Gauge("rocketmq_operator_brokers", "Brokers by state", ["state"], registry=registry)
        labels = ["namespace", "cluster", "group"]
        self.left = Gauge(
            "rocketmq_operator_drain_messages", "Messages to be read in a leaving group", labels, registry=registry
        )
        self.phase = Gauge(
            "rocketmq_operator_group_phase",
            "1 for the phase of a group on its way",
            [*labels, "phase"],
            registry=registry,
        )

    def show_progress(self, progress: Iterable[tuple[Owner, Moving]]) -> None:
        """Groups on their way; those that arrived are no longer shown."""
        self.left.clear()
        self.phase.clear()
        for owner, each in progress:
            self.phase.labels(owner.namespace, owner.name, each.group, each.phase).set(1)
            if each.left is not None:
                self.left.labels(owner.namespace, owner.name, each.group).set(each.left)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
