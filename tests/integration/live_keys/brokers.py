"""The brokers that effects are shown on."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..servers import Server, Servers

HOURS = ";".join(f"{hour:02}" for hour in range(24))
MIB = 1 << 20
FOLLOWED = "followed"
"""A topic that the master has from the start, with a message in its first queue."""

_MASTER = {
    "brokerRole": "SYNC_MASTER",
    "sendMessageThreadPoolNums": "2",
    "transactionCheckInterval": "500",
    "transactionTimeOut": "3600000",
    "maxMessageSize": str(4 * MIB),
}
_FILES = {
    "mappedFileSizeCommitLog": str(MIB),
    "cleanResourceInterval": "1000",
    "deleteCommitLogFilesInterval": "10",
    "deleteWhen": HOURS,
    "fileReservedTime": "72",
    "diskMaxUsedSpaceRatio": "95",
    "cleanFileForciblyEnable": "false",
}
# Its disk always counts as full: 4.9 by a property, 5.x by a share of the disk that a few bytes fill.
_FULL = {"replicasPerDiskPartition": "100000000"}
_FULL_JAVA = ("-Drocketmq.broker.diskSpaceCleanForciblyRatio=0.0001",)


@dataclass(frozen=True)
class Brokers:
    """Processes of one version. `master` waits for `slave`; `keeper` deletes files by age, `full` by need."""

    version: str
    ns: Server
    master: Server
    slave: Server
    keeper: Server
    full: Server
    started: float

    @property
    def all(self) -> tuple[Server, ...]:
        return self.master, self.slave, self.keeper, self.full


@contextlib.contextmanager
def brokers(folder: Path, version: str) -> Iterator[Brokers]:
    """All brokers, listening; they end with the block."""
    with Servers(folder, version) as servers:
        ns = servers.name_server()
        master = servers.broker("broker-0", [ns], _MASTER)
        slave = servers.broker("broker-0", [ns], broker_id=1)
        keeper = servers.broker("keeper", [ns], _FILES)
        full = servers.broker("full", [ns], _FILES | _FULL, java=_FULL_JAVA)
        servers.wait()
        yield Brokers(version, ns, master, slave, keeper, full, time.monotonic())
