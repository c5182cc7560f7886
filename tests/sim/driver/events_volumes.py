"""What happens to volumes: claims are deleted by mistake, and people copy a slave's files back in their place."""

from typing import TYPE_CHECKING

from rocketmq_operator.kube.resources import POD, PVC

from ..invariants import facts
from ..world import NAMESPACE
from ..world.broker import Broker
from ..world.broker_process import STORE_VOLUME
from ..world.store import Store
from ..world.volumes import Volume
from .event import Event

if TYPE_CHECKING:
    from .history import History


def lose(history: "History", pod: str) -> None:
    """A claim of a pod is deleted, and the pod, so that it goes."""
    history.kernel.tell("the volume of", pod, "is lost")
    history.world.volumes.taken.add(pod)
    for name in (STORE_VOLUME, "brokerlogs"):
        key = (NAMESPACE, f"{name}-{pod}")
        if history.world.api.find("persistentvolumeclaims", key):
            history.world.api.delete(PVC, key)
    if history.world.api.find("pods", (NAMESPACE, pod)):
        history.world.api.delete(POD, (NAMESPACE, pod))


def slave_emptied(history: "History") -> bool:
    """A slave's claim is deleted: it comes back empty, and copies only the last file of the log."""
    slaves = [each for each in history.world.rocketmq.brokers() if not each.is_master and each.master is not None]
    if not slaves:
        return False
    slave = history.random.choice(slaves)
    if not slave.master or not slave.master.listening or history.repairs:
        return False
    lose(history, slave.pod.name)
    return True


def master_emptied(history: "History") -> bool:
    """A master's claim is deleted while a slave holds everything; later somebody copies the slave's files back."""
    found = [each for each in history.world.rocketmq.brokers() if each.is_master and full_slave(history, each)]
    if not found or history.repairs:
        return False
    master = history.random.choice(found)
    slave = full_slave(history, master)
    if slave is None:
        return False
    # From here on the slave's copy is all there is: nobody writes any more, or it would not be equal.
    master.listening = False
    master.slaves.end()
    name, old = master.pod.name, master.pod.volumes[STORE_VOLUME]
    history.repairs[name] = lambda: _repair(history, name, old, slave)
    lose(history, name)
    history.kernel.later(history.random.uniform(30, 200), history.repair, name)
    return True


def full_slave(history: "History", master: Broker) -> Volume | None:
    """A slave that holds all that a serving master holds, of a group that was opened."""
    cluster, group, _ = master.pod.name.rsplit("-", 2)
    intent = history.world.api.find("configmaps", (NAMESPACE, f"{cluster}-broker-intent-{group}"))
    if not intent or intent["data"].get("initialized") != "true" or not facts.accepts(master):
        return None
    mine = master.store
    for member, volume in facts.volumes(history.world, cluster, int(group)).items():
        theirs = volume.store
        if member and theirs is not None and mine.records and _equal(mine, theirs) and stays(history, volume):
            return volume
    return None


def stays(history: "History", volume: Volume) -> bool:
    """Whether a volume does not go with its pod: a master's would then be the second loss, and its messages with nobody."""
    claim = history.world.api.find("persistentvolumeclaims", (NAMESPACE, volume.name))
    name, _, member = volume.name.removeprefix(f"{STORE_VOLUME}-").rpartition("-")
    workload = history.world.api.find("statefulsets", (NAMESPACE, name))
    if claim is None or claim["metadata"].get("deletionTimestamp"):
        return False
    # One that retires may take its claim with it.
    retires = any(each["kind"] == "Pod" for each in claim["metadata"].get("ownerReferences", ()))
    return not retires and (workload is None or int(member) < workload["spec"]["replicas"])


def _equal(mine: Store, theirs: Store) -> bool:
    """The same log, and the same topics and groups (which a slave takes over only each 10 s)."""
    same = (mine.base, mine.end, mine.tables) == (theirs.base, theirs.end, theirs.tables)
    return same and theirs.reaches(mine)


def _holds(copy: Store | None, lost: Store) -> bool:
    return copy is not None and copy.reaches(lost) and (copy.base <= lost.base or copy is lost)


def _repair(history: "History", name: str, old: Volume, slave: Volume) -> bool:
    """Copy a slave's files; False while there is no volume to copy them to. Any slave will do that holds as much as the one that
    held everything when the master's volume was lost: nothing has come in since. But one that has what consumers committed is better: a
    slave that was copied a moment ago has not asked its master for that yet, and consumers would begin at the end."""
    cluster, group, member = name.rsplit("-", 2)
    volumes = facts.volumes(history.world, cluster, int(group))
    volume, pod = volumes.get(int(member)), history.world.kubelets.pods.get((NAMESPACE, name))
    if volume is None or volume is old or pod is None or (isinstance(pod.process, Broker) and pod.process.config):
        return False
    lost = slave.store
    found = [each for each in volumes.values() if each is not volume and lost and _holds(each.store, lost)]
    source = max(found, key=lambda each: len(each.store.offsets) if each.store else 0, default=None)
    if source is None or source.store is None:
        return False
    volume.store = source.store.clone()
    volume.stamp = (*source.stamp[:2], member, *source.stamp[3:])
    history.kernel.tell("somebody copies a slave's files to", name)
    return True


EVENTS = (
    Event("slave-volume-lost", 0.5, slave_emptied),
    Event("master-volume-lost", 0.5, master_emptied),
)
