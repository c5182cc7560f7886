"""Volumes grow under running brokers, on volumes that keep to their size; and a slave whose volume is lost is made anew."""

from collections.abc import Iterator

import pytest

from .kubectl import Json, Kubectl, RefusedError, until
from .rocketmq import address, ask
from .rolling import Namespace
from .scaling import RATE, account_is_good, restarts, running
from .traffic import Traffic

NS = "e2e-volumes"
NAME = "vault"
SELECTOR = f"rocketmq.huanwei.io/cluster={NAME}"
SERVERS = f"names-ns-0.names-ns-all.{NS}.svc:9876"
PODS = (f"{NAME}-0-0", f"{NAME}-0-1")
BALLAST_MIB = 350
"""More than a volume of 300Mi holds, and less than one of 500Mi, of which XFS takes 64 MiB for itself."""


@pytest.fixture(scope="module", autouse=True)
def vault(kubectl: Kubectl) -> Iterator[None]:
    yield from running(kubectl, NS, NAME, groupReplica=1)


def resize(place: Namespace, size: str) -> None:
    """Edit both sizes as a user does."""
    place.edit("brokercluster", NAME, requests={"storeStorage": size, "logStorage": size})


def in_pod(kubectl: Kubectl, pod: str, command: str) -> str:
    return kubectl("exec", "-n", NS, pod, "-c", "broker", "--", "sh", "-c", command).strip()


def mebibytes(kubectl: Kubectl, pod: str, volume: str) -> int:
    """What the file system in a running pod has."""
    return int(in_pod(kubectl, pod, f"df -m --output=size /var/lib/rocketmq/{volume} | tail -1"))


def fits(kubectl: Kubectl, pod: str) -> bool:
    """Whether so much can really be written beside the logs: brokers map no files into memory there, so a full disk is no harm."""
    ballast = "/var/lib/rocketmq/logs/ballast"
    write = f"dd if=/dev/zero of={ballast} bs=1M count={BALLAST_MIB} 2>&1; rm -f {ballast}"
    said = in_pod(kubectl, pod, write)
    assert f"{BALLAST_MIB}+0 records out" in said or "No space left on device" in said, said
    return "No space left on device" not in said


def log_of(pod: Json) -> tuple[int, int]:
    """Where a broker's commit log begins and ends."""
    broker = address(pod, 10911)
    runtime = ask(lambda admin: admin.runtime(broker))
    return runtime.commit_log_min_offset, runtime.commit_log_max_offset


def status(kubectl: Kubectl) -> Json:
    found: Json = kubectl.json("get", "brokercluster", NAME, "-n", NS)["status"]
    return found


def reasons(kubectl: Kubectl) -> set[str]:
    events = kubectl.json("get", "events.events.k8s.io", "-n", NS)["items"]
    return {each["reason"] for each in events if each["regarding"]["name"] == NAME}


def test_volumes_grow_under_traffic_and_no_pod_notices(kubectl: Kubectl, place: Namespace) -> None:
    before, starts = place.uids(SELECTOR), restarts(kubectl, NS, SELECTOR)
    assert not any(fits(kubectl, pod) for pod in PODS), "the volumes do not keep to their size"
    old = kubectl.json("get", "statefulset", f"{NAME}-0", "-n", NS)["metadata"]["uid"]
    traffic = Traffic(kubectl, SERVERS, "volumes")
    try:
        traffic.start(rate=RATE, seconds=3600)
        resize(place, "500Mi")
        until(
            lambda: (status(kubectl)["storeSize"], status(kubectl)["logSize"]), lambda seen: seen == ("500Mi",) * 2, 240
        )
        account = traffic.finish(600)
    finally:
        traffic.leave()
    account_is_good(account, 600)
    assert all(mebibytes(kubectl, pod, volume) > 400 for pod in PODS for volume in ("store", "logs"))
    assert all(fits(kubectl, pod) for pod in PODS)
    assert (place.uids(SELECTOR), restarts(kubectl, NS, SELECTOR)) == (before, starts)
    new = kubectl.json("get", "statefulset", f"{NAME}-0", "-n", NS)["metadata"]["uid"]
    owners = {pod["metadata"]["ownerReferences"][0]["uid"] for pod in kubectl.pods(NS, SELECTOR).values()}
    assert new != old and owners == {new}
    assert {"VolumeGrows", "VolumeResized"} <= reasons(kubectl)


def test_smaller_is_refused(place: Namespace) -> None:
    with pytest.raises(RefusedError, match=r"cannot become smaller than status\.storeSize"):
        resize(place, "300Mi")


def test_a_slave_that_lost_its_volume_is_made_anew(kubectl: Kubectl, place: Namespace) -> None:
    """Its PersistentVolume goes, as with a disk that is replaced."""
    slave = PODS[1]
    before, claim = (
        place.uids(SELECTOR),
        kubectl.json("get", "persistentvolumeclaim", f"brokerstore-{slave}", "-n", NS),
    )
    volume = claim["spec"]["volumeName"]
    kubectl("delete", "persistentvolume", volume, "--wait=false")
    kubectl("patch", "persistentvolume", volume, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    until(lambda: place.uids(SELECTOR), lambda seen: len(seen) == 2 and seen[slave] != before[slave], 120)

    def copies() -> dict[str, bool]:
        return {each["pod"]: each["fullCopy"] for each in status(kubectl)["brokerGroups"][0]["members"]}

    until(copies, lambda seen: seen == dict.fromkeys(PODS, True), 240)
    assert place.uids(SELECTOR)[PODS[0]] == before[PODS[0]]
    pods = kubectl.pods(NS, SELECTOR)
    master = log_of(pods[PODS[0]])
    assert master[0] == 0 < master[1]
    until(lambda: log_of(pods[slave]), lambda seen: seen == master, 60)
    until(lambda: kubectl.condition("brokercluster", NAME, NS, "Degraded"), lambda seen: seen["status"] == "False", 60)
    assert {"VolumeLost", "SlaveRebuilt"} <= reasons(kubectl)
    new = kubectl.json("get", "persistentvolumeclaim", f"brokerstore-{slave}", "-n", NS)
    assert new["metadata"]["uid"] != claim["metadata"]["uid"]
    assert new["spec"]["resources"]["requests"]["storage"] == "500Mi"
