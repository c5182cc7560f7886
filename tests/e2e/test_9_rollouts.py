"""Upgrades and changes of a running cluster while the official clients send and receive: no send fails, nothing is lost.

The short form of the proof; E2E_SCALE_MESSAGES (make e2e-rollout sets it) asks for at least so many messages.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .kubectl import Json, Kubectl, until
from .manifests import API
from .rocketmq import own_words
from .rolling import LIMIT, Namespace
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-rollouts"
NAME = "live"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
NAMES = "rocketmq.huanwei.io/name-server=names"
SERVERS = ";".join(f"names-ns-{each}.names-ns-all.{NS}.svc:9876" for each in (0, 1))
OLD, NEW = "rocketmq-operator/rocketmq:5.3.3", "rocketmq-operator/rocketmq:5.4.0"
CLUSTER = ("brokercluster", NAME)


@pytest.fixture(scope="module", autouse=True)
def live(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME, servers=2, image=OLD)


def upgrade(place: Namespace, image: str, **spec: Any) -> None:
    """Name servers and brokers at once, as a user may; each takes its own turn."""
    place.edit("nameserver", "names", image=image)
    place.edit(*CLUSTER, brokerImage=image, **spec)


def upgraded(place: Namespace) -> None:
    place.rolled("nameserver", "names")
    place.rolled(*CLUSTER)


def test_an_upgrade_and_the_way_back_under_traffic(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    traffic = Traffic(kubectl, SERVERS, "rollout")
    try:
        traffic.start(rate=RATE, seconds=3600)
        traffic.flows()
        upgrade(place, NEW)
        upgraded(place)
        assert set(place.images(SELECTOR).values()) == set(place.images(NAMES).values()) == {NEW}
        after = place.uids(SELECTOR)
        assert before.keys() == after.keys() and not set(before.values()) & set(after.values())

        # And back, with other memory and a setting that only a restart takes: one restart for all three.
        properties = {**place.spec(*CLUSTER)["properties"], "sendMessageThreadPoolNums": "6"}
        upgrade(place, OLD, limits={"memory": "720Mi"}, properties=properties)
        until(lambda: place.images(SELECTOR), lambda seen: OLD in seen.values(), LIMIT)
        kubectl(
            "delete", "pod", "-n", "rocketmq-operator", "-l", "app=rocketmq-operator", "--grace-period=0", "--force"
        )
        upgraded(place)
        assert set(place.images(SELECTOR).values()) == {OLD}
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert account["produce"]["notOk"] == 0, account
    assert set(restarts(kubectl, NS, SELECTOR).values()) == {0}
    words = own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-1-0"])
    assert (words["sendMessageThreadPoolNums"], words["brokerPermission"]) == ("6", "6")


def test_a_live_setting_restarts_nobody(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    place.edit(*CLUSTER, properties={**place.spec(*CLUSTER)["properties"], "maxMessageSize": "1048576"})
    place.rolled(*CLUSTER, seconds=120)
    masters = [pod for name, pod in kubectl.pods(NS, SELECTOR).items()]
    until(lambda: {own_words(pod)["maxMessageSize"] for pod in masters}, lambda seen: seen == {"1048576"}, 120)
    assert place.uids(SELECTOR) == before


def test_a_plan_says_what_an_edit_would_do(kubectl: Kubectl, place: Namespace) -> None:
    def planned(**spec: Any) -> Json:
        wanted = {"apiVersion": API, "kind": "BrokerCluster", "metadata": {"name": NAME, "namespace": NS}}
        body = json.dumps({**wanted, "spec": {**place.spec(*CLUSTER), **spec}})
        found: Json = json.loads(kubectl("rocketmq", "plan", "-f", "-", "-o", "json", stdin=body))[0]
        return found

    before = place.uids(SELECTOR)
    restart = planned(brokerImage=NEW)
    assert restart["verdict"] == "restart"
    assert [each["pod"] for each in restart["restarts"]] == [f"{NAME}-{each}" for each in ("0-1", "0-0", "1-1", "1-0")]
    assert planned(properties={**place.spec(*CLUSTER)["properties"], "maxMessageSize": "2097152"})["verdict"] == "live"
    assert planned()["verdict"] == "nothing"
    assert place.uids(SELECTOR) == before


def test_one_pod_restarts_on_request(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    kubectl("rocketmq", "restart", NAME, "-n", NS, "--pod", f"{NAME}-1-1")
    until(lambda: place.rolling(*CLUSTER), lambda seen: seen.get("reason") == "RestartRequested", 120)
    place.rolled(*CLUSTER, seconds=240)
    assert {name for name, uid in place.uids(SELECTOR).items() if uid != before[name]} == {f"{NAME}-1-1"}


def come_back_as_they_were(kubectl: Kubectl, place: Namespace) -> None:
    """A master that waits, one that was updated, and a slave of another group end by themselves in the middle."""
    before, ending = place.images(SELECTOR), place.uids(SELECTOR)
    kubectl("delete", "pod", "-n", NS, f"{NAME}-0-0", f"{NAME}-0-1", f"{NAME}-1-1", "--wait=true")

    def anew() -> bool:
        return len(place.uids(SELECTOR)) == 4 and not {
            ending[f"{NAME}-{each}"] for each in ("0-0", "0-1", "1-1")
        } & set(place.uids(SELECTOR).values())

    until(anew, lambda seen: seen is True, 90)
    assert place.images(SELECTOR) == before


def test_a_broken_image_halts_after_one_slave_and_an_edit_ends_it(kubectl: Kubectl, place: Namespace) -> None:
    before = place.uids(SELECTOR)
    place.edit(*CLUSTER, brokerImage="rocketmq-operator/rocketmq:no-such-tag")
    halted = until(lambda: place.rolling(*CLUSTER), lambda seen: seen.get("reason") == "Halted", 300)
    assert f"{NAME}-0-1" in halted["message"] and "no-such-tag" in halted["message"]
    assert kubectl.condition("brokercluster", NAME, NS, "Degraded")["reason"] == "RolloutHalted"
    assert {name for name, uid in place.uids(SELECTOR).items() if uid != before[name]} == {f"{NAME}-0-1"}
    come_back_as_they_were(kubectl, place)
    before = place.uids(SELECTOR)
    place.edit(*CLUSTER, brokerImage=OLD)
    place.rolled(*CLUSTER, seconds=300)
    assert {name for name, uid in place.uids(SELECTOR).items() if uid != before[name]} == {f"{NAME}-0-1"}
    assert set(place.images(SELECTOR).values()) == {OLD}
