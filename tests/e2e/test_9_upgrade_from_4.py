"""From 4.9.7 to 5.4.0 under the traffic of the official clients; the way back, which RocketMQ cannot go, is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .kubectl import Kubectl, until
from .rocketmq import own_words
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-from-4"
NAME = "old"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = ";".join(f"names-ns-{each}.names-ns-all.{NS}.svc:9876" for each in (0, 1))
OLD, NEW = "rocketmq-operator/rocketmq:4.9.7", "rocketmq-operator/rocketmq:5.4.0"
LIMIT = 900


@pytest.fixture(scope="module", autouse=True)
def old(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME, servers=2, image=OLD)


def patch(kubectl: Kubectl, kind: str, name: str, **spec: Any) -> None:
    kubectl("patch", kind, name, "-n", NS, "--type=merge", "-p", json.dumps({"spec": spec}))


def uids(kubectl: Kubectl) -> dict[str, str]:
    return {name: pod["metadata"]["uid"] for name, pod in kubectl.pods(NS, SELECTOR).items()}


def rolled(kubectl: Kubectl, kind: str, name: str) -> None:
    """Until nothing is left to restart by the spec of now, and all is Ready."""

    def done() -> bool:
        found = kubectl.json("get", kind, name, "-n", NS)
        conditions = {each["type"]: each for each in found["status"]["conditions"]}
        mine = conditions.get("RollingOut", {})
        return bool(mine.get("status") == "False" and mine.get("observedGeneration") == found["metadata"]["generation"])

    until(done, lambda seen: seen is True, LIMIT)
    kubectl.wait_ready(kind, name, NS, 120)


def test_from_4_to_5_under_traffic(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    traffic = Traffic(kubectl, SERVERS, "from4")
    try:
        traffic.start(rate=RATE, seconds=3600)
        traffic.flows()
        patch(kubectl, "nameserver", "names", image=NEW)
        patch(kubectl, "brokercluster", NAME, brokerImage=NEW)
        rolled(kubectl, "nameserver", "names")
        rolled(kubectl, "brokercluster", NAME)
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert account["produce"]["notOk"] == 0, account
    after = uids(kubectl)
    assert before.keys() == after.keys() and not set(before.values()) & set(after.values())
    assert set(restarts(kubectl, NS, SELECTOR).values()) == {0}
    for group in kubectl.json("get", "brokercluster", NAME, "-n", NS)["status"]["brokerGroups"]:
        assert {each["version"] for each in group["members"]} == {"5.4.0"}
    words = own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-1-0"])
    assert (words["inSyncReplicas"], words["brokerPermission"]) == ("2", "6")


def test_the_way_back_is_refused(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    patch(kubectl, "brokercluster", NAME, brokerImage=OLD)
    degraded = until(
        lambda: kubectl.condition("brokercluster", NAME, NS, "Degraded"),
        lambda seen: seen.get("reason") == "DowngradeRefused",
        60,
    )
    assert "4.9.7" in degraded["message"] and "5.4.0" in degraded["message"]
    assert uids(kubectl) == before
    patch(kubectl, "brokercluster", NAME, brokerImage=NEW)
    rolled(kubectl, "brokercluster", NAME)
    assert uids(kubectl) == before
