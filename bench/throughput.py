"""Whether steady throughput paid for a quick start: the same messages to brokers with our and with other Java flags.

One master for each set of flags runs all the time, all on one node; one Java client on the same node sends a fixed number of
messages to each in turns. The broker's own CPU for a message is told, too: it stays true where other work disturbs the time.
"""

import argparse
import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from images.builder.catalog import DEFAULT_ROCKETMQ
from images.builder.sources import rocketmq_jars

from rocketmq_operator.admin import Admin
from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.core.names import BROKER_PORT
from rocketmq_operator.core.opening import OPEN

from . import fixtures, manifests
from .commands import BenchError, run
from .figures import Report, Series, machine, ratio, tell
from .kubectl import Json, Kubectl
from .place import Place, main, parser, with_rounds
from .procfs import pod_cpu_seconds

FLAGS = ("ours", *manifests.JAVA_FLAGS)
THREADS = 16
MESSAGE_BYTES = 1024
CLIENT = Path(__file__).parent / "clients" / "SteadyProducer.java"
CLIENT_FOLDER = "/bench"
ANSWER_SECONDS = 600.0


class Batch(msgspec.Struct, frozen=True):
    """One batch of messages: messages a second, the broker's CPU in microseconds a message, sends that it refused."""

    rate: float
    cpu_micros: float
    refused: int


class Producer:
    """The Java client in its pod: one order a line, one answer a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def send(self, topic: str, count: int) -> tuple[float, int]:
        """Send so many messages: seconds that took, and refused sends (repeated). BenchError where one was lost."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{topic} {count}\n".encode())
        await self._process.stdin.drain()
        async with asyncio.timeout(ANSWER_SECONDS):
            while line := (await self._process.stdout.readline()).decode():
                if line.startswith("DONE "):
                    nanoseconds, refused, lost = map(int, line.split()[1:])
                    if lost:
                        raise BenchError(f"{lost} of {count} messages to {topic} were never stored")
                    return nanoseconds / 1e9, refused
        raise BenchError("the Java client ended by itself")


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """Rounds of one batch to each broker."""
    circumstances, kubectl = machine(), place.kubectl
    found: dict[str, list[Batch]] = {flags: [] for flags in FLAGS}
    classes = await _compiled()
    async with kubectl.namespace("throughput") as namespace, Admin() as admin:
        servers = await fixtures.name_servers(kubectl, namespace)
        tell("starting a broker for each set of flags")
        pods = await _brokers(kubectl, namespace, servers)
        await _open(kubectl, admin, namespace, servers, pods)
        node = await _client_pod(kubectl, namespace, classes, pods)
        async with _producer(kubectl, namespace, servers) as producer:
            for number in range(-options.warm, options.rounds):
                shift = number % len(FLAGS)
                for flags in (*FLAGS[shift:], *FLAGS[:shift]):
                    batch = await _batch(kubectl, namespace, producer, flags, pods[flags], options.messages)
                    tell(f"{'warming up' if number < 0 else f'round {number + 1}'}: {flags} {batch.rate:.0f}/s")
                    if number >= 0:
                        found[flags].append(batch)
    facts = {"node": node, "batch": f"{options.messages} messages of {MESSAGE_BYTES} bytes by {THREADS} threads"}
    refused = {
        f"{flags}: sends that the busy broker refused": sum(each.refused for each in some)
        for flags, some in found.items()
    }
    return _report(found, {**facts, **refused, **circumstances}), 0


def cluster_of(namespace: str, flags: str, node: str) -> BrokerCluster:
    """One master on that node, under names of its own."""
    return manifests.cluster(
        namespace,
        flags,
        groupReplica=1,
        membersPerGroup=1,
        replicationMode="ASYNC",
        brokerNamePrefix=flags,
        nodeSelector={"kubernetes.io/hostname": node},
        properties={"autoCreateTopicEnable": "false"},
        requests={"cpu": "100m", "memory": "512Mi"},
        limits={"memory": f"{manifests.MEMORY_MIB}Mi"},
    )


async def _brokers(kubectl: Kubectl, namespace: str, servers: Sequence[str]) -> dict[str, str]:
    """Start all brokers on one node; pod names by flags."""
    nodes = (await kubectl.json("get", "nodes"))["items"]
    node = next(each["metadata"]["name"] for each in nodes if not each["spec"].get("unschedulable", False))
    for flags in FLAGS:
        wanted = cluster_of(namespace, flags, node)
        if flags in manifests.JAVA_FLAGS:
            objects = manifests.plain_pods(wanted, servers, 1, manifests.JAVA_FLAGS[flags])
        else:
            objects = manifests.same_pods(wanted, servers, 1)
        await kubectl.apply(objects)
    return {flags: f"{flags}-0-0" for flags in FLAGS}


