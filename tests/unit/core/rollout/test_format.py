"""What an upgrade of the operator does to pods that run: nothing, unless the release says so."""

import msgspec
import pytest

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, NameServer, NameServerSpec
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.core import names
from rocketmq_operator.core.build import config, nameserver, pod, workload
from rocketmq_operator.core.drift import digest
from rocketmq_operator.core.memo import Memo
from rocketmq_operator.core.rollout import standing, survey, template, workloads

from .rolling import Rolling

KNOWN = {1: "a70d3a1b46"}
"""By format, what is built of one cluster and one NameServer. Another digest wants another ``pod.FORMAT``."""

META = Metadata(name="c", namespace="ns", uid="uid-1")


def upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator is another one: it builds in format 2, and remembers nothing of before."""
    for module in (pod, workloads, template):
        monkeypatch.setattr(module, "FORMAT", 2)
    for module, name in ((workload, "_made"), (workloads, "_written"), (survey, "_kept"), (survey, "_told")):
        monkeypatch.setattr(module, name, Memo(512))


def built() -> str:
    cluster = BrokerCluster(META, msgspec.convert({"nameServers": "names:9876"}, BrokerClusterSpec))
    made = config.config_map(cluster, "")
    group = workload.stateful_set(cluster, 0, made["metadata"]["name"], True, 2, "revision")
    return digest([made, group, nameserver.objects(NameServer(META, NameServerSpec()), "revision")])


def test_what_is_built_belongs_to_its_format() -> None:
    assert KNOWN[pod.FORMAT] == built(), (
        "what is built has changed: running pods would differ from it, so raise core/build/pod.py FORMAT and add the digest here"
    )


def test_another_format_restarts_nobody_and_rewrites_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Rolling()
    before = dict(world.world.objects)
    upgraded(monkeypatch)
    monkeypatch.setattr(workload, "START_SECONDS", 77)
    world.pass_seconds(60)
    sets = [key for key in before if key[0] == "StatefulSet"]
    assert world.taken == [] and all(world.world.objects[key] == before[key] for key in sets)
    world.world.edit(brokerImage="other")
    world.pass_seconds(300)
    assert len(world.taken) == 4 and world.world.objects[sets[0]].notes[names.FORMAT_ANNOTATION] == "2"


def test_a_format_that_would_do_harm_is_restarted_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Rolling()
    upgraded(monkeypatch)
    monkeypatch.setattr(standing, "OLDEST_FORMAT", 2)
    plan = world.pass_seconds(4)
    rolling = next(each for each in plan.status.conditions if each.type == "RollingOut")
    assert rolling.reason == "OperatorUpgraded" and plan.upgrading
    world.pass_seconds(300)
    assert world.taken == ["c-0-1", "c-0-0", "c-1-1", "c-1-0"]
    assert world.second().actions == ()


def test_it_waits_for_other_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Rolling()
    upgraded(monkeypatch)
    monkeypatch.setattr(standing, "OLDEST_FORMAT", 2)
    world.world.others_rolling = 3
    plan = world.pass_seconds(60)
    assert world.taken == [] and not plan.upgrading
    world.world.others_rolling = 2
    world.pass_seconds(300)
    assert len(world.taken) == 4
