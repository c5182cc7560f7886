"""A NameServer reconciled through the ports alone: Kubernetes in memory, name servers and brokers that answer from tables."""

from collections.abc import Mapping
from typing import Any

import pytest

from rocketmq_operator.admin import Unreachable
from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE
from rocketmq_operator.core import names
from rocketmq_operator.reconcile.broker_cluster import BrokerClusters
from rocketmq_operator.reconcile.clock import Now
from rocketmq_operator.reconcile.name_server import NameServers
from rocketmq_operator.reconcile.report import Reporter
from rocketmq_operator.reconcile.world import Key, World
from rocketmq_operator.remoting.bodies.routing import BrokerEntry, ClusterInfo
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo

from .memory import Kubelets, MemoryKube

KEY = Key("NameServer", "ns", "n")
BROKER = "127.0.0.100"


class Servers:
    """All RocketMQ servers: what each name server lists and holds, which of them are silent."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[str, BrokerEntry]] = {}
        self.orders: dict[str, dict[str, str]] = {}
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    def _hear(self, what: str, address: str) -> None:
        self.asked.append((what, address))
        if address in self.silent:
            raise Unreachable(address, what, "no answer in time")

    async def cluster_info(self, ns: str) -> ClusterInfo:
        self._hear("cluster_info", ns)
        return ClusterInfo(self.lists.get(ns, {}))

    async def list_kv(self, ns: str, namespace: str) -> dict[str, str]:
        assert namespace == ORDER_NAMESPACE
        self._hear("list_kv", ns)
        return dict(self.orders.get(ns, {}))

    async def put_kv(self, ns: str, namespace: str, key: str, value: str) -> None:
        assert namespace == ORDER_NAMESPACE
        self._hear("put_kv", ns)
        self.orders.setdefault(ns, {})[key] = value

    async def broker_config(self, addr: str) -> Mapping[str, str]:
        self._hear("broker_config", addr)
        return {"brokerId": "0", "namesrvAddr": "n-ns-all.ns.svc:9876"}

    async def runtime(self, addr: str) -> RuntimeInfo:
        self._hear("runtime", addr)
        return RuntimeInfo(
            table={},
            version_ordinal=493,
            version_name="V5_4_0",
            boot_timestamp=0,
            put_tps=0,
            get_transferred_tps=0,
            msg_put_total_today_now=0,
            msg_get_total_today_now=0,
            commit_log_min_offset=0,
            commit_log_max_offset=0,
            dispatch_behind_bytes=0,
            commit_log_disk_ratio=0,
            earliest_message_timestamp=0,
            broker_active=True,
            delay_levels={},
        )

    def register(self, *ordinals: int) -> None:
        """The broker registers on these name servers."""
        entry = BrokerEntry("broker-0", "DefaultCluster", {0: "c-0-0.c-broker.ns.svc.cluster.local:10911"})
        for ordinal in ordinals:
            self.lists[address(ordinal)] = {"broker-0": entry}


def address(ordinal: int) -> str:
    return f"127.0.0.{2 + ordinal}:9876"


class Told:
    """Where events go."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def event(self, regarding: dict[str, str], type_: str, reason: str, message: str) -> None:
        self.reasons.append(reason)


class Place:
    """One namespace with a NameServer ``n`` and a cluster ``c`` of one broker that refers to it."""

    def __init__(self, replicas: int) -> None:
        self.kube, self.servers, self.told = MemoryKube(), Servers(), Told()
        self.kubelets = Kubelets(self.kube)
        self.seconds = 1_767_225_600.0
        spec = {"groupReplica": 1, "membersPerGroup": 1, "nameServerRef": {"name": "n"}}
        self.kube.put({"kind": "BrokerCluster", "metadata": {"name": "c", "namespace": "ns"}, "spec": spec})
        self.kube.put({"kind": "NameServer", "metadata": {"name": "n", "namespace": "ns"}, "spec": {}})
        self.kubelets.start("c-0-0", {**names.group_labels("c", 0)}, BROKER)
        self.ask(replicas)
        self.restart()

    def ask(self, replicas: int) -> None:
        server = self.kube.find("NameServer", "n")
        generation = server["metadata"].get("generation", 0) + 1
        metadata = {**server["metadata"], "generation": generation}
        self.kube.put({**server, "metadata": metadata, "spec": {"replicas": replicas}})

    def restart(self) -> None:
        """A new operator process: it knows nothing but what it reads."""
        self.world = World()
        now = Now(lambda: self.seconds)
        reporter = Reporter(self.kube, self.told, now)  # type: ignore[arg-type]
        self.reconciler = NameServers(self.world, self.kube, self.servers, reporter, now, lambda: None)  # type: ignore[arg-type]

    async def look(self, *, stale: bool = False) -> float | None:
        if not stale:
            self.kube.feed(self.world)
        return await self.reconciler.reconcile(KEY)

    async def settle(self, *registered: int) -> None:
        for _ in range(4):
            await self.look()
            self.kubelets.run("n-ns")
            self.servers.register(*registered)
        self.kubelets.run("n-ns")
        await self.look()

    def scaling(self) -> dict[str, Any]:
        conditions = self.kube.find("NameServer", "n")["status"]["conditions"]
        found: dict[str, Any] = next(each for each in conditions if each["type"] == "Scaling")
        return found

    def pod(self, ordinal: int) -> dict[str, Any]:
        return self.kube.find("Pod", f"n-ns-{ordinal}")


