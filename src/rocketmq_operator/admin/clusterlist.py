"""The table of `mqadmin clusterList`, from what the name servers and brokers said. Pure.

Columns, widths and roundings are those of mqadmin 5.4.0 (ClusterListSubCommand), so that the two can be compared line by
line. What a broker did not answer is left empty or zero there, and here.
"""

import struct
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo

HEADER = (
    "#Cluster Name", "#Broker Name", "#BID", "#Addr", "#Version", "#InTPS(LOAD)", "#OutTPS(LOAD)",
    "#Timer(Progress)", "#PCWait(ms)", "#Hour", "#SPACE", "#ACTIVATED",
)  # fmt: skip
_HEADER_LAYOUT = "{:<22}  {:<22}  {:<4}  {:<22} {:<16}  {:>16}  {:>30}  {:<22}  {:<11}  {:<12}  {:<8}  {:<10}"
_ROW_LAYOUT = "{:<22}  {:<22}  {:<4}  {:<22} {:<16}  {:>16}  {:>30}  {:<22}  {:>11}  {:<12}  {:<8}  {:>10}"
_MS_PER_HOUR = 3_600_000
_BEYOND_SENSE = 1e18
"""No count of ours comes near it; keeps what follows within the range of Java's float and of decimals."""


class Load(msgspec.Struct, frozen=True):
    """A thread pool's queue: its size and how long its head has waited (ms), as the broker says them."""

    size: str = ""
    wait_ms: str = ""


class ClusterRow(msgspec.Struct, frozen=True):
    """One broker. `hours` is the age of its oldest message, `space` the used share of its disk, 0 to 1.

    `timer_*`: seconds and messages behind, messages in congestion, rates in and out.
    """

    cluster: str
    broker: str
    broker_id: int
    address: str
    version: str = ""
    in_tps: float = 0.0
    out_tps: float = 0.0
    send: Load = Load()
    pull: Load = Load()
    ack: Load = Load()
    timer_read_behind: int = 0
    timer_offset_behind: int = 0
    timer_congestion: int = 0
    timer_in_tps: float = 0.0
    timer_out_tps: float = 0.0
    page_cache_wait_ms: str = ""
    hours: float = 0.0
    space: float = 0.0
    active: bool = False

    def columns(self) -> tuple[str, ...]:
        """The twelve columns as texts."""
        send, pull, ack = self.send, self.pull, self.ack
        return (
            self.cluster,
            self.broker,
            str(self.broker_id),
            self.address,
            self.version,
            f"{_fixed(self.in_tps, 2):>9}({send.size},{send.wait_ms}ms)",
            f"{_fixed(self.out_tps, 2):>9}({pull.size},{pull.wait_ms}ms|{ack.size},{ack.wait_ms}ms)",
            self._timer(),
            self.page_cache_wait_ms,
            f"{_fixed(self.hours, 2):>2}",
            _fixed(self.space, 4),
            "true" if self.active else "false",
        )

    def _timer(self) -> str:
        congestion = _fixed(_single(self.timer_congestion / 10000), 1)
        rates = f"{_fixed(_single(self.timer_in_tps), 1)}, {_fixed(_single(self.timer_out_tps), 1)}"
        return f"{self.timer_read_behind}-{self.timer_offset_behind}({congestion}w, {rates})"


def rows(info: ClusterInfo, runtimes: Mapping[str, RuntimeInfo | None], now_ms: int) -> list[ClusterRow]:
    """One row for each registered broker, sorted by cluster, group and id.

    `runtimes` holds what each address answered; a missing or None entry makes a row of blanks. `now_ms` is the time in
    milliseconds since 1970, against which the oldest message's age is taken.
    """
    return [
        _row(cluster, group, broker_id, address, runtimes.get(address), now_ms)
        for cluster in sorted(info.clusters)
        for group in sorted(info.clusters[cluster])
        if group in info.brokers
        for broker_id, address in sorted(info.brokers[group].addresses.items())
    ]


def format_table(table: Iterable[ClusterRow]) -> str:
    """The header and a line for each row, each ended by a newline, exactly as mqadmin prints them."""
    lines = [_HEADER_LAYOUT.format(*HEADER), *(_ROW_LAYOUT.format(*row.columns()) for row in table)]
    return "".join(f"{line}\n" for line in lines)


def _row(
    cluster: str, group: str, broker_id: int, address: str, runtime: RuntimeInfo | None, now_ms: int
) -> ClusterRow:
    if runtime is None:
        return ClusterRow(cluster, group, broker_id, address)
    table = runtime.table
    return ClusterRow(
        cluster=cluster,
        broker=group,
        broker_id=broker_id,
        address=address,
        version=runtime.version_name,
        in_tps=runtime.put_tps,
        out_tps=runtime.get_transferred_tps,
        send=_load(table, "send", "null"),
        pull=_load(table, "pull", "null"),
        ack=_load(table, "ack", "N"),  # brokers before 5.0 have no such pool
        timer_read_behind=int(_number(table, "timerReadBehind")),
        timer_offset_behind=int(_number(table, "timerOffsetBehind")),
        timer_congestion=int(_number(table, "timerCongestNum")),
        timer_in_tps=_number(table, "timerEnqueueTps"),
        timer_out_tps=_number(table, "timerDequeueTps"),
        page_cache_wait_ms=table.get("pageCacheLockTimeMills", "null"),
        hours=(now_ms - runtime.earliest_message_timestamp) / _MS_PER_HOUR,
        space=runtime.commit_log_disk_ratio,
        active=bool(runtime.broker_active),
    )


def _load(table: Mapping[str, str], pool: str, missing: str) -> Load:
    return Load(
        table.get(f"{pool}ThreadPoolQueueSize", missing),
        table.get(f"{pool}ThreadPoolQueueHeadWaitTimeMills", missing),
    )


def _number(table: Mapping[str, str], key: str) -> float:
    """A timer's number; 0 where the broker has no timers, as mqadmin shows it."""
    try:
        value = float(table.get(key, ""))
    except ValueError:
        return 0.0
    return value if abs(value) < _BEYOND_SENSE else 0.0


def _single(value: float) -> float:
    """Rounded to Java's float, which mqadmin computes these in."""
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def _fixed(value: float, digits: int) -> str:
    """As Java's %.<n>f: halves of the shortest decimal go up, while Python rounds the exact binary value."""
    if abs(value) >= _BEYOND_SENSE:
        return f"{value:.{digits}f}"
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
