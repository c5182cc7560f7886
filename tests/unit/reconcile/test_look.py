"""In which order brokers are asked: what a plan reads out of two offsets depends on it."""

from typing import Any, cast

from rocketmq_operator.admin import Admin, Unreachable
from rocketmq_operator.core.facts import PodFact
from rocketmq_operator.reconcile import look
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo, read_runtime

CONFIG = {
    "brokerClusterName": "c",
    "brokerName": "broker-0",
    "brokerId": "0",
    "inSyncReplicas": "2",
    "fileReservedTime": "48",
}


class Streaming:
    """Brokers into which messages stream: each answer ends further on, and slaves hold all at once."""

    def __init__(self, *silent: str) -> None:
        self.end = 100
        self.silent = silent
        self.asked: list[str] = []

    async def broker_config(self, address: str) -> dict[str, str]:
        self._answer(address)
        return CONFIG

    async def runtime(self, address: str) -> RuntimeInfo:
        self._answer(address)
        self.asked.append(address.partition(":")[0])
        self.end += 10
        numbers = {
            "commitLogMinOffset": 0,
            "commitLogMaxOffset": self.end,
            "bootTimestamp": 7,
            "dispatchBehindBytes": 3,
        }
        rest = {
            "commitLogDiskRatio": 0,
            "earliestMessageTimeStamp": 0,
            "msgPutTotalTodayNow": 0,
            "msgGetTotalTodayNow": 0,
        }
        return read_runtime({key: str(value) for key, value in {**numbers, **rest}.items()})

    def _answer(self, address: str) -> None:
        if address.partition(":")[0] in self.silent:
            self.asked.append(address.partition(":")[0])
            raise Unreachable(address, "any", "no answer in time")


def pod(member: int, group: int = 0) -> PodFact:
    return PodFact(f"c-{group}-{member}", "uid", member, group, ip=f"{group}.{member}", container="run")


async def looked(brokers: Streaming, *pods: PodFact) -> Any:
    return await look.brokers(cast(Admin, brokers), pods)


async def test_a_slave_that_keeps_up_is_neither_ahead_of_its_master_nor_behind() -> None:
    brokers = Streaming()
    found = await looked(brokers, pod(0), pod(1), pod(2))
    master = found["c-0-0"]
    for slave in (found["c-0-1"], found["c-0-2"]):
        assert master.held_before <= slave.max_offset <= master.max_offset
    assert brokers.asked == ["0.0", "0.1", "0.2", "0.0"]


async def test_a_master_without_slaves_is_asked_once() -> None:
    brokers = Streaming()
    found = await looked(brokers, pod(0), pod(0, 1))
    assert brokers.asked == ["0.0", "1.0"]
    assert found["c-0-0"].held_before == found["c-0-0"].max_offset


async def test_a_master_that_hangs_is_waited_for_once() -> None:
    brokers = Streaming("0.0")
    found = await looked(brokers, pod(0), pod(1), pod(0, 1))
    assert sorted(found) == ["c-0-1", "c-1-0"]
    assert brokers.asked.count("0.0") == 1


async def test_what_rules_need_is_read() -> None:
    fact = (await looked(Streaming(), pod(0)))["c-0-0"]
    assert (fact.boot, fact.in_sync, fact.dispatch_behind, fact.file_reserved) == (7, 2, 3, 48)