async def settled(replicas: int) -> Place:
    place = Place(replicas)
    await place.settle(*range(replicas))
    return place


async def test_a_settled_one_is_left_alone_and_asked_for_its_order_configuration_alone() -> None:
    place = await settled(2)
    place.kube.writes.clear()
    place.servers.asked.clear()
    assert await place.look() is None
    assert place.kube.writes == []
    assert sorted(place.servers.asked) == [("list_kv", address(0)), ("list_kv", address(1))]
    assert place.kubelets.listed("n-ns") == place.kubelets.listed("n-ns-all") == ["n-ns-0", "n-ns-1"]


async def test_up_clients_see_a_new_one_only_when_it_is_complete() -> None:
    place = await settled(1)
    place.servers.orders[address(0)] = {"parcel": "broker-0:4"}
    place.ask(3)
    await place.look()
    assert place.kube.size("n-ns") == 3
    for _ in range(3):
        place.kubelets.run("n-ns")
        await place.look()
    assert place.kubelets.listed("n-ns-all") == ["n-ns-0", "n-ns-1", "n-ns-2"]
    assert place.kubelets.listed("n-ns") == ["n-ns-0"]
    assert place.servers.orders[address(1)] == place.servers.orders[address(2)] == {"parcel": "broker-0:4"}
    place.servers.register(1)
    for _ in range(2):
        await place.look()
        place.kubelets.run("n-ns")
    assert place.kubelets.listed("n-ns") == ["n-ns-0", "n-ns-1"]
    await place.settle(1, 2)
    assert place.kubelets.listed("n-ns") == ["n-ns-0", "n-ns-1", "n-ns-2"]
    assert {"ScaledUp", "OrderConfigurationCopied", "NameServerComplete"} <= set(place.told.reasons)


async def test_down_by_operators_that_live_for_one_look_each() -> None:
    place = await settled(3)
    place.ask(2)
    await place.look()
    assert place.kubelets.listed("n-ns-all") == place.kubelets.listed("n-ns") == ["n-ns-0", "n-ns-1"]
    metadata = place.pod(2)["metadata"]
    assert metadata["annotations"][names.UNLISTED_SINCE] == str(int(place.seconds * 1000))
    for _ in range(7):
        place.restart()
        assert await place.look() is not None
        assert place.kube.size("n-ns") == 3 and place.scaling()["reason"] == "WaitingForLookups"
        place.seconds += 8
    place.seconds += 8
    place.restart()
    await place.look()
    assert place.kube.size("n-ns") == 2
    place.kubelets.run("n-ns")
    await place.look()
    assert place.scaling()["status"] == "False"
    status = place.kube.find("NameServer", "n")["status"]
    assert status["replicas"] == 2 and [each["pod"] for each in status["members"]] == ["n-ns-0", "n-ns-1"]
    assert place.told.reasons.count("NameServerUnlisted") == place.told.reasons.count("NameServerRemoved") == 1


async def test_down_waits_for_a_broker_and_names_it() -> None:
    place = await settled(2)
    place.servers.lists[address(0)] = {}
    place.ask(1)
    await place.look()
    assert place.scaling()["reason"] == "WaitingForBrokers"
    assert "c-0-0 on n-ns-0" in place.scaling()["message"]
    assert place.kubelets.listed("n-ns") == ["n-ns-0", "n-ns-1"]


