"""The simulated API server keeps the real one's rules: ownership, preconditions, garbage, pages, watches."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rocketmq_operator.kube.errors import AlreadyExists, Conflict, Gone, Invalid, NotFound
from rocketmq_operator.kube.resources import CONFIG_MAP, POD, STATEFULSET
from rocketmq_operator.reconcile.resources import CLUSTERS

from .loop import run_sim
from .world.api import Api
from .world.gc import GarbageCollector
from .world.kernel import Kernel
from .world.link import Link
from .world.stored import Json
from .world.weather import Weather

US, THEM = "rocketmq-operator", "kubectl"


def with_api(test: Callable[[Api], Any]) -> None:
    async def main() -> None:
        answer = test(Api(Kernel(1)))
        if answer is not None:
            await answer

    run_sim(main())


def config(**data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "ns"}, "data": data}


def data(api: Api) -> Json:
    found: Json = api.stored("configmaps", ("ns", "m")).obj.get("data", {})
    return found


def test_what_an_applier_no_longer_sets_goes() -> None:
    def test(api: Api) -> None:
        api.apply(CONFIG_MAP, config(a="1", b="2"), US, True, None)
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        assert data(api) == {"a": "1"}

    with_api(test)


def test_what_another_owns_too_stays() -> None:
    def test(api: Api) -> None:
        api.apply(CONFIG_MAP, config(a="1", b="2"), US, True, None)
        api.apply(CONFIG_MAP, config(b="2"), THEM, True, None)
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        assert data(api) == {"a": "1", "b": "2"}

    with_api(test)


def test_what_was_created_and_not_applied_is_another_entry() -> None:
    """Create owns by "Update": a later apply without the field does not take it away. So it is on a real server."""

    def test(api: Api) -> None:
        api.create(CONFIG_MAP, config(a="1", b="2"), US)
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        assert data(api) == {"a": "1", "b": "2"}

    with_api(test)


def test_a_contested_field_is_a_conflict_unless_forced() -> None:
    def test(api: Api) -> None:
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        with pytest.raises(Conflict):
            api.apply(CONFIG_MAP, config(a="9"), THEM, False, None)
        api.apply(CONFIG_MAP, config(a="9"), THEM, True, None)
        assert data(api) == {"a": "9"}
        api.apply(CONFIG_MAP, config(), US, True, None)
        assert data(api) == {"a": "9"}

    with_api(test)


def test_an_edit_takes_ownership() -> None:
    def test(api: Api) -> None:
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        api.patch(CONFIG_MAP, ("ns", "m"), {"data": {"a": "9"}}, "merge", None, THEM)
        with pytest.raises(Conflict):
            api.apply(CONFIG_MAP, config(a="1"), US, False, None)

    with_api(test)


def test_equal_content_is_no_new_version() -> None:
    def test(api: Api) -> None:
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        before = api.rv
        api.apply(CONFIG_MAP, config(a="1"), US, True, None)
        api.patch(CONFIG_MAP, ("ns", "m"), {"data": {"a": "1"}}, "merge", None, THEM)
        assert api.rv == before

    with_api(test)


def test_preconditions() -> None:
    def test(api: Api) -> None:
        stored = api.create(CONFIG_MAP, config(a="1"), US)
        uid, version = stored.obj["metadata"]["uid"], stored.obj["metadata"]["resourceVersion"]
        with pytest.raises(AlreadyExists):
            api.create(CONFIG_MAP, config(a="1"), US)
        wrong = config(a="2")
        wrong["metadata"] = {**wrong["metadata"], "uid": "another"}
        with pytest.raises(Conflict):
            api.apply(CONFIG_MAP, wrong, US, True, None)
        with pytest.raises(Conflict):
            api.delete(CONFIG_MAP, ("ns", "m"), uid="another")
        api.patch(
            CONFIG_MAP, ("ns", "m"), {"metadata": {"resourceVersion": version}, "data": {"a": "2"}}, "merge", None, US
        )
        with pytest.raises(Conflict):
            api.patch(CONFIG_MAP, ("ns", "m"), {"metadata": {"resourceVersion": version}}, "merge", None, US)
        api.delete(CONFIG_MAP, ("ns", "m"), uid=uid)
        with pytest.raises(Conflict):
            api.apply(CONFIG_MAP, wrong, US, True, None)

    with_api(test)


def cluster(**spec: Any) -> Json:
    head = {"apiVersion": CLUSTERS.api_version, "kind": CLUSTERS.kind, "metadata": {"name": "c", "namespace": "ns"}}
    return {**head, "spec": spec}


def test_status_and_spec_leave_each_other_alone() -> None:
    def test(api: Api) -> None:
        api.create(CLUSTERS, cluster(groupReplica=2), THEM)
        api.apply(CLUSTERS, {**cluster(groupReplica=9), "status": {"groups": 2}}, US, True, "status")
        api.patch(CLUSTERS, ("ns", "c"), {"spec": {"groupReplica": 3}, "status": {"groups": 7}}, "merge", None, THEM)
        obj = api.stored("brokerclusters", ("ns", "c")).obj
        assert (obj["spec"]["groupReplica"], obj["status"]["groups"], obj["metadata"]["generation"]) == (3, 2, 2)
        api.patch(CLUSTERS, ("ns", "c"), {"spec": {"replicas": 4}}, "merge", "scale", THEM)
        assert api.stored("brokerclusters", ("ns", "c")).obj["spec"]["groupReplica"] == 4
        with pytest.raises(Invalid):
            api.patch(CLUSTERS, ("ns", "c"), {"spec": {"replicas": 0}}, "merge", "scale", THEM)
        with pytest.raises(NotFound):
            api.apply(CLUSTERS, {**cluster(), "metadata": {"name": "d", "namespace": "ns"}}, US, True, "status")

    with_api(test)


def test_what_may_not_change() -> None:
    def test(api: Api) -> None:
        api.create(CONFIG_MAP, {**config(a="1"), "immutable": True}, US)
        with pytest.raises(Invalid):
            api.apply(CONFIG_MAP, {**config(a="2"), "immutable": True}, US, True, None)
        head = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s", "namespace": "ns"}}
        api.create(STATEFULSET, {**head, "spec": {"replicas": 1, "serviceName": "a"}}, US)
        with pytest.raises(Invalid):
            api.apply(STATEFULSET, {**head, "spec": {"replicas": 1, "serviceName": "b"}}, US, True, None)

    with_api(test)


def test_strategic_patches_merge_conditions_by_type() -> None:
    def test(api: Api) -> None:
        pod = {
            "metadata": {"name": "p", "namespace": "ns"},
            "spec": {},
            "status": {"conditions": [{"type": "A", "status": "True"}]},
        }
        api.create(POD, pod, US)
        body = {"status": {"conditions": [{"type": "B", "status": "False"}, {"type": "A", "status": "False"}]}}
        api.patch(POD, ("ns", "p"), body, "strategic", "status", US)
        found = api.stored("pods", ("ns", "p")).obj["status"]["conditions"]
        assert {each["type"]: each["status"] for each in found} == {"A": "False", "B": "False"}

    with_api(test)


def test_garbage_goes_with_its_last_owner() -> None:
    async def main() -> None:
        kernel = Kernel(1)
        api = Api(kernel)
        GarbageCollector(kernel, api)
        owner = api.create(CLUSTERS, cluster(groupReplica=1), THEM).obj
        reference = {"kind": "BrokerCluster", "name": "c", "uid": owner["metadata"]["uid"]}
        owned = config(a="1")
        owned["metadata"] = {**owned["metadata"], "ownerReferences": [reference]}
        api.create(CONFIG_MAP, owned, US)
        api.delete(CLUSTERS, ("ns", "c"))
        assert api.find("configmaps", ("ns", "m"))
        kernel.later(3, kernel.failed.set_result, None)
        await kernel.failed
        assert api.find("configmaps", ("ns", "m")) is None

    run_sim(main())


def test_pages_show_one_moment_and_expire() -> None:
    def test(api: Api) -> None:
        for number in range(5):
            obj = config(a=str(number))
            obj["metadata"] = {**obj["metadata"], "name": f"m{number}"}
            api.create(CONFIG_MAP, obj, US)
        first = msgspec.json.decode(api.list_page(CONFIG_MAP, limit=2))
        api.delete(CONFIG_MAP, ("ns", "m4"))
        second = msgspec.json.decode(api.list_page(CONFIG_MAP, limit=10, token=first["metadata"]["continue"]))
        assert [each["metadata"]["name"] for each in second["items"]] == ["m2", "m3", "m4"]
        assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        api.compact()
        with pytest.raises(Gone):
            api.list_page(CONFIG_MAP, limit=10, token=first["metadata"]["continue"])

    with_api(test)


def test_a_watch_tells_what_enters_and_leaves_its_selection() -> None:
    async def main() -> None:
        kernel = Kernel(1)
        api, weather = Api(kernel), Weather(kernel)
        weather.quiet = True
        link = Link(api, weather, kernel.random("link"), US)
        api.create(CONFIG_MAP, config(a="1"), US)
        version = str(api.rv)
        for label in ("yes", None):
            api.patch(CONFIG_MAP, ("ns", "m"), {"metadata": {"labels": {"mine": label}}}, "merge", None, US)
        api.delete(CONFIG_MAP, ("ns", "m"))
        stream = link.watch(CONFIG_MAP, resource_version=version, timeout_seconds=5, label_selector="mine=yes")
        lines = b"".join([chunk async for chunk in stream]).splitlines()
        events = [msgspec.json.decode(line) for line in lines]
        assert [each["type"] for each in events] == ["ADDED", "DELETED"]
        assert int(events[1]["object"]["metadata"]["resourceVersion"]) > int(
            events[0]["object"]["metadata"]["resourceVersion"]
        )

    run_sim(main())