async def _open(kubectl: Kubectl, admin: Admin, namespace: str, servers: Sequence[str], pods: dict[str, str]) -> None:
    """Wait for the brokers, lift the fence of ours, make a topic on each."""
    wanted = frozenset((f"{flags}-0", 0) for flags in pods)
    await fixtures.until_listed(admin, servers, wanted, 300.0)
    for flags, pod in pods.items():
        found = await kubectl.json("get", "pod", pod, "-n", namespace)
        address = f"{found['status']['podIP']}:{BROKER_PORT}"
        if flags not in manifests.JAVA_FLAGS:
            await admin.update_broker_config(address, OPEN)
        await admin.create_topic(address, topic_of(flags))


def topic_of(flags: str) -> str:
    """The topic that lives on that broker alone."""
    return f"bench-{flags}"


async def _compiled() -> dict[str, bytes]:
    """The client's classes, compiled for any Java from 8 on."""
    jars = await rocketmq_jars(DEFAULT_ROCKETMQ)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        words = ["javac", "--release", "8", "-nowarn", "-proc:none", "-cp", f"{jars}/jars/*", "-d", folder, str(CLIENT)]
        await run(words)
        return _read_all(Path(folder))


def _read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def _client_pod(kubectl: Kubectl, namespace: str, classes: dict[str, bytes], pods: dict[str, str]) -> str:
    """Start the client's pod beside the brokers; the node's name."""
    broker = await kubectl.json("get", "pod", pods["ours"], "-n", namespace)
    node: str = broker["spec"]["nodeName"]
    data = {name: base64.b64encode(content).decode() for name, content in classes.items()}
    config: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "client", "namespace": namespace}}
    volume = {"name": "client", "configMap": {"name": "client"}}
    pod = manifests.tools(namespace, nodeName=node, volumes=[volume])
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "client", "mountPath": CLIENT_FOLDER, "readOnly": True}]
    await kubectl.apply([{**config, "binaryData": data}])
    await fixtures.tools_pod(kubectl, pod)
    return node


@asynccontextmanager
async def _producer(kubectl: Kubectl, namespace: str, servers: Sequence[str]) -> AsyncIterator[Producer]:
    java = (
        f'exec java -Xms128m -Xmx128m -XX:+UseSerialGC -cp "{CLIENT_FOLDER}:../lib/*" '
        f"SteadyProducer '{';'.join(servers)}' {THREADS} {MESSAGE_BYTES}"
    )
    process = await kubectl.open("exec", "-i", manifests.TOOLS, "-n", namespace, "--", "sh", "-c", java)
    try:
        yield Producer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _batch(kubectl: Kubectl, namespace: str, producer: Producer, flags: str, pod: str, messages: int) -> Batch:
    before = await pod_cpu_seconds(kubectl, namespace, pod)
    seconds, refused = await producer.send(topic_of(flags), messages)
    used = await pod_cpu_seconds(kubectl, namespace, pod) - before
    return Batch(messages / seconds, used / messages * 1e6, refused)


def _report(found: dict[str, list[Batch]], facts: dict[str, str | int | float]) -> Report:
    rates = {
        flags: Series(f"{flags}: rate", "messages/s", [each.rate for each in some]) for flags, some in found.items()
    }
    cpus = {
        flags: Series(f"{flags}: broker's CPU", "µs/message", [each.cpu_micros for each in some])
        for flags, some in found.items()
    }
    aim = "0.95 to 1.05"
    ratios = [ratio(f"ours / {flags}: rate", rates["ours"], rates[flags], aim) for flags in manifests.JAVA_FLAGS]
    ratios += [ratio(f"ours / {flags}: CPU", cpus["ours"], cpus[flags], "≤ 1.05") for flags in manifests.JAVA_FLAGS]
    return Report("Steady throughput by Java flags", [*rates.values(), *cpus.values()], ratios, facts)


def _options() -> argparse.Namespace:
    made = with_rounds(parser("Steady throughput of brokers with our Java flags and with others."))
    made.add_argument("--warm", type=int, default=2, help="rounds before the first that counts (2)")
    made.add_argument("--messages", type=int, default=100_000, help="messages of a batch (100000)")
    return made.parse_args()


if __name__ == "__main__":
    main(bench, _options())
