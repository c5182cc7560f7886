"""Rules about what must last, or must not: what a joined group was given is still there when it opens; no group stays closed, or fails
with an image that nobody wants any more; no broker stays without a name."""

from collections.abc import Callable, Iterator
from typing import Any

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAMESPACE, World
from ..world.store import RETRY, Store
from . import facts
from .broker_writes import opens
from .copies import conflicts
from .leaving import NOTICED_SECONDS

STUCK_SECONDS = 240.0
"""Longer than clients, slaves that begin anew and an operator that is elected take together."""
Key = tuple[str, ...]


class Given:
    """``given`` is what each master held in first offsets when its group was to open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._given: dict[str, tuple[Store, set[tuple[str, str, int]]]] = {}
        world.api.listen("configmaps", self._changed)

    def _changed(self, key: tuple[str, str], old: Any, new: Any) -> None:
        cluster, found, group = key[1].partition("-broker-intent-")
        if not found or old is None or new is None:
            return
        if (old["data"].get("phase"), new["data"].get("phase")) == ("Joining", "Opening"):
            store = facts.stores(self._world, cluster, int(group)).get(0)
            if store is not None:
                # Of its own retry topic nobody skips anything: clients begin there at 0 (RebalancePushImpl.computePullFromWhere).
                given = {each for each in store.offsets if not each[1].startswith(RETRY)}
                self._given[names.broker_pod(cluster, int(group), 0)] = store, given

    def broker_write(self, operation: str, address: str, what: Any) -> str | None:
        """A master that died in between and had not written to its disk what it was given would let readers skip messages."""
        broker = self._world.rocketmq.broker_at(address) if operation == "update_broker_config" else None
        if broker is None or not broker.is_master or not opens(broker, what):
            return None
        store, given = self._given.pop(broker.pod.name, (None, set()))
        lost = sorted(given - broker.store.offsets.keys()) if store is broker.store else []
        return f"{broker.pod.name} opens and has forgotten {lost[0]}" if lost else None


class Wanted:
    """``since`` when a cluster is to have so many groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[tuple[str, str], float] = {}
        world.api.listen(CLUSTERS.plural, self._changed)

    def _changed(self, key: tuple[str, str], old: Any, new: Any) -> None:
        if old is None or new is None or old["spec"]["groupReplica"] != new["spec"]["groupReplica"]:
            self._since[key] = self._world.kernel.now()

    def object_write(self, verb: str, plural: str, key: tuple[str, str], body: Any) -> str | None:
        """A group that is not wanted any more and was never open goes as it is: it would take messages that nobody needs there."""
        name, found, group = key[1].partition("-broker-intent-")
        cluster = facts.cluster(self._world, (key[0], name)) if found and verb == "apply" else None
        there = self._world.api.find(plural, key)
        if there is None or conflicts(there, body):
            return None
        if cluster is None or body["data"].get("initialized") != "true" or int(group) < cluster["spec"]["groupReplica"]:
            return None
        late = self._since.get((key[0], name), 0.0) > self._world.kernel.now() - NOTICED_SECONDS
        opened = not facts.never_open(self._world, key[0], (name, int(group)))
        return None if late or opened else f"broker-{group} is to be opened, and nobody wants it"


