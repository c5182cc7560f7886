"""Members come and go while the official clients send and receive, and a master leaves a cordoned node."""

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rocketmq_operator.admin import AdminError

from .kubectl import Json, Kubectl, until
from .rocketmq import own_words
from .rolling import Namespace
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-members"
NAME = "team"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = f"names-ns-0.names-ns-all.{NS}.svc:9876"


@pytest.fixture(scope="module", autouse=True)
def team(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME)


def copies(kubectl: Kubectl) -> dict[str, bool]:
    status = kubectl.json("get", "brokercluster", NAME, "-n", NS)["status"]
    return {member["pod"]: member["fullCopy"] for group in status["brokerGroups"] for member in group["members"]}


def members(kubectl: Kubectl, count: int) -> None:
    """Edit the number as a user does; wait until exactly these members are there and hold everything."""
    Namespace(kubectl, NS).edit("brokercluster", NAME, membersPerGroup=count)
    wanted = {f"{NAME}-{group}-{member}": True for group in (0, 1) for member in range(count)}
    until(lambda: copies(kubectl), lambda seen: seen == wanted, 600)
    kubectl.wait_ready("brokercluster", NAME, NS, 120)


def test_two_then_three_then_one_member_under_traffic(kubectl: Kubectl) -> None:
    before = restarts(kubectl, NS, SELECTOR)
    traffic = Traffic(kubectl, SERVERS, "members")
    try:
        traffic.start(rate=RATE, seconds=3600)
        members(kubectl, 3)
        members(kubectl, 1)
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert restarts(kubectl, NS, SELECTOR) == {name: before[name] for name in (f"{NAME}-0-0", f"{NAME}-1-0")}
    assert own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-0-0"])["inSyncReplicas"] == "1"


def test_the_last_slave_comes_back_as_a_full_copy(kubectl: Kubectl) -> None:
    members(kubectl, 2)
    # Masters wait for a slave only after it holds everything: a pass or two after the status says so.
    until(
        lambda: kubectl.condition("brokercluster", NAME, NS, "Replicated"),
        lambda found: found.get("status") == "True",
        60,
    )
    assert own_words(kubectl.pods(NS, SELECTOR)[f"{NAME}-0-0"])["inSyncReplicas"] == "2"


def test_a_drained_node_loses_its_master_only_after_it_was_closed(kubectl: Kubectl) -> None:
    """The volume is bound to the node, so the pod waits for the node to take pods again; then its group opens."""
    pod = f"{NAME}-0-0"
    before = kubectl.pods(NS, SELECTOR)[pod]
    node = before["spec"]["nodeName"]
    seen: list[tuple[str, str]] = []
    command = ["kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=240s"]
    drain = subprocess.Popen([*command, f"--pod-selector={SELECTOR}"], env=kubectl.environment)
    try:
        while drain.poll() is None:
            seen += _standing(kubectl, before)
            time.sleep(1)
        assert drain.returncode == 0
        found: dict[str, Any] = kubectl.pods(NS, SELECTOR)
        assert not [name for name, each in found.items() if each["spec"].get("nodeName") == node]
        # For its last half minute there the master was closed for writing, so that clients could learn it.
        assert [each for each in seen if each == ("Moving", "4")], seen
    finally:
        drain.terminate()
        drain.wait(timeout=30)
        kubectl("uncordon", node)
    kubectl.wait_ready("brokercluster", NAME, NS, 240)
    assert kubectl.pods(NS, SELECTOR)[pod]["metadata"]["uid"] != before["metadata"]["uid"]
    assert own_words(kubectl.pods(NS, SELECTOR)[pod])["brokerPermission"] == "6"


def _standing(kubectl: Kubectl, pod: Json) -> list[tuple[str, str]]:
    """The phase of the first group, and what its master says of its permission; nothing while it does not answer."""
    status = kubectl.json("get", "brokercluster", NAME, "-n", NS)["status"]
    try:
        return [(status["brokerGroups"][0]["phase"], own_words(pod)["brokerPermission"])]
    except AdminError:
        return []
