"""Our table is mqadmin's."""

import asyncio
import re
import time

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.clusterlist import ClusterRow, Load, format_table, rows

from .conftest import Installation

pytestmark = pytest.mark.integration
_ROW = re.compile(
    r"(\S+) +(\S+) +(\d+) +(\S+) +(\S*) +"
    r"(\S+)\((\d*),(\d*)ms\) +(\S+)\((\d*),(\d*)ms\|(\d*),(\d*)ms\) +"
    r"(\d+)-(\d+)\((\S+)w, (\S+), (\S+)\) +(\d*) +(\S+) +(\S+) +(true|false)"
)


async def _ours(installation: Installation, admin: Admin) -> list[ClusterRow]:
    info = await admin.cluster_info(installation.ns)
    addresses = [address for entry in info.brokers.values() for address in entry.addresses.values()]
    reachable = [address for address in addresses if address != installation.guarded]
    answers = await asyncio.gather(*(admin.runtime(address) for address in reachable))
    return rows(info, dict(zip(reachable, answers, strict=True)), int(time.time() * 1000))


def _read(line: str) -> ClusterRow:
    """What a line of mqadmin's says."""
    found = _ROW.fullmatch(line)
    assert found, line
    (
        cluster, broker, broker_id, address, version,
        in_tps, send, send_ms, out_tps, pull, pull_ms, ack, ack_ms,
        read_behind, offset_behind, congestion, timer_in, timer_out, wait_ms, hours, space, active,
    ) = found.groups()  # fmt: skip
    return ClusterRow(
        cluster, broker, int(broker_id), address, version,
        float(in_tps), float(out_tps), Load(send, send_ms), Load(pull, pull_ms), Load(ack, ack_ms),
        int(read_behind), int(offset_behind), int(float(congestion) * 10000), float(timer_in), float(timer_out),
        wait_ms, float(hours), float(space), active == "true",
    )  # fmt: skip


def _steady(row: ClusterRow) -> tuple[str, str, int, str, str, bool]:
    """What cannot change between two looks: not rates, loads, timers, ages and the disk."""
    return row.cluster, row.broker, row.broker_id, row.address, row.version, row.active


async def test_the_same_table_as_mqadmin(installation: Installation, admin: Admin) -> None:
    # The guarded broker answers neither of the two: a row of blanks in both.
    printed = await asyncio.to_thread(installation.servers.mqadmin, "clusterList", "-n", installation.ns)
    theirs = printed[printed.index("#Cluster Name") :].rstrip("\n").split("\n")
    their_rows = [line for line in theirs if line.startswith("DefaultCluster")]
    ours = await _ours(installation, admin)
    assert [_steady(row) for row in ours] == [_steady(_read(line)) for line in their_rows]
    # Character by character: what they say, printed by us.
    assert format_table(map(_read, their_rows)) == "".join(f"{line}\n" for line in [theirs[0], *their_rows])
