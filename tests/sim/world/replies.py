"""What simulated brokers answer, in the Admin client's own types."""

from typing import Any

from rocketmq_operator.admin.errors import Refused
from rocketmq_operator.remoting.bodies.consumption import (
    MessageQueue,
    QueueProgress,
    QueueRange,
)
from rocketmq_operator.remoting.bodies.metadata import DataVersion
from rocketmq_operator.remoting.bodies.replication import HaClient, HaSlave, HaStatus
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo, read_runtime

from . import internal
from .broker import Broker


def version(broker: Broker) -> DataVersion:
    return DataVersion(counter=broker.store.tables, timestamp=broker.store.tables)


def runtime(broker: Broker) -> RuntimeInfo:
    state = (broker.store.version, broker.store.base, broker.store.end)
    if broker.said is None or broker.said[0] != state:
        broker.said = (state, _runtime(broker))
    return broker.said[1]


def _runtime(broker: Broker) -> RuntimeInfo:
    store = broker.store
    table = {
        "brokerVersionDesc": "V" + broker.version.replace(".", "_"),
        "bootTimestamp": str(broker.boot_ms),
        "msgPutTotalTodayNow": str(store.end),
        "msgGetTotalTodayNow": "0",
        "commitLogMinOffset": str(store.min_offset),
        "commitLogMaxOffset": str(store.max_offset),
        "dispatchBehindBytes": "0",
        "commitLogDiskRatio": "0.1",
        "earliestMessageTimeStamp": "0",
        "brokerActive": "true",
    }
    for level, (current, most) in internal.delays(broker).items():
        table[f"scheduleMessageOffset_{level}"] = f"{current},{most}"
    return read_runtime(table)


def ha_status(broker: Broker) -> HaStatus:
    if broker.is_master:
        slaves = [
            HaSlave(each.address, each.store.max_offset, broker.store.max_offset - each.store.max_offset, True)
            for each in broker.slaves.joined
            if broker.slaves.has(each)
        ]
        return HaStatus(True, broker.store.max_offset, len(slaves), slaves)
    master = broker.master.address if broker.master else None
    return HaStatus(False, client=HaClient(master, broker.store.max_offset))


def ranges(broker: Broker, topic: str) -> dict[MessageQueue, QueueRange]:
    config = broker.store.topics.get(topic)
    if config is None:
        raise Refused(broker.address, "topic_stats", 17, f"topic {topic} not exist")
    found = {}
    for queue in range(max(config.read_queues, config.write_queues)):
        least, most = broker.store.queues.get((topic, queue), (0, 0))
        held = broker.store.lists.get((topic, queue))
        found[MessageQueue(broker.name, queue, topic)] = QueueRange(least, most, held[-1].stored_ms if held else 0)
    return found


def progress(broker: Broker, group: str, topic: str | None) -> dict[MessageQueue, QueueProgress]:
    """Only queues with a committed offset, as the real ones (208, 317) show them."""
    return {
        MessageQueue(broker.name, queue, name): QueueProgress(
            broker.store.queues.get((name, queue), (0, 0))[1], offset, offset
        )
        for (who, name, queue), offset in broker.store.offsets.items()
        if who == group and topic in (None, name)
    }


def access(broker: Broker, address: str, table: dict[str, Any]) -> list[Any]:
    if broker.config.get("authenticationEnabled") != "true":
        raise Refused(address, "access", 1, "authentication is off")
    return list(table.values())
