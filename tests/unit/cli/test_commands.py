"""The plugin as it is called: options, exit codes, JSON, errors."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rocketmq_operator.cli import access, plugin
from rocketmq_operator.core import names
from tests.unit.core.names_world import NamesWorld
from tests.unit.core.rollout.rolling import Rolling
from tests.unit.reconcile.memory import MemoryKube

from .server import of_cluster, of_servers

Call = Callable[..., int]


@pytest.fixture
def kube(monkeypatch: pytest.MonkeyPatch) -> MemoryKube:
    servers = NamesWorld(2)
    servers.settle()
    found = of_cluster(Rolling())
    found.objects |= of_servers(servers).objects

    @asynccontextmanager
    async def connect(namespace: str | None, context: str | None, operator: str) -> AsyncIterator[access.Access]:
        yield access.Access(found, namespace or "ns", operator)  # type: ignore[arg-type]

    monkeypatch.setattr(access, "connect", connect)
    return found


def call(*words: str) -> int:
    """The exit code."""
    try:
        plugin.app(list(words))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_plan_of_several_documents(kube: MemoryKube, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(
        "kind: BrokerCluster\nmetadata: {name: c}\nspec: {brokerImage: other}\n---\n"
        "kind: NameServer\nmetadata: {name: n}\nspec: {}\n---\nkind: Secret\nmetadata: {name: s}\n"
    )
    assert call("plan", "-f", str(file)) == 0
    told = capsys.readouterr()
    assert "4 pods restart" in told.out and "NameServer ns/n  no pod restarts" in told.out
    assert "left out: Secret s" in told.err
    assert call("plan", "-f", str(file), "--detailed-exit-code", "-o", "json") == 2
    found = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in found] == ["restart", "nothing"] and found[0]["restarts"][0]["pod"] == "c-0-1"
    assert kube.writes == []


def test_rollouts_by_every_way_to_name_a_resource(kube: MemoryKube, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rollout", "status", "c") == 0
    assert call("rollout", "status", "nameserver/n", "-w") == 0
    assert call("rollout", "history", "n", "--kind", "nameserver", "-o", "json") == 0
    assert call("rollout", "history", "brokercluster/c", "--revision", "1") == 0
    assert "brokerImage: apache/rocketmq:5.4.0" in capsys.readouterr().out
    assert call("rollout", "pause", "rmqns/n") == 0
    assert kube.find("NameServer", "n")["metadata"]["annotations"] == {names.ROLLOUT_PAUSED: "true"}
    assert call("rollout", "resume", "rmqns/n") == 0
    assert call("restart", "c", "--group", "1") == 0
    assert kube.writes[-1] == ("patch", "StatefulSet", "c-1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollout", "undo", "c"), "no other revision"),
        (("rollout", "undo", "c", "--forget", "--to-revision", "1"), "one of"),
        (("rollout", "undo", "c", "--forget"), "no undo is in force"),
        (("rollout", "resume", "c"), "not paused"),
        (("rollout", "status", "nobody"), "clusters -A"),
        (("promote", "c"), "nothing to promote"),
        (("plan", "-f", "/nowhere"), "cannot be read"),
    ],
)
def test_errors_name_the_way_out(
    kube: MemoryKube, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert call(*words) == 1
    assert said in capsys.readouterr().err and kube.writes == []