class Lasting:
    """``since`` when something is as it must not stay, though an operator runs that may act."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[tuple[str, Key], float] = {}

    def look(self, operators: int) -> Iterator[tuple[str, str]]:
        """The rules, and what has lasted too long of each."""
        now, found = self._world.kernel.now(), dict[tuple[str, Key], str]()
        if operators and not any(map(_held, facts.clusters(self._world))):
            found = {(name, key): words for name, look in LASTING for key, words in look(self._world)}
        self._since = {key: self._since.get(key, now) for key in found}
        late = {key[0]: found[key] for key, since in self._since.items() if now - since > STUCK_SECONDS}
        yield from ((name, late.get(name, "")) for name, _ in LASTING)


def _held(cluster: dict[str, Any]) -> bool:
    notes = cluster["metadata"].get("annotations", {})
    told = (notes.get(names.ROLLOUT_PAUSED), notes.get(names.RUN_REVISION))
    return bool(cluster["spec"].get("paused") or any(told))


def closed(world: World) -> Iterator[tuple[Key, str]]:
    """Groups that are closed for a rollout, by the same containers, while nothing is wrong anywhere. Those of a cluster that is deleted stay
    as they are while its deletion is held: nobody rolls anything out any more, and what they hold can be read."""
    pods = world.kubelets.pods.values()
    deleted = {each["metadata"]["name"] for each in facts.clusters(world) if each["metadata"].get("deletionTimestamp")}
    for master in world.rocketmq.brokers() if _all_well(world) else ():
        group = facts.group_of(master.pod.obj or {"metadata": {}})
        opened = master.permission & 2 and facts.accepts(master)
        if not master.is_master or group is None or opened or group[0] in deleted:
            continue
        if facts.phase(world, NAMESPACE, *group) == "Restarting":
            mine = (each.container for each in pods if each.name.rpartition("-")[0] == names.workload(*group))
            yield tuple(sorted(mine)), f"{master.name} has been closed for a rollout for long, and nothing happens"


def outdated(world: World) -> Iterator[tuple[Key, str]]:
    """Members of groups that were never open, and masters of clusters whose deletion is held, with an image that cannot be had and
    that nobody wants any more."""
    wanted = {each["metadata"]["name"]: each for each in facts.clusters(world)}
    failing = [each for each in world.kubelets.pods.values() if each.waiting[0] == "ErrImagePull"]
    for pod in failing:
        group = facts.group_of(pod.obj or {"metadata": {}})
        cluster = wanted.get(group[0]) if group else None
        if group is None or cluster is None or group[1] >= cluster["spec"]["groupReplica"]:
            continue
        spec, held = cluster["spec"], cluster["metadata"].get("deletionTimestamp")
        mended = pod.name.endswith("-0") if held else facts.never_open(world, NAMESPACE, group)
        halted = any(each.image == spec["brokerImage"] for each in failing)
        if not halted and pod.image != spec["brokerImage"] and mended:
            yield (pod.uid,), f"{pod.name} still waits for {pod.image}, and nobody wants that"


def nameless(world: World) -> Iterator[tuple[Key, str]]:
    """Brokers that serve under a name that leads nowhere."""
    known = {each["metadata"]["name"] for each in facts.clusters(world)}
    for broker in world.rocketmq.brokers():
        host = broker.config["brokerIP1"]
        if broker.pod.reachable and broker.pod.name.rsplit("-", 2)[0] in known and not world.rocketmq.resolve(host):
            yield (broker.pod.container,), f"{broker.pod.name} serves, and its name {host} leads nowhere"


def left_behind(world: World) -> Iterator[tuple[Key, str]]:
    """Slaves of groups that serve which can never go on, since their masters have deleted what they need next."""
    for slave in world.rocketmq.brokers() if _all_well(world) else ():
        group, master = facts.group_of(slave.pod.obj or {"metadata": {}}), slave.master
        if master is None or group is None or facts.phase(world, NAMESPACE, *group) or not master.slaves.has(slave):
            continue
        if slave.lagging_until < world.kernel.now() and slave.store.end < master.store.base:
            yield (slave.pod.container,), f"{slave.pod.name} can never go on, and nobody begins it anew"


def _kept(world: World) -> list[dict[str, Any]]:
    """Clusters that are not to go: of those that are and are held nothing changes any more."""
    return [each for each in facts.clusters(world) if not each["metadata"].get("deletionTimestamp")]


def _all_well(world: World) -> bool:
    pods = world.kubelets.pods.values()
    return bool(_kept(world)) and all(each.reachable and each.process and each.process.listening for each in pods)


LASTING: tuple[tuple[str, Callable[[World], Iterator[tuple[Key, str]]]], ...] = (
    ("closed-groups-go-on", closed),
    ("starts-with-what-is-wanted", outdated),
    ("brokers-are-found", nameless),
    ("slaves-go-on", left_behind),
)
