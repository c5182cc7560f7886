"""Name servers, brokers and tools in a benchmark's namespace, and waiting for them."""

import asyncio
import time
from collections.abc import Sequence

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.core.members import member_count
from rocketmq_operator.core.names import NAME_SERVER_PORT

from . import manifests
from .commands import BenchError
from .kubectl import Json, Kubectl

LOOK_SECONDS = 0.05
"""Between two looks at the name servers: how exact a start's time is, and little enough work not to slow it."""

ANSWER_SECONDS = 60.0

Registered = frozenset[tuple[str, int]]
"""Broker names and ids that a name server lists."""


async def name_servers(kubectl: Kubectl, namespace: str) -> list[str]:
    """Start two name servers; their addresses. BenchError where this machine does not reach pods."""
    await kubectl.apply(manifests.name_servers(namespace))
    workload = f"deployment/{manifests.NAME_SERVERS}"
    await kubectl("rollout", "status", workload, "-n", namespace, "--timeout=300s", seconds=310)
    pods = await kubectl.json("get", "pods", "-n", namespace, "-l", f"app={manifests.NAME_SERVERS}")
    addresses = sorted(f"{pod['status']['podIP']}:{NAME_SERVER_PORT}" for pod in pods["items"])
    async with Admin() as admin:
        await _until_answering(admin, addresses)
    return addresses


async def _until_answering(admin: Admin, servers: Sequence[str]) -> None:
    end = time.monotonic() + ANSWER_SECONDS
    for server in servers:
        while await listed(admin, server) is None:
            if time.monotonic() > end:
                raise BenchError(f"name server {server} does not answer: this machine must reach addresses of pods")
            await asyncio.sleep(1.0)


async def listed(admin: Admin, server: str) -> Registered | None:
    """What a name server lists; None where it does not answer."""
    try:
        info = await admin.cluster_info(server)
    except AdminError:
        return None
    return frozenset((name, number) for name, entry in info.brokers.items() for number in entry.addresses)


async def until_listed(admin: Admin, servers: Sequence[str], wanted: Registered, seconds: float) -> None:
    """Return at the moment when every name server lists exactly `wanted`; BenchError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answers = await asyncio.gather(*(listed(admin, server) for server in servers))
        if all(answer == wanted for answer in answers):
            return
        if time.monotonic() > end:
            raise BenchError(f"after {seconds:.0f} s the name servers list {answers}, not {sorted(wanted)}")
        await asyncio.sleep(LOOK_SECONDS)


def brokers_of(cluster: BrokerCluster) -> Registered:
    """What name servers list once the cluster runs."""
    spec = cluster.spec
    members = range(member_count(spec))
    return frozenset(
        (f"{spec.broker_name_prefix}-{group}", id_) for group in range(spec.group_replica) for id_ in members
    )


async def until_gone(kubectl: Kubectl, namespace: str, seconds: float = 120.0) -> None:
    """Return when no broker's pod is left."""
    end = time.monotonic() + seconds
    label = ",".join(f"{key}={value}" for key, value in manifests.BROKERS.items())
    while (await kubectl.json("get", "pods", "-n", namespace, "-l", label))["items"]:
        if time.monotonic() > end:
            raise BenchError(f"pods of {namespace} are still there after {seconds:.0f} s")
        # What was killed leaves no work behind: brokers of a benchmark hold nothing that matters.
        await kubectl("delete", "pods", "-n", namespace, "-l", label, "--force", "--grace-period=0", "--wait=false")
        await asyncio.sleep(0.5)


async def until_ready(kubectl: Kubectl, cluster: BrokerCluster, seconds: float = 300.0) -> None:
    """Return when the operator calls the cluster ready: every broker serves, every master accepts messages."""
    name, namespace = cluster.metadata.name, cluster.metadata.namespace
    limit = f"--timeout={seconds:.0f}s"
    await kubectl(
        "wait", f"brokercluster/{name}", "-n", namespace, "--for=condition=Ready", limit, seconds=seconds + 10
    )


async def tools_pod(kubectl: Kubectl, pod: Json) -> None:
    """Start a pod for Java tools."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    await kubectl.apply([pod])
    await kubectl("wait", f"pod/{name}", "-n", namespace, "--for=condition=Ready", "--timeout=120s", seconds=130)


async def node_count(kubectl: Kubectl) -> int:
    """How many nodes take pods."""
    nodes = (await kubectl.json("get", "nodes"))["items"]
    return sum(not node["spec"].get("unschedulable", False) for node in nodes)


async def running_cluster(kubectl: Kubectl, namespace: str) -> tuple[BrokerCluster, list[str]]:
    """A cluster of four brokers made by the operator, ready; and its name servers' addresses."""
    servers = await name_servers(kubectl, namespace)
    wanted = manifests.cluster(namespace)
    await kubectl.apply(manifests.by_operator(wanted))
    await until_ready(kubectl, wanted)
    return wanted, servers
