"""What scaling tests share: how much traffic, and when its account is good."""

import os
from collections.abc import Iterator
from typing import Any

from .kubectl import Kubectl
from .manifests import IMAGE, SMALL, Json, cluster, name_server

MESSAGES = int(os.environ.get("E2E_SCALE_MESSAGES", "3000"))
"""At least so many are sent in each test; `make e2e-scale` asks for more."""
RATE = 60 if MESSAGES <= 3000 else 250


def scaled_cluster(name: str, namespace: str, **spec: Any) -> Json:
    """Two groups of two. Six brokers share two processors with everything else here: by default a broker turns a message away
    that waited 200 ms for a thread (``waitTimeMillsInSendQueue``), and ordered sends are not tried again."""
    properties = {**SMALL["properties"], "waitTimeMillsInSendQueue": "5000"}
    wanted = {"nameServerRef": {"name": "names"}, "groupReplica": 2, "membersPerGroup": 2, "properties": properties}
    return cluster(name, namespace, **{**wanted, **spec})


def running(
    kubectl: Kubectl, namespace: str, name: str, *, servers: int = 1, image: str = IMAGE, **spec: Any
) -> Iterator[None]:
    """A fixture's body: that cluster with its name servers, and the tools pod; all removed at the end."""
    kubectl.namespace(namespace)
    kubectl.file("examples/tools.yaml")
    kubectl.apply(
        name_server("names", namespace, servers, image),
        scaled_cluster(name, namespace, brokerImage=image, **spec),
    )
    kubectl.wait_ready("brokercluster", name, namespace, 300)
    kubectl("wait", "--for=condition=Ready", "pod/rocketmq-tools", "-n", "rocketmq-operator", "--timeout=60s")
    yield
    gone(kubectl, name, namespace)
    kubectl("delete", "namespace", namespace, "--wait=false")


def gone(kubectl: Kubectl, name: str, namespace: str) -> None:
    """Delete a cluster with all that is in it, and wait for that: its brokers would cost the next test their share."""
    given_up = "rocketmq.huanwei.io/delete-unconsumed=true"
    kubectl("annotate", "brokercluster", name, "-n", namespace, given_up, "--overwrite")
    kubectl("delete", "brokercluster", name, "-n", namespace, timeout=240)


def restarts(kubectl: Kubectl, namespace: str, selector: str) -> dict[str, int]:
    """How often each pod's containers were started again."""
    pods = kubectl.pods(namespace, selector)
    return {
        name: sum(each["restartCount"] for each in pod["status"]["containerStatuses"]) for name, pod in pods.items()
    }


def account_is_good(account: dict[str, Any], messages: int = MESSAGES) -> None:
    """Nothing acknowledged is lost, nothing damaged, no send failed after the client's own retries."""
    print(account)
    check, produced = account["check"], account["produce"]
    assert check["lost"] == 0 and check["badCrc"] == 0, account
    assert produced["failed"] == 0, account
    assert check["acknowledged"] >= messages, account
