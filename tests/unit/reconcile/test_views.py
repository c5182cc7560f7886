"""Views: what a watched object is reduced to, and that nothing more is kept."""

import sys

import msgspec

from rocketmq_operator.reconcile.facts_of import object_fact, pod_fact
from rocketmq_operator.reconcile.views import Made, PodView

POD = b"""{"metadata": {"name": "c-1-0", "namespace": "ns", "uid": "u", "labels": {"rocketmq.huanwei.io/group": "1"}},
"spec": {"nodeName": "node1"},
"status": {"podIP": "10.1.0.1",
 "conditions": [{"type": "Ready", "status": "True"},
  {"type": "rocketmq.huanwei.io/registered", "status": "True", "message": "containerd://a"}],
 "containerStatuses": [{"image": "i", "containerID": "containerd://a", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}"""


def test_a_view_does_not_hold_on_to_the_page_that_it_came_in() -> None:
    page = b'{"metadata": {"name": "a"}, "spec": {"replicas": 2}}' + b" " * 1000
    before = sys.getrefcount(page)
    view = msgspec.json.decode(page, type=Made)
    assert sys.getrefcount(page) == before
    assert object_fact("Service", view).content() == {"spec": {"replicas": 2}}


def test_a_running_pod() -> None:
    fact = pod_fact(msgspec.json.decode(POD, type=PodView))
    assert (fact.name, fact.group, fact.member, fact.ip, fact.node) == ("c-1-0", 1, 0, "10.1.0.1", "node1")
    assert fact.ready and fact.container == fact.gate_container == "containerd://a" and fact.problem is None


def test_since_when_a_probe_reaches_a_pod_no_more() -> None:
    body = msgspec.json.decode(POD)
    for status, since in (("False", 1_767_225_600_000), ("True", 0)):
        probed = {"type": "ContainersReady", "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        body["status"]["conditions"] = [probed]
        assert pod_fact(msgspec.convert(body, PodView)).silent_since == since


def test_a_condition_without_a_time_is_read() -> None:
    """The API server writes null for a time that was not given, as our readiness gate's is not."""
    body = msgspec.json.decode(POD)
    body["status"]["conditions"] = [
        {"type": "a/gate", "status": "True", "lastTransitionTime": None, "lastProbeTime": None}
    ]
    assert pod_fact(msgspec.convert(body, PodView)).silent_since == 0


def test_a_pod_that_refuses_to_start_says_why() -> None:
    words = "VolumeLost: the volume of this master is empty"
    body = msgspec.json.decode(POD)
    ended = {"terminated": {"exitCode": 64, "reason": "Error", "message": words}}
    body["status"]["containerStatuses"] = [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended}]
    fact = pod_fact(msgspec.convert(body, PodView))
    assert fact.container == "" and fact.problem is not None
    assert fact.problem.reason == "VolumeLost" and "c-1-0" in fact.problem.message
