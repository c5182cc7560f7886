"""Who is woken and waited for when a NameServer changes."""

from typing import Any

import msgspec
import pytest

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.reconcile.world import Key, World, referring


@pytest.mark.parametrize(
    ("namespace", "spec", "refers"),
    [
        ("ns", {"nameServerRef": {"name": "names"}}, True),
        ("other", {"nameServerRef": {"name": "names", "namespace": "ns"}}, True),
        ("other", {"nameServerRef": {"name": "names"}}, False),
        ("ns", {"nameServers": "names-ns-all:9876"}, True),
        ("ns", {"nameServers": "10.0.0.1:9876; names-ns-all.ns.svc.cluster.local:9876"}, True),
        ("other", {"nameServers": "names-ns-all.ns:9876"}, True),
        ("other", {"nameServers": "names-ns-all:9876"}, False),
        # Ready ones only: to wait for brokers that wait for readiness would be to wait for ever.
        ("ns", {"nameServers": "names-ns:9876"}, False),
        ("ns", {"nameServers": "names-ns-all"}, False),
    ],
)
def test_who_refers(namespace: str, spec: dict[str, Any], refers: bool) -> None:
    world = World()
    cluster = {"metadata": {"name": "c", "namespace": namespace}, "spec": spec}
    world.clusters.writer().replace([msgspec.convert(cluster, BrokerCluster)], {})
    server = msgspec.convert({"metadata": {"name": "names", "namespace": "ns"}}, NameServer)
    assert referring(world, server) == ([Key("BrokerCluster", namespace, "c")] if refers else [])
