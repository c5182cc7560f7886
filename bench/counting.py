"""What the operator asked for: requests to the API server, from its audit log, and to RocketMQ, from its own metrics.

Pure but for the function at the end.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from rocketmq_operator.api import BROKER_CLUSTER

from .audit import WRITES, Entry, finished
from .kubectl import Kubectl
from .place import OPERATOR

USER = f"system:serviceaccount:{OPERATOR}:{OPERATOR}"


def sort_out(entries: Iterable[Entry], since: datetime, until: datetime) -> tuple[Counter[str], Counter[str], int]:
    """The operator's reads and writes between two times, by verb and target, and the requests about its Lease."""
    reads: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    leases = 0
    for entry in finished(entries):
        if entry.user.username != USER or not since <= entry.stage_timestamp <= until:
            continue
        if entry.object_ref.resource == "leases":
            leases += 1
        else:
            (writes if entry.verb in WRITES else reads)[f"{entry.verb} {entry.target or 'other'}"] += 1
    return reads, writes, leases


def looks_in(metrics: str) -> int:
    """How often BrokerClusters were reconciled well, from the operator's metrics."""
    pattern = rf'^rocketmq_operator_reconciles_total{{kind="{BROKER_CLUSTER.kind}",result="ok"}} (\S+)$'
    return sum(int(float(value)) for value in re.findall(pattern, metrics, re.MULTILINE))


def calls_in(metrics: str) -> Counter[str]:
    """Requests to name servers and brokers since the operator's start, by name, from its metrics."""
    pattern = r'^rocketmq_operator_rocketmq_requests_total{request="([^"]+)"} (\S+)$'
    return Counter({name: int(float(value)) for name, value in re.findall(pattern, metrics, re.MULTILINE)})


def counts(counter: Counter[str]) -> str:
    """In words, the most frequent first."""
    return ", ".join(f"{number} {name}" for name, number in counter.most_common()) or "none"


async def metrics(kubectl: Kubectl) -> str:
    """The operator's metrics now, in Prometheus' text format."""
    path = f"/api/v1/namespaces/{OPERATOR}/services/{OPERATOR}:http/proxy/metrics"
    return await kubectl("get", "--raw", path)
