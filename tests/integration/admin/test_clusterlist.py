"""Our table is mqadmin's."""

import asyncio
import time

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.clusterlist import ClusterRow, format_table, rows

from .conftest import Installation

pytestmark = pytest.mark.integration


async def _ours(installation: Installation, admin: Admin) -> list[ClusterRow]:
    info = await admin.cluster_info(installation.ns)
    addresses = [address for entry in info.brokers.values() for address in entry.addresses.values()]
    reachable = [address for address in addresses if address != installation.guarded]
    answers = await asyncio.gather(*(admin.runtime(address) for address in reachable))
    return rows(info, dict(zip(reachable, answers, strict=True)), int(time.time() * 1000))


def _steady(line: str) -> tuple[str, list[str]]:
    """What cannot change between two looks: all columns but rates, loads, timers and ages; and every column's width,
    read from where they start."""
    words = line.split()
    return line[:80], [words[0], words[1], words[2], words[3], words[4], words[-1]]


async def test_the_same_table_as_mqadmin(installation: Installation, admin: Admin) -> None:
    # The guarded broker answers neither of the two: a row of blanks in both.
    printed = await asyncio.to_thread(installation.servers.mqadmin, "clusterList", "-n", installation.ns)
    theirs = printed[printed.index("#Cluster Name") :].rstrip("\n").split("\n")
    ours = format_table(await _ours(installation, admin)).rstrip("\n").split("\n")
    assert theirs[0] == ours[0]
    their_rows = [line for line in theirs if line.startswith("DefaultCluster")]
    assert [_steady(line) for line in ours[1:]] == [_steady(line) for line in their_rows]
    assert [len(line) for line in ours] == [len(line) for line in [theirs[0], *their_rows]]