async def test_an_old_view_takes_nothing_away_that_was_listed_again() -> None:
    place = await settled(2)
    place.ask(1)
    await place.look()
    place.seconds += 61
    place.kube.feed(place.world)
    # Since the views were read: the user changed their mind, another operator listed the pod again.
    place.pod(1)["metadata"]["labels"][names.LISTED_LABEL] = "true"
    await place.look(stale=True)
    assert place.kube.size("n-ns") == 2


async def test_an_old_view_of_the_size_changes_nothing() -> None:
    place = await settled(2)
    place.ask(1)
    await place.look()
    place.seconds += 61
    place.kube.feed(place.world)
    workload = place.kube.find("StatefulSet", "n-ns")
    place.kube.put({**workload, "spec": {**workload["spec"], "replicas": 5}})
    await place.look(stale=True)
    assert place.kube.size("n-ns") == 5


async def test_a_pod_that_was_replaced_meanwhile_is_not_unlisted() -> None:
    place = await settled(2)
    place.ask(1)
    place.kube.feed(place.world)
    place.pod(1)["metadata"]["uid"] = "uid-another"
    await place.look(stale=True)
    assert place.kubelets.listed("n-ns-all") == ["n-ns-0", "n-ns-1"]
    assert "NameServerUnlisted" not in place.told.reasons


async def test_mending_the_workload_leaves_its_size_alone() -> None:
    place = await settled(2)
    place.kube.feed(place.world)
    workload = place.kube.find("StatefulSet", "n-ns")
    place.kube.put({**workload, "spec": {**workload["spec"], "replicas": 3, "serviceName": "n-ns-all"}})
    workload = place.kube.find("StatefulSet", "n-ns")
    workload["spec"]["podManagementPolicy"] = "Parallel"
    await place.look(stale=True)
    assert place.kube.size("n-ns") == 3


@pytest.mark.parametrize("silent", ["cluster_info", "put_kv"])
async def test_a_server_that_fails_midway_is_tried_again(silent: str) -> None:
    place = await settled(1)
    place.servers.orders[address(0)] = {"parcel": "broker-0:4"}
    place.ask(2)
    await place.look()
    place.kubelets.run("n-ns")
    place.servers.register(1)
    if silent == "cluster_info":
        place.servers.silent = {address(1)}
    else:
        broken = place.servers.put_kv

        async def fails(ns: str, namespace: str, key: str, value: str) -> None:
            raise Unreachable(ns, "put_kv", "connection lost")

        place.servers.put_kv = fails  # type: ignore[method-assign]
    assert await place.look() == 1.0
    assert place.kubelets.listed("n-ns") == ["n-ns-0"]
    place.servers.silent = set()
    if silent == "put_kv":
        place.servers.put_kv = broken  # type: ignore[method-assign]
    await place.settle(0, 1)
    assert place.kubelets.listed("n-ns") == ["n-ns-0", "n-ns-1"]
    assert place.servers.orders[address(1)] == {"parcel": "broker-0:4"}


async def test_a_cluster_still_asks_a_name_server_that_is_only_told_to_go() -> None:
    """Its StatefulSet's controller waited for another one first, and it stayed; what order topics used had changed meanwhile, and nobody
    had told it (found by the simulator)."""
    place = await settled(2)
    place.world.taken.note([place.pod(1)["metadata"]["uid"]])
    assert [pod.deleting for pod in place.world.pods_of(KEY)] == [False, True]
    assert await asked_by_cluster(place) == {address(0), address(1)}
    going = {**place.pod(1)["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    place.kube.put({**place.pod(1), "metadata": going})
    place.kube.feed(place.world)
    assert await asked_by_cluster(place) == {address(0)}, "it goes for certain"


async def asked_by_cluster(place: Place) -> set[str]:
    """The name servers that the cluster waits for and tells."""
    now = Now(lambda: place.seconds)
    reporter = Reporter(place.kube, place.told, now)  # type: ignore[arg-type]
    clusters = BrokerClusters(place.world, place.kube, place.servers, reporter, now, lambda: None)  # type: ignore[arg-type]
    cluster = place.world.clusters.get("ns", "c")
    assert cluster is not None
    return set((await clusters.observe(cluster, Key("BrokerCluster", "ns", "c"))).registrations)
