"""Misfortunes that come together, each aimed at one rule: by chance alone they would meet too rarely."""

from typing import TYPE_CHECKING, NamedTuple

from ..invariants import facts
from ..invariants.broker_writes import alike
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.broker_process import STORE_VOLUME
from ..world.store import Store
from ..world.volumes import Volume
from .event import Event
from .events_kubernetes import begin_drain, uncordon_later
from .events_volumes import full_slave

if TYPE_CHECKING:
    from .history import History

AWAY_SECONDS = 8.0
"""Somewhat longer than a slave takes to start."""


def serving(history: "History", slaves: int = 1) -> list[Broker]:
    """Masters that take messages, with so many slaves or more."""
    found = [each for each in history.world.rocketmq.brokers() if facts.accepts(each)]
    return [each for each in found if len(_slaves(history, each)) >= slaves]


class Files:
    """A slave's files, copied when they are needed: what it deletes until then, for its age, the copy does not hold either. Somebody has
    put aside what it held at first, and takes that where it is gone."""

    def __init__(self, slave: Volume) -> None:
        assert slave.store is not None
        self._slave, self._aside = slave, slave.store.clone()

    def copy(self) -> Store:
        """As a master gets them."""
        store = self._slave.store
        there = store is not None and not self._slave.gone and store.reaches(self._aside)
        return store.clone() if store is not None and there else self._aside


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


class Loss(NamedTuple):
    """So many messages are lost, so many are sent back until somebody sees to it. ``away``: a slave that goes when the master is back;
    the master gets its files ``later`` (seconds)."""

    lost: int
    returned: int
    away: str = ""
    later: float = 4.0


def lose_tail(history: "History", master: Broker, files: Files, loss: Loss) -> None:
    """A power failure. What the slave holds now is all that was ever acknowledged: the master takes nothing until it has it again."""
    name, volume = master.pod.name, master.pod.volumes[STORE_VOLUME]
    history.kernel.tell("a power failure takes the last messages of", name)
    history.world.kubelets.restart(master.pod)
    volume.loses, volume.returned = loss.lost, loss.returned
    # Meanwhile nobody loses another volume: two failures at once are more than a copy can stand.
    history.repairs[name] = lambda: not (volume.hurt or volume.loses)
    history.kernel.later(3.0, history.repair, name)
    history.kernel.later(1.0, _watch, history, master.pod.key, files, loss)


def _watch(history: "History", key: tuple[str, str], files: Files, loss: Loss) -> None:
    """Once the master is back and shorter, its operator has a moment to do the wrong thing."""
    if history.world.clients.stopped:
        return
    pod = history.world.kubelets.pods.get(key)
    process = pod.process if pod is not None else None
    if isinstance(process, Broker) and process.listening:
        if process.hurt:
            gone = history.world.kubelets.pods.get((NAMESPACE, loss.away))
            if gone is not None:
                history.world.kubelets.restart(gone)
            history.kernel.later(loss.later if gone is None else AWAY_SECONDS, _copy_back, history, key, files)
        return
    volume = pod.volumes.get(STORE_VOLUME) if pod is not None else None
    if volume is not None and volume.hurt:
        # It died once more: this is the moment to mend it.
        _give(history, volume, files)
        if isinstance(process, Broker) and volume.store is not None:
            process.store = volume.store
        return
    history.kernel.later(1.0, _watch, history, key, files, loss)


def _copy_back(history: "History", key: tuple[str, str], files: Files) -> None:
    pod = history.world.kubelets.pods.get(key)
    master = pod.process if pod is not None else None
    if pod is None or not isinstance(master, Broker) or not master.listening:
        history.kernel.later(1.0, _watch, history, key, files, Loss(0, 0))
    elif master.hurt:
        history.kernel.tell("somebody copies a slave's files to", pod.name)
        history.world.kubelets.restart(pod)
        _give(history, pod.volumes[STORE_VOLUME], files)


def _give(history: "History", volume: Volume, files: Files) -> None:
    """The master gets the files; and so does a slave that has copied from it what it had no business to hold."""
    given = files.copy()
    volume.store, volume.hurt = given, False
    workload = volume.name.removeprefix(f"{STORE_VOLUME}-").rpartition("-")[0]
    for pod in list(history.world.kubelets.pods.values()):
        slave = pod.volumes.get(STORE_VOLUME)
        if slave is None or slave is volume or pod.name.rpartition("-")[0] != workload or slave.store is None:
            continue
        if slave.store.end > given.end or not alike(slave.store, given):
            history.kernel.tell("somebody copies the same files to", pod.name)
            history.world.kubelets.restart(pod)
            slave.store = given.clone()


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
