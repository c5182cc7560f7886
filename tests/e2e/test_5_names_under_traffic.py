"""Name servers 1 → 3 → 2 while the official clients, which know them by the name of their Service, send and receive."""

import json
from collections.abc import Iterator

import pytest

from .kubectl import Kubectl, until
from .scaling import MESSAGES, RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-names"
NAME = "calm"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = f"names-ns.{NS}.svc:9876"


@pytest.fixture(scope="module", autouse=True)
def calm(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME)


def scaled(kubectl: Kubectl, replicas: int) -> None:
    """By ``kubectl scale``, until it is over: all of them complete and listed, and no other pod."""
    kubectl("scale", "nameserver/names", f"--replicas={replicas}", "-n", NS)
    wanted = [(f"names-ns-{each}", True, True) for each in range(replicas)]

    def there() -> tuple[list[tuple[str, bool, bool]], str]:
        found = kubectl.json("get", "nameserver", "names", "-n", NS)["status"]
        members = [(each["pod"], each["listed"], each["complete"]) for each in found["members"]]
        return members, next(each["status"] for each in found["conditions"] if each["type"] == "Scaling")

    until(there, lambda seen: seen == (wanted, "False"), 240)


def lives(kubectl: Kubectl) -> dict[str, str]:
    return {name: pod["metadata"]["uid"] for name, pod in kubectl.pods(NS, SELECTOR).items()}


def test_one_then_three_then_two_name_servers_under_traffic(kubectl: Kubectl) -> None:
    before = lives(kubectl)
    traffic = Traffic(kubectl, SERVERS, "names")
    try:
        traffic.start(rate=RATE, seconds=3600)
        traffic.flows()
        scaled(kubectl, 3)
        scaled(kubectl, 2)
        account = traffic.finish(MESSAGES)
    finally:
        traffic.leave()
    account_is_good(account)
    assert account["produce"]["notOk"] == 0, json.dumps(account["trouble"])
    assert lives(kubectl) == before and set(restarts(kubectl, NS, SELECTOR).values()) == {0}
