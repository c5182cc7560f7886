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
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-rollouts"
NAME = "live"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
NAMES = "rocketmq.huanwei.io/name-server=names"
SERVERS = ";".join(f"names-ns-{each}.names-ns-all.{NS}.svc:9876" for each in (0, 1))
OLD, NEW = "rocketmq-operator/rocketmq:5.3.3", "rocketmq-operator/rocketmq:5.4.0"
LIMIT = 900


@pytest.fixture(scope="module", autouse=True)
def live(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME, servers=2, image=OLD)


def edit(kubectl: Kubectl, **spec: Any) -> None:
    """Change the cluster's spec as a user does."""
    kubectl("patch", "brokercluster", NAME, "-n", NS, "--type=merge", "-p", json.dumps({"spec": spec}))


def images(kubectl: Kubectl, selector: str) -> dict[str, str]:
    return {name: pod["spec"]["containers"][0]["image"] for name, pod in kubectl.pods(NS, selector).items()}


def uids(kubectl: Kubectl, selector: str = SELECTOR) -> dict[str, str]:
    return {name: pod["metadata"]["uid"] for name, pod in kubectl.pods(NS, selector).items()}


def rolling(kubectl: Kubectl, kind: str = "brokercluster", name: str = NAME) -> Json:
    """The condition, once it speaks of the spec of now."""
    found = kubectl.json("get", kind, name, "-n", NS)
    conditions = found.get("status", {}).get("conditions", [])
    condition: Json = next((each for each in conditions if each["type"] == "RollingOut"), {})
    return condition if condition.get("observedGeneration") == found["metadata"]["generation"] else {}


def rolled(kubectl: Kubectl, kind: str = "brokercluster", name: str = NAME, seconds: float = LIMIT) -> None:
    """Until nothing is left to restart and all is Ready."""
    until(lambda: rolling(kubectl, kind, name), lambda seen: seen.get("status") == "False", seconds)
    kubectl.wait_ready(kind, name, NS, 120)


def upgrade(kubectl: Kubectl, image: str, **spec: Any) -> None:
    """Name servers and brokers at once, as a user may; each takes its own turn."""
    kubectl("patch", "nameserver", "names", "-n", NS, "--type=merge", "-p", json.dumps({"spec": {"image": image}}))
    edit(kubectl, brokerImage=image, **spec)


def test_an_upgrade_and_the_way_back_under_traffic(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    traffic = Traffic(kubectl, SERVERS, "rollout")
    try:
        traffic.start(rate=RATE, seconds=3600)
        traffic.flows()
        upgrade(kubectl, NEW)
        rolled(kubectl, "nameserver", "names")
        rolled(kubectl)
        assert set(images(kubectl, SELECTOR).values()) == set(images(kubectl, NAMES).values()) == {NEW}
        upgraded = uids(kubectl)
        assert before.keys() == upgraded.keys() and not set(before.values()) & set(upgraded.values())

        # And back, with other memory and a setting that only a restart takes: one restart for all three.
        properties = {**current(kubectl)["properties"], "sendMessageThreadPoolNums": "6"}
        upgrade(kubectl, OLD, limits={"memory": "720Mi"}, properties=properties)
        until(lambda: images(kubectl, SELECTOR), lambda seen: OLD in seen.values(), LIMIT)
        kubectl(
            "delete", "pod", "-n", "rocketmq-operator", "-l", "app=rocketmq-operator", "--grace-period=0", "--force"
        )
        rolled(kubectl, "nameserver", "names")
        rolled(kubectl)
        assert set(images(kubectl, SELECTOR).values()) == {OLD}
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert account["produce"]["notOk"] == 0, account
    assert set(restarts(kubectl, NS, SELECTOR).values()) == {0}
    words = own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-1-0"])
    assert (words["sendMessageThreadPoolNums"], words["brokerPermission"]) == ("6", "6")


def current(kubectl: Kubectl) -> Json:
    found: Json = kubectl.json("get", "brokercluster", NAME, "-n", NS)["spec"]
    return found


def test_a_live_setting_restarts_nobody(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    edit(kubectl, properties={**current(kubectl)["properties"], "maxMessageSize": "1048576"})
    rolled(kubectl, seconds=60)
    masters = [pod for name, pod in kubectl.pods(NS, SELECTOR).items()]
    until(lambda: {own_words(pod)["maxMessageSize"] for pod in masters}, lambda seen: seen == {"1048576"}, 60)
    assert uids(kubectl) == before


def test_a_plan_says_what_an_edit_would_do(kubectl: Kubectl) -> None:
    def planned(**spec: Any) -> Json:
        wanted = {"apiVersion": API, "kind": "BrokerCluster", "metadata": {"name": NAME, "namespace": NS}}
        body = json.dumps({**wanted, "spec": {**current(kubectl), **spec}})
        found: Json = json.loads(kubectl("rocketmq", "plan", "-f", "-", "-o", "json", stdin=body))[0]
        return found

    before = uids(kubectl)
    restart = planned(brokerImage=NEW)
    assert restart["verdict"] == "restart"
    assert [each["pod"] for each in restart["restarts"]] == [f"{NAME}-{each}" for each in ("0-1", "0-0", "1-1", "1-0")]
    assert planned(properties={**current(kubectl)["properties"], "maxMessageSize": "2097152"})["verdict"] == "live"
    assert planned()["verdict"] == "nothing"
    assert uids(kubectl) == before


def test_one_pod_restarts_on_request(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    kubectl("rocketmq", "restart", NAME, "-n", NS, "--pod", f"{NAME}-1-1")
    until(lambda: rolling(kubectl), lambda seen: seen.get("reason") == "RestartRequested", 60)
    rolled(kubectl, seconds=240)
    assert {name for name, uid in uids(kubectl).items() if uid != before[name]} == {f"{NAME}-1-1"}


def come_back_as_they_were(kubectl: Kubectl) -> None:
    """A master that waits, one that was updated, and a slave of another group end by themselves in the middle."""
    before, ending = images(kubectl, SELECTOR), uids(kubectl)
    kubectl("delete", "pod", "-n", NS, f"{NAME}-0-0", f"{NAME}-0-1", f"{NAME}-1-1", "--wait=true")

    def anew() -> bool:
        return len(uids(kubectl)) == 4 and not {ending[f"{NAME}-{each}"] for each in ("0-0", "0-1", "1-1")} & set(
            uids(kubectl).values()
        )

    until(anew, lambda seen: seen is True, 90)
    assert images(kubectl, SELECTOR) == before


def test_a_broken_image_halts_after_one_slave_and_an_edit_ends_it(kubectl: Kubectl) -> None:
    before = uids(kubectl)
    edit(kubectl, brokerImage="rocketmq-operator/rocketmq:no-such-tag")
    halted = until(lambda: rolling(kubectl), lambda seen: seen.get("reason") == "Halted", 180)
    assert f"{NAME}-0-1" in halted["message"] and "no-such-tag" in halted["message"]
    assert kubectl.condition("brokercluster", NAME, NS, "Degraded")["reason"] == "RolloutHalted"
    assert {name for name, uid in uids(kubectl).items() if uid != before[name]} == {f"{NAME}-0-1"}
    come_back_as_they_were(kubectl)
    before = uids(kubectl)
    edit(kubectl, brokerImage=OLD)
    rolled(kubectl, seconds=180)
    assert {name for name, uid in uids(kubectl).items() if uid != before[name]} == {f"{NAME}-0-1"}
    assert set(images(kubectl, SELECTOR).values()) == {OLD}
