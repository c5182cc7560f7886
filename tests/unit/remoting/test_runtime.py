"""A broker's runtime, typed."""

import pytest

from rocketmq_operator.remoting.bodies.runtime import DelayLevel, read_runtime
from rocketmq_operator.remoting.errors import BodyError

TABLE = {
    "brokerVersionDesc": "V5_4_0",
    "bootTimestamp": "1795465806919",
    "putTps": "1.5 2.0 3.0",
    "getTransferredTps": "0.25 0.0 0.0",
    "msgPutTotalTodayNow": "7",
    "msgGetTotalTodayNow": "6",
    "commitLogMinOffset": "0",
    "commitLogMaxOffset": "244",
    "dispatchBehindBytes": "0",
    "commitLogDiskRatio": "0.4",
    "earliestMessageTimeStamp": "1795467330957",
    "brokerActive": "true",
    "scheduleMessageOffset_18": "1,2",
}


def test_of_5_x() -> None:
    runtime = read_runtime(TABLE)
    assert (runtime.version_ordinal, runtime.version_name) == (493, "V5_4_0")
    assert (runtime.put_tps, runtime.get_transferred_tps) == (1.5, 0.25)
    assert (runtime.commit_log_min_offset, runtime.commit_log_max_offset) == (0, 244)
    assert runtime.delay_levels == {18: DelayLevel(1, 2)}
    assert runtime.broker_active is True


def test_of_4_9() -> None:
    table = {key: value for key, value in TABLE.items() if key not in ("brokerActive", "getTransferredTps")}
    runtime = read_runtime(table | {"brokerVersionDesc": "V4_9_8", "getTransferedTps": "9.0 1.0 1.0"})
    assert runtime.broker_active is None
    assert runtime.get_transferred_tps == 9.0
    assert runtime.version_ordinal == 409


def test_an_unknown_version_is_no_fault() -> None:
    assert read_runtime(TABLE | {"brokerVersionDesc": "HIGHER_VERSION"}).version_ordinal == -1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("commitLogMaxOffset", None),
        ("commitLogMaxOffset", "x"),
        ("commitLogDiskRatio", "nan"),
        ("putTps", "fast"),
        ("scheduleMessageOffset_18", "1"),
    ],
)
def test_what_cannot_be_read_is_said(key: str, value: str | None) -> None:
    table = {name: text for name, text in (TABLE | {key: value}).items() if text is not None}
    with pytest.raises(BodyError, match=key):
        read_runtime(table)
