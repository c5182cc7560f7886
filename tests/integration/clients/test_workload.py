"""The workload clients against two real broker groups: traffic of every kind, a group that is away, and the control."""

import asyncio
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.messages import SendStatus

from ..jars import UnavailableError, jars
from .conftest import Cluster, registered, until
from .workload import FAILED, GOOD, LOST, Client, Workload

pytestmark = [pytest.mark.integration, pytest.mark.timeout(500)]

MIX = "plain=4,order=2,delay=1,transaction=2,retry=1"
KINDS = {"plain", "order", "delay", "transaction", "retry"}
GROUPS = ("broker-0", "broker-1")
_SECONDS = 15


@pytest.fixture
def ready(cluster: Cluster) -> Cluster:
    asyncio.run(registered(cluster.name_server, *GROUPS))
    return cluster


def _workload(cluster: Cluster, folder: Path, run: str, mix: str) -> Workload:
    try:
        return Workload(folder, run, cluster.name_server.address, run, mix)
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED: {error}")


def test_every_kind_arrives_and_is_accounted_for(ready: Cluster, tmp_path: Path) -> None:
    with _workload(ready, tmp_path, "mixed", MIX) as workload:
        workload.topic("readers")
        consumer = workload.consume("readers", "--until-quiet", "3", "--timeout", "200")
        producer = workload.produce("--duration", "100", "--rate", "60", "--probe-groups", "--linger", "6")
        time.sleep(_SECONDS)
        workload.stop()  # for both: the consumer must wait for check-backs that the producer still answers
        sent, received = _good(producer), _good(consumer)
        asyncio.run(_a_dead_letter(ready, "readers", "mixed-0"))
        stored = workload.verify_store("readers")
        code, account = workload.check()
    assert (code, account["good"], account["lost"], account["deadLetters"]) == (GOOD, True, 0, 1)
    assert set(sent["byKind"]) == set(account["byKind"]) == {*KINDS, "probe"}
    for kind, figures in account["byKind"].items():
        produced = sent["byKind"][kind]
        assert produced["acknowledged"] == produced["sent"] == figures["acknowledged"] == figures["consumed"] > 5, kind
        assert (produced["unknown"], figures["lost"], figures["badCrc"]) == (0, 0, 0), kind
    assert account["acknowledged"] == sent["acknowledged"] + sent["byKind"]["probe"]["acknowledged"]
    assert account["refused"] == account["byKind"]["retry"]["refused"] == received["refused"] > 5
    assert (account["orderViolations"], received["deadLetters"]) == (0, 0)
    assert (stored["deadLetters"], stored["stored"]) == (1, account["acknowledged"] + account["storedTwice"])
    _as_in_the_ledger(sent["probes"], workload.probes())


def _good(client: Client) -> dict[str, Any]:
    code, told = client.end()
    assert code == GOOD, client.last_words()
    assert isinstance(told, dict)
    return told


async def _a_dead_letter(cluster: Cluster, group: str, key: str) -> None:
    """As a broker would write it after 16 vain deliveries, which take hours."""
    broker = cluster.brokers[0].address
    async with Admin(timeout=10) as admin:
        await admin.create_topic(broker, f"%DLQ%{group}", read_queues=1, write_queues=1)
        assert (await admin.send(broker, f"%DLQ%{group}", 0, b"given up", [key])).status is SendStatus.SEND_OK

        async def announced() -> bool:
            return f"%DLQ%{group}" in await admin.topics(cluster.name_server.address, "DefaultCluster")

        await until(announced, "the name server knows of the dead letters")


def _as_in_the_ledger(probes: dict[str, Any], ledger: list[list[str]]) -> None:
    assert set(probes) == set(GROUPS)
    for group, figures in probes.items():
        lines = [line for line in ledger if line[1] == group]
        good = [int(line[0]) + int(line[3]) for line in lines if line[2] == "SEND_OK"]
        assert (figures["probes"], figures["gone"]) == (len(lines), 0)
        assert figures["failed"] == len(lines) - len(good)
        assert len(good) > _SECONDS / 2
        assert figures["longestGapMs"] > max(after - before for before, after in pairwise(good)) - 300


def test_a_gap_of_one_group_shows_though_routing_hides_it_and_a_wiped_store_is_a_loss(
    ready: Cluster, tmp_path: Path
) -> None:
    broker = ready.brokers[1]
    with _workload(ready, tmp_path, "gap", "plain=1") as workload:
        workload.topic("late")
        producer = workload.produce("--duration", "200", "--rate", "20", "--probe-groups")
        workload.until(lambda: _answers(workload) >= 3, producer, "broker-1 answers probes")
        broker.kill()
        time.sleep(5)
        back = _answers(workload) + 3
        broker.start(jars())
        broker.wait()
        workload.until(lambda: _answers(workload) >= back, producer, "broker-1 answers probes again")
        workload.stop()
        code, sent = producer.end()
        assert code in (GOOD, FAILED), producer.last_words()  # a message in flight when the broker died may have failed
        probes = sent["probes"]
        assert probes["broker-1"]["longestGapMs"] > max(5000, probes["broker-0"]["longestGapMs"])
        assert probes["broker-1"]["failed"] + probes["broker-1"]["gone"] >= 3
        assert probes["broker-0"]["gone"] == 0
        assert sent["longestGapMs"] < probes["broker-1"]["longestGapMs"]

        broker.kill()
        shutil.rmtree(broker.folder / "store")
        consumer = workload.consume("late", "--until-quiet", "2", "--patience", "4", "--timeout", "200")
        consumer.end()
        workload.verify_store("late")
        code, account = workload.check()
    assert (code, account["good"]) == (LOST, False)
    assert account["lost"] == account["lostInStore"] > 10
    assert account["byKind"]["plain"]["lost"] > 0 < account["byKind"]["probe"]["lost"]


def _answers(workload: Workload) -> int:
    return sum(line[1:3] == ["broker-1", "SEND_OK"] for line in workload.probes())
