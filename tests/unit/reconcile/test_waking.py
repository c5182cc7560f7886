"""Which changes of what we made wake its owner, and which do not."""

from random import Random
from typing import Any

import msgspec
import pytest

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.views import Made, PodView
from rocketmq_operator.reconcile.waking import Waking
from rocketmq_operator.reconcile.world import Key, World
from rocketmq_operator.runtime.queue import WorkQueue
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

LABELS = {names.CLUSTER_LABEL: "c", names.GROUP_LABEL: "0"}
POD: dict[str, Any] = {
    "metadata": {"name": "c-0-0", "namespace": "ns", "labels": LABELS, "resourceVersion": "1"},
    "status": {"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "False"}]},
}
SET: dict[str, Any] = {
    "metadata": {"name": "c-0", "namespace": "ns", "labels": LABELS, "resourceVersion": "1", "annotations": {}},
    "spec": {"replicas": 2},
}


def woken(store: str, view: type[Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a change from one to the other puts the cluster on the queue."""

    async def changed() -> int:
        world = World()
        writer = (world.pods if store == "Pod" else world.made[store]).writer()
        writer.replace([decoded(before, view)], {})
        queue: WorkQueue[Key] = WorkQueue(clock=VirtualClock(), random=Random(1))
        Waking(world, queue)
        writer.put(decoded({**after, "metadata": {**after["metadata"], "resourceVersion": "2"}}, view))
        return len(queue)

    return run_virtual(changed()) == 1


def decoded(obj: dict[str, Any], view: type[Any]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(obj), type=view)


@pytest.mark.parametrize(
    ("status", "wakes"),
    [
        ({"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}, True),
        ({"podIP": "10.0.0.2", "conditions": [{"type": "Ready", "status": "False"}]}, True),
        ({**POD["status"], "containerStatuses": [{"state": {"running": {}}, "containerID": "a"}]}, True),
        (
            {
                "podIP": "10.0.0.1",
                "conditions": [{"type": "Ready", "status": "False"}, {"type": "Initialized", "status": "True"}],
            },
            False,
        ),
    ],
)
def test_a_pod_wakes_by_what_a_plan_sees_of_it(status: dict[str, Any], wakes: bool) -> None:
    assert woken("Pod", PodView, POD, {**POD, "status": status}) == wakes


@pytest.mark.parametrize(
    ("changes", "wakes"),
    [
        ({}, False),
        ({"status": {"readyReplicas": 1}}, False),
        ({"spec": {"replicas": 3}}, True),
        ({"metadata": {**SET["metadata"], "annotations": {"a": "b"}}}, True),
        ({"metadata": {**SET["metadata"], "deletionTimestamp": "2027-01-15T08:00:00Z"}}, True),
    ],
)
def test_a_workload_wakes_by_its_spec_and_metadata(changes: dict[str, Any], wakes: bool) -> None:
    assert woken("StatefulSet", Made, SET, {**SET, **changes}) == wakes
