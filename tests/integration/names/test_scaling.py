"""Name servers up and down with real ones and a real broker that looks their name up; Kubernetes is one in memory.

What DNS would say stands in a file that the broker's Java reads instead (``jdk.net.hosts.file``): the pods that the Service
for brokers selects. Name servers listen where pods would: port 9876 of 127.0.0.2 and up.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE
from rocketmq_operator.core import names
from rocketmq_operator.reconcile.clock import Now
from rocketmq_operator.reconcile.name_server import NameServers
from rocketmq_operator.reconcile.report import Reporter
from rocketmq_operator.reconcile.world import Key, World
from tests.unit.reconcile.memory import Kubelets, MemoryKube

from ..admin.conftest import until
from ..servers import Server, Servers, UnavailableError

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

BROKER = "127.0.0.100"
DNS = "n-ns-all.ns.svc"
LOOKING = {
    "brokerIP1": BROKER,
    "brokerIP2": BROKER,
    "bindAddress": BROKER,
    "listenPort": str(names.BROKER_PORT),
    "namesrvAddr": f"{DNS}:{names.NAME_SERVER_PORT}",
    # As the entry script sets them.
    "fetchNameSrvAddrByDnsLookup": "true",
    "updateNameServerAddrPeriod": "10000",
}


class Nobody:
    """Where events go."""

    def event(self, regarding: dict[str, str], type_: str, reason: str, message: str) -> None:
        return


class Place:
    """A NameServer ``n``, a cluster ``c`` of one broker, real servers behind their pods."""

    def __init__(self, folder: Path, admin: Admin) -> None:
        self.servers, self.admin = Servers(folder), admin
        self.hosts = folder / "hosts"
        self.kube = MemoryKube()
        self.kubelets = Kubelets(self.kube)
        self.ahead = 0.0
        self.processes: dict[str, Server] = {}
        spec = {"groupReplica": 1, "membersPerGroup": 1, "nameServerRef": {"name": "n"}}
        self.kube.put({"kind": "BrokerCluster", "metadata": {"name": "c", "namespace": "ns"}, "spec": spec})
        self.kube.put({"kind": "NameServer", "metadata": {"name": "n", "namespace": "ns"}, "spec": {"replicas": 1}})
        self.kubelets.start("c-0-0", names.group_labels("c", 0), BROKER)
        self.world = World()
        now = Now(lambda: time.time() + self.ahead)
        reporter = Reporter(self.kube, Nobody(), now)  # type: ignore[arg-type]
        self.reconciler = NameServers(self.world, self.kube, admin, reporter, now, lambda: None)  # type: ignore[arg-type]

    def ask(self, replicas: int) -> None:
        server = self.kube.find("NameServer", "n")
        self.kube.put({**server, "spec": {"replicas": replicas}})

    async def look(self) -> None:
        """One pass of the operator; then pods, processes and DNS follow."""
        self.kube.feed(self.world)
        await self.reconciler.reconcile(Key("NameServer", "ns", "n"))
        self.kubelets.run("n-ns")
        for name in self.pods() - self.processes.keys():
            self.processes[name] = self.servers.name_server(name=name, host=self.ip(name), port=names.NAME_SERVER_PORT)
        for name in self.processes.keys() - self.pods():
            self.processes.pop(name).kill()
        found = self.kubelets.listed("n-ns-all")
        self.hosts.write_text("".join(f"{self.ip(name)} {DNS}\n" for name in found))

    def pods(self) -> set[str]:
        return {name for kind, _, name in self.kube.objects if kind == "Pod" and name.startswith("n-ns-")}

    def ip(self, name: str) -> str:
        return f"127.0.0.{2 + int(name[-1])}"

    async def until(self, good: str, seconds: float, *ready: str) -> float:
        """Look each second until the Service for clients names exactly these; how long it took."""
        began = time.monotonic()
        await self.look()
        while self.kubelets.listed("n-ns") != list(ready):
            assert time.monotonic() - began < seconds, f"never came: {good}; {self.conditions()}"
            await asyncio.sleep(1)
            await self.look()
        return time.monotonic() - began

    def conditions(self) -> dict[str, str]:
        found = self.kube.find("NameServer", "n")["status"]["conditions"]
        return {each["type"]: f"{each['reason']}: {each['message']}" for each in found}

    async def brokers(self, name: str) -> list[str]:
        """What a name server lists."""
        info = await self.admin.cluster_info(f"{self.ip(name)}:{names.NAME_SERVER_PORT}")
        return [each for entry in info.brokers.values() for each in entry.addresses.values()]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with Admin(timeout=10) as admin:
        try:
            found = Place(tmp_path, admin)
        except UnavailableError as error:
            pytest.skip(f"NOT TESTED against real RocketMQ servers: {error}")
        with found.servers:
            yield found


async def test_one_two_one_without_a_brokers_restart(place: Place) -> None:
    first, second = "127.0.0.2:9876", "127.0.0.3:9876"
    await place.until("the first is complete without any broker", 60, "n-ns-0")
    java = (f"-Djdk.net.hosts.file={place.hosts}", "-Dsun.net.inetaddr.ttl=10", "-Dsun.net.inetaddr.negative.ttl=1")
    broker = place.servers.broker("broker-0", [], LOOKING, java=java)
    await asyncio.to_thread(broker.wait)
    pid = broker.pid

    async def registered() -> bool:
        return bool(await place.brokers("n-ns-0"))

    await until(registered, "the broker is registered")
    await place.admin.put_kv(first, ORDER_NAMESPACE, "parcel", "broker-0:4")

    place.ask(2)
    took = await place.until("the second knows the broker", 90, "n-ns-0", "n-ns-1")
    print(f"a new name server was complete after {took:.0f} s")
    assert await place.brokers("n-ns-1") == [f"{BROKER}:{names.BROKER_PORT}"]
    assert await place.admin.list_kv(second, ORDER_NAMESPACE) == {"parcel": "broker-0:4"}

    place.ask(1)
    await place.until("the second is unlisted", 10, "n-ns-0")
    assert place.kube.size("n-ns") == 2 and place.kubelets.listed("n-ns-all") == ["n-ns-0"]
    # As long as the rule waits, less the caches of a real DNS. Then the broker must have forgotten it: started anew, the
    # second hears nothing of it for longer than brokers take to register again.
    await asyncio.sleep(21)
    leaving = place.processes["n-ns-1"]
    leaving.kill()
    place.servers.restart(leaving)
    await asyncio.to_thread(leaving.wait)
    for _ in range(35):
        assert await place.brokers("n-ns-1") == []
        assert await place.brokers("n-ns-0") == [f"{BROKER}:{names.BROKER_PORT}"]
        await asyncio.sleep(1)
    place.ahead = 60
    for _ in range(3):
        await place.look()
    assert place.kube.size("n-ns") == 1 and place.pods() == {"n-ns-0"}
    assert broker.pid == pid and await place.brokers("n-ns-0")
