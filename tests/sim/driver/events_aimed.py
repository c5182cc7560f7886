"""Misfortunes that come together, each aimed at one rule: by chance alone they would meet too rarely."""

from typing import TYPE_CHECKING

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.broker_process import STORE_VOLUME
from .event import Event
from .events_kubernetes import begin_drain, uncordon_later
from .events_volumes import full_slave
from .tails import Files, Loss, lose_tail

if TYPE_CHECKING:
    from .history import History


def serving(history: "History", slaves: int = 1) -> list[Broker]:
    """Masters that take messages, with so many slaves or more."""
    found = [each for each in history.world.rocketmq.brokers() if facts.accepts(each)]
    return [each for each in found if len(_slaves(history, each)) >= slaves]


def tail_lost(history: "History") -> bool:
    """A power failure costs a master what was not on its disk yet, while a slave has it. It comes back behind its slave, and
    must stay closed until somebody has copied the slave's files, also if it has grown over what it lost by then. Perhaps the slave is away
    just then, and cannot say so."""
    found = [each for each in serving(history) if len(each.store.records) > 1 and full_slave(history, each)]
    if not found or history.repairs:
        return False
    master = history.random.choice(found)
    slave = full_slave(history, master)
    pod = slave and history.world.api.find("pods", (NAMESPACE, slave.name.removeprefix(f"{STORE_VOLUME}-")))
    if slave is None or slave.store is None or not pod or pod["metadata"].get("deletionTimestamp"):
        return False
    loses = history.random.randint(1, min(3, len(master.store.records) - 1))
    returned = history.random.choice((0, 0, loses, loses + 1))
    away = slave.name.removeprefix(f"{STORE_VOLUME}-") if history.random.random() < 0.5 else ""
    lose_tail(history, master, Files(slave), Loss(loses, returned, away))
    return True


def lagging_move(history: "History") -> bool:
    """A master's node is emptied while its slaves lag."""
    found = [each for each in serving(history) if not history.world.nodes.cordoned(_node(each))]
    if not found:
        return False
    master = history.random.choice(found)
    _lag(history, master, history.random.uniform(60, 120))
    begin_drain(history, _node(master))
    uncordon_later(history, _node(master), 150)
    return True


def _node(broker: Broker) -> str:
    return broker.pod.node.name if broker.pod.node is not None else ""


def _slaves(history: "History", master: Broker) -> list[Broker]:
    group = master.pod.name.rpartition("-")[0]
    found = history.world.rocketmq.brokers()
    return [each for each in found if not each.is_master and each.pod.name.rpartition("-")[0] == group]


def _lag(history: "History", master: Broker, seconds: float) -> None:
    for slave in _slaves(history, master):
        slave.lagging_until = history.kernel.now() + seconds
    history.kernel.tell("the slaves of", master.name, f"lag for {seconds:.0f} s")


def left_behind(history: "History") -> bool:
    """All slaves of a group lag until their master has deleted what they need next."""
    found = serving(history, slaves=2)
    if not found:
        return False
    master, seconds = history.random.choice(found), history.random.uniform(60, 120)
    _lag(history, master, seconds)
    for after in range(10, int(seconds), 10):
        history.kernel.later(after, lambda: master.listening and history.world.rocketmq.expire(master))
    return True


def two_drained(history: "History") -> bool:
    """Two nodes are drained at once, each with a slave of the same group."""
    for master in serving(history, slaves=2):
        nodes = sorted({_node(each) for each in _slaves(history, master)} - {""})
        if len(nodes) > 1 and not any(history.world.nodes.cordoned(each) for each in nodes):
            for node in nodes[:2]:
                begin_drain(history, node)
                uncordon_later(history, node, 60)
            return True
    return False


EVENTS = (
    Event("master-loses-its-tail", 3.0, tail_lost),
    Event("drained-while-slaves-lag", 2.5, lagging_move),
    Event("slaves-left-behind", 1.0, left_behind),
    Event("two-nodes-drained", 1.5, two_drained),
)
