"""Requests sorted out, figures read, ratios taken."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import audit, cli, counting, procfs
from bench.commands import BenchError, cost, run
from bench.figures import Series, ratio

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def entry(verb: str, resource: str, seconds: float = 0, user: str = counting.USER, **more: Any) -> dict[str, Any]:
    reference = {"resource": resource, "namespace": "here", **more}
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    return {
        "verb": verb, "user": {"username": user}, "stage": "ResponseComplete", "stageTimestamp": at, "objectRef": reference,
    }  # fmt: skip


def log_of(folder: Path, *entries: dict[str, Any], tail: str = "") -> Path:
    path = folder / "audit.log"
    path.write_text("".join(json.dumps(each) + "\n" for each in entries) + tail)
    return path


def test_only_the_operators_writes_in_the_time_count(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        entry("patch", "brokerclusters", 5, subresource="status"),
        entry("patch", "leases", 5),
        entry("get", "services", 5),
        entry("create", "pods", 5, user="somebody"),
        entry("create", "events", -1),
        entry("create", "events", 11),
        {**entry("create", "events", 5), "stage": "ResponseStarted"},
    )
    reads, writes, leases = counting.sort_out(audit.read(log), NOON, NOON + timedelta(seconds=10))
    assert writes == {"patch brokerclusters/status": 1}
    assert reads == {"get services": 1}
    assert leases == 1


@pytest.mark.parametrize("verb", ["create", "update", "patch", "delete", "deletecollection"])
def test_every_kind_of_write_counts(tmp_path: Path, verb: str) -> None:
    _, writes, _ = counting.sort_out(audit.read(log_of(tmp_path, entry(verb, "pods"))), NOON, NOON)
    assert writes.total() == 1


def test_log_is_read_from_an_offset_and_without_its_unfinished_end(tmp_path: Path) -> None:
    log = log_of(tmp_path, entry("get", "old"), entry("get", "new"), tail='{"verb": "cre')
    first = len(log.read_bytes().splitlines(keepends=True)[0])
    assert [each.object_ref.resource for each in audit.read(log, first)] == ["new"]
    assert [each.object_ref.resource for each in audit.read(log, first - 3)] == ["new"]


def test_rotated_log_is_refused(tmp_path: Path) -> None:
    log = log_of(tmp_path, entry("get", "pods"))
    with pytest.raises(BenchError, match="rotated"):
        list(audit.read(log, 1_000_000))


def test_steps_of_a_creation_count_from_the_apply(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        entry("patch", "brokerclusters", 0),
        entry("create", "statefulsets", 0.2),
        entry("create", "statefulsets", 0.3),
        entry("create", "pods", 0.5),
        entry("create", "pods", 0.75, subresource="binding"),
        entry("create", "pods", 99, namespace="elsewhere"),
    )
    assert audit.creation_steps(log, 0, "here") == {
        "StatefulSets made": 0.3,
        "pods made": 0.5,
        "pods bound to nodes": 0.75,
    }


def test_looks_are_those_at_clusters_that_went_well() -> None:
    text = (
        'rocketmq_operator_reconciles_total{kind="BrokerCluster",result="ok"} 24.0\n'
        'rocketmq_operator_reconciles_total{kind="BrokerCluster",result="failed"} 3.0\n'
        'rocketmq_operator_reconciles_total{kind="NameServer",result="ok"} 7.0\n'
    )
    assert counting.looks_in(text) == 24
    assert counting.looks_in("") == 0


def test_rows_of_both_lists_compare_whatever_stands_around() -> None:
    row = "DefaultCluster  broker-0  0  10.0.0.1:10911 V5_4_0 0.00(0,0ms)"
    assert cli.listed_in(f"#Cluster Name #Broker\n{row}\n") == cli.listed_in(f"12:00 INFO a b: c\n\n{row}\n")
    assert cli.listed_in("#Cluster Name\n") == []


def test_last_import_is_the_outermost() -> None:
    text = "import time: self [us] | cumulative | imported package\nimport time:   10 |   10 |   inner\nimport time:   5 | 1500 | outer\n"
    assert cli.last_import(text) == pytest.approx(0.0015)


def test_figures_of_proc() -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    assert procfs.cpu_seconds(f"1 (a b) c) S {fields}") == (14 + 15) / 100
    assert procfs.resident_mib("VmHWM:\t9 kB\nVmRSS:\t   2048 kB\n") == 2.0


def test_ratio_is_of_medians_and_bounded_by_rounds() -> None:
    found = ratio("x", Series("a", "s", [1, 2, 9]), Series("b", "s", [2, 4, 3]))
    assert (found.value, found.low, found.high) == (2 / 3, 0.5, 3.0)


async def test_cost_is_of_the_command_and_not_of_its_parent() -> None:
    ballast = bytearray(64 << 20)
    small = await cost([sys.executable, "-S", "-c", "print('hello')"])
    large = await cost([sys.executable, "-S", "-c", "x = bytearray(80 << 20); x[::4096] = bytes(len(x[::4096]))"])
    assert len(ballast) and small.output == "hello\n"
    assert small.peak_mib < 40 < 80 < large.peak_mib


async def test_failure_tells_what_the_command_said() -> None:
    with pytest.raises(BenchError, match=r"failed \(3\): oh no"):
        await run(["sh", "-c", "echo oh no >&2; exit 3"])


async def test_too_long_a_command_is_ended() -> None:
    with pytest.raises(BenchError, match="took longer"):
        await run(["sleep", "60"], seconds=0.1)
