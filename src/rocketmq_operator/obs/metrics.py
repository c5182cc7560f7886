"""Prometheus metrics; names follow Prometheus' naming practice, units in the name."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


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
        self.leader = Gauge("rocketmq_operator_leader", "1 while this process leads", registry=registry)
        self.resources = Gauge(
            "rocketmq_operator_resources", "Resources by kind and readiness", ["kind", "ready"], registry=registry
        )
        self.brokers = Gauge("rocketmq_operator_brokers", "Brokers by state", ["state"], registry=registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
