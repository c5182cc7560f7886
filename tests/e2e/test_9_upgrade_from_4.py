"""From 4.9.7 to 5.4.0 under the traffic of the official clients; the way back, which RocketMQ cannot go, is refused."""

from collections.abc import Iterator

import pytest

from .kubectl import Kubectl, until
from .rocketmq import own_words
from .rolling import Namespace
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-from-4"
NAME = "old"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = ";".join(f"names-ns-{each}.names-ns-all.{NS}.svc:9876" for each in (0, 1))
OLD, NEW = "rocketmq-operator/rocketmq:4.9.7", "rocketmq-operator/rocketmq:5.4.0"


@pytest.fixture(scope="module", autouse=True)
def old(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME, servers=2, image=OLD)


def test_from_4_to_5_under_traffic(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    traffic = Traffic(kubectl, SERVERS, "from4")
    try:
        traffic.start(rate=RATE, seconds=3600)
        traffic.flows()
        place.edit("nameserver", "names", image=NEW)
        place.edit("brokercluster", NAME, brokerImage=NEW)
        place.rolled("nameserver", "names")
        place.rolled("brokercluster", NAME)
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert account["produce"]["notOk"] == 0, account
    after = place.uids(SELECTOR)
    assert before.keys() == after.keys() and not set(before.values()) & set(after.values())
    assert set(restarts(kubectl, NS, SELECTOR).values()) == {0}
    for group in kubectl.json("get", "brokercluster", NAME, "-n", NS)["status"]["brokerGroups"]:
        assert {each["version"] for each in group["members"]} == {"5.4.0"}
    words = own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-1-0"])
    assert (words["inSyncReplicas"], words["brokerPermission"]) == ("2", "6")


def test_the_way_back_is_refused(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    place.edit("brokercluster", NAME, brokerImage=OLD)
    degraded = until(
        lambda: kubectl.condition("brokercluster", NAME, NS, "Degraded"),
        lambda seen: seen.get("reason") == "DowngradeRefused",
        60,
    )
    assert "4.9.7" in degraded["message"] and "5.4.0" in degraded["message"]
    assert place.uids(SELECTOR) == before
    place.edit("brokercluster", NAME, brokerImage=NEW)
    place.rolled("brokercluster", NAME)
    assert place.uids(SELECTOR) == before
