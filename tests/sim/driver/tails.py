"""A power failure takes the end of a master's log, and somebody copies a slave's files in its place."""

from typing import TYPE_CHECKING, NamedTuple

from ..invariants.broker_writes import alike
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.broker_process import STORE_VOLUME
from ..world.store import Store
from ..world.volumes import Volume

if TYPE_CHECKING:
    from .history import History

AWAY_SECONDS = 8.0
"""Somewhat longer than a slave takes to start."""


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
