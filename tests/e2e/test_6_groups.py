"""Broker groups come and go while the official clients send and receive: nothing acknowledged is lost, no send fails.

The short form of the proof; E2E_SCALE_MESSAGES (make e2e-scale sets it) asks for at least so many messages.
"""

from collections.abc import Iterator

import pytest

from .kubectl import Kubectl, until
from .rocketmq import listed
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-groups"
NAME = "shop"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = f"names-ns-0.names-ns-all.{NS}.svc:9876"
LIMIT = 900


@pytest.fixture(scope="module", autouse=True)
def shop(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME)


def groups(kubectl: Kubectl) -> dict[str, str]:
    found = kubectl.json("get", "brokercluster", NAME, "-n", NS)
    return {each["name"]: each["phase"] for each in found["status"]["brokerGroups"]}


def scaled(kubectl: Kubectl, replicas: int, seconds: float = LIMIT) -> None:
    """Scale as a user does, and wait until the cluster says that it is done."""
    kubectl("scale", f"brokercluster/{NAME}", "-n", NS, f"--replicas={replicas}")
    wanted = {f"broker-{index}": "" for index in range(replicas)}
    until(lambda: groups(kubectl), lambda seen: seen == wanted, seconds)
    kubectl.wait_ready("brokercluster", NAME, NS, 120)


def test_two_then_three_then_two_groups_under_traffic(kubectl: Kubectl) -> None:
    traffic = Traffic(kubectl, SERVERS, "groups")
    try:
        traffic.start(rate=RATE, seconds=3600)
        scaled(kubectl, 3)
        tables = listed(kubectl, NS, "rocketmq.huanwei.io/name-server=names")
        assert all(sorted(table) == ["broker-0", "broker-1", "broker-2"] for table in tables.values())
        scaled(kubectl, 2)
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert restarts(kubectl, NS, SELECTOR) == {f"{NAME}-{group}-{member}": 0 for group in (0, 1) for member in (0, 1)}
    assert f"{NAME}-2" not in kubectl("get", "statefulsets", "-n", NS, "-o", "name")
