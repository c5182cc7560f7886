"""Reply 28: a broker's state in numbers. RocketMQ sends a table of strings; what we rely on is read here, once."""

import math
import re

import msgspec

from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.versions import version_ordinal

_DELAY_LEVEL = re.compile(r"scheduleMessageOffset_(\d+)")


class DelayLevel(msgspec.Struct, frozen=True):
    """One delay level: delivered up to `current` of `maximum`. Equal means nothing waits."""

    current: int
    maximum: int


class RuntimeInfo(msgspec.Struct, frozen=True):
    """A broker's runtime.

    Offsets are bytes in the commit log, times milliseconds since 1970, rates messages a second over the last 10 s.
    `commit_log_disk_ratio` is the fullest log disk's, 0 to 1. `broker_active` and the `timer` values do not exist
    before 5.0: None. `version_ordinal` is -1 where the broker's name for it is unknown. `table` is the whole reply.
    """

    table: dict[str, str]
    version_ordinal: int
    version_name: str
    boot_timestamp: int
    put_tps: float
    get_transferred_tps: float
    msg_put_total_today_now: int
    msg_get_total_today_now: int
    commit_log_min_offset: int
    commit_log_max_offset: int
    dispatch_behind_bytes: int
    commit_log_disk_ratio: float
    earliest_message_timestamp: int
    broker_active: bool | None
    delay_levels: dict[int, DelayLevel]


def read_runtime(table: dict[str, str]) -> RuntimeInfo:
    """The typed view of a table; BodyError where a value that every version sends is missing or no number."""
    active = table.get("brokerActive")
    version = table.get("brokerVersionDesc", "")
    return RuntimeInfo(
        table=table,
        version_ordinal=_ordinal(version),
        version_name=version,
        boot_timestamp=_integer(table, "bootTimestamp"),
        put_tps=first_rate(table, "putTps"),
        get_transferred_tps=_transferred(table),
        msg_put_total_today_now=_integer(table, "msgPutTotalTodayNow"),
        msg_get_total_today_now=_integer(table, "msgGetTotalTodayNow"),
        commit_log_min_offset=_integer(table, "commitLogMinOffset"),
        commit_log_max_offset=_integer(table, "commitLogMaxOffset"),
        dispatch_behind_bytes=_integer(table, "dispatchBehindBytes"),
        commit_log_disk_ratio=_number(table, "commitLogDiskRatio"),
        earliest_message_timestamp=_integer(table, "earliestMessageTimeStamp"),
        broker_active=None if active is None else active == "true",
        delay_levels=_delay_levels(table),
    )


def _ordinal(name: str) -> int:
    try:
        return version_ordinal(name)
    except ValueError:
        return -1


def first_rate(table: dict[str, str], key: str) -> float:
    """The first of "a b c": averages over 10 s, 1 min, 10 min. 0 where nothing was measured yet."""
    words = table.get(key, "").split()
    return _finite(key, words[0]) if words else 0.0


def _transferred(table: dict[str, str]) -> float:
    # 4.x misspells the key.
    return first_rate(table, "getTransferredTps" if "getTransferredTps" in table else "getTransferedTps")


def _integer(table: dict[str, str], key: str) -> int:
    try:
        return int(table[key])
    except (KeyError, ValueError):
        raise BodyError(f"runtime: {key} is missing or no whole number") from None


def _number(table: dict[str, str], key: str) -> float:
    return _finite(key, table.get(key, ""))


def _finite(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BodyError(f"runtime: {key} is missing or no number")
    return value


def _delay_levels(table: dict[str, str]) -> dict[int, DelayLevel]:
    levels = {}
    for key, value in table.items():
        if match := _DELAY_LEVEL.fullmatch(key):
            current, _, maximum = value.partition(",")
            try:
                levels[int(match[1])] = DelayLevel(int(current), int(maximum))
            except ValueError:
                raise BodyError(f"runtime: {key} is no pair of offsets") from None
    return levels
