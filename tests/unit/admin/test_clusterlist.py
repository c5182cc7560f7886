"""mqadmin's table, without servers."""

import pytest

from rocketmq_operator.admin.clusterlist import ClusterRow, Load, format_table, rows
from rocketmq_operator.remoting.bodies.routing import BrokerEntry, ClusterInfo
from rocketmq_operator.remoting.bodies.runtime import read_runtime

from ..remoting.test_runtime import TABLE

LOADS = {
    "sendThreadPoolQueueSize": "1",
    "sendThreadPoolQueueHeadWaitTimeMills": "2",
    "pullThreadPoolQueueSize": "3",
    "pullThreadPoolQueueHeadWaitTimeMills": "4",
    "ackThreadPoolQueueSize": "5",
    "ackThreadPoolQueueHeadWaitTimeMills": "6",
    "pageCacheLockTimeMills": "7",
    "timerReadBehind": "8",
    "timerOffsetBehind": "9",
    "timerCongestNum": "15000",
    "timerEnqueueTps": "0.25",
    "timerDequeueTps": "2.0",
}
NOW = int(TABLE["earliestMessageTimeStamp"]) + 5_400_000
INFO = ClusterInfo(
    {"b-1": BrokerEntry("b-1", "c", {1: "h:2", 0: "h:1"}), "b-0": BrokerEntry("b-0", "c", {0: "h:0"})},
    {"c": frozenset({"b-0", "b-1", "gone"})},
)

# Printed by mqadmin 5.4.0 against a broker without messages.
HEADER = (
    "#Cluster Name           #Broker Name            #BID  #Addr                  #Version              #InTPS(LOAD)"
    "                   #OutTPS(LOAD)  #Timer(Progress)        #PCWait(ms)  #Hour         #SPACE    #ACTIVATED"
)
ROW = (
    "DefaultCluster          broker-0                0     127.0.0.1:21911        V5_4_0                 0.00(0,0ms)"
    "               0.00(0,0ms|0,0ms)  1-0(0.0w, 0.0, 0.0)               0  498740.51     0.2400          true"
)


def test_the_very_lines_that_mqadmin_printed() -> None:
    row = ClusterRow(
        "DefaultCluster", "broker-0", 0, "127.0.0.1:21911", "V5_4_0", send=Load("0", "0"), pull=Load("0", "0"),
        ack=Load("0", "0"), timer_read_behind=1, page_cache_wait_ms="0", hours=498740.51, space=0.24, active=True,
    )  # fmt: skip
    assert format_table([row]) == f"{HEADER}\n{ROW}\n"


def test_every_column_comes_from_its_place() -> None:
    runtime = read_runtime(TABLE | LOADS)
    row = rows(INFO, {"h:0": runtime}, NOW)[0]
    assert row.columns() == (
        "c", "b-0", "0", "h:0", "V5_4_0", "     1.50(1,2ms)", "     0.25(3,4ms|5,6ms)", "8-9(1.5w, 0.3, 2.0)",
        "7", "1.50", "0.4000", "true",
    )  # fmt: skip


def test_sorted_and_complete() -> None:
    table = rows(INFO, {}, NOW)
    assert [(row.broker, row.broker_id) for row in table] == [("b-0", 0), ("b-1", 0), ("b-1", 1)]


def test_one_who_did_not_answer_is_a_row_of_blanks() -> None:
    row = rows(INFO, {"h:0": None}, NOW)[0]
    assert row.columns()[4:] == (
        "", "     0.00(,ms)", "     0.00(,ms|,ms)", "0-0(0.0w, 0.0, 0.0)", "", "0.00", "0.0000", "false",
    )  # fmt: skip


def test_a_broker_of_4_9() -> None:
    old = {key: value for key, value in LOADS.items() if not key.startswith(("ack", "timer"))}
    table = {key: value for key, value in (TABLE | old).items() if key != "brokerActive"}
    columns = rows(INFO, {"h:0": read_runtime(table)}, NOW)[0].columns()
    assert columns[6] == "     0.25(3,4ms|N,Nms)"
    assert columns[7] == "0-0(0.0w, 0.0, 0.0)"
    assert columns[11] == "false"


@pytest.mark.parametrize(("value", "text"), [(0.125, "0.13"), (0.135, "0.14"), (1.005, "1.01"), (2.5, "2.50")])
def test_halves_go_up_as_in_java(value: float, text: str) -> None:
    assert ClusterRow("c", "b", 0, "h:0", hours=value).columns()[9] == text


def test_absurd_numbers_do_not_break_the_table() -> None:
    wild = {"timerCongestNum": "1e300", "timerEnqueueTps": "inf", "timerReadBehind": "nan", "timerOffsetBehind": "x"}
    runtime = read_runtime(TABLE | LOADS | wild | {"putTps": "1e300", "commitLogDiskRatio": "-1"})
    assert "0-0(0.0w, 0.0, 2.0)" in format_table(rows(INFO, {"h:0": runtime}, NOW))
