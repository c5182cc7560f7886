"""Who else of its group must still be there when a member is taken, whichever rule takes it: asked of the API server right before.

A look may take seconds, and who was ready when it began may be evicted until its plan is carried out: the budget counts whom that plan
takes as healthy until then. Or it may have died, and a master that comes back may lack what only the slave holds that was to be removed; it
answered then, though it need not have been ready. And the one that is taken must be as it was, too: one that did not run may serve by now,
opened by another operator (all found by the simulator).
"""

from collections.abc import Iterable

import msgspec

from .facts import ClusterSnapshot, PodFact
from .plan import Action, Beside, Rebuild, Remove, Resize, SetPartition
from .rollout.template import HELD_PARTITION


def asked(snapshot: ClusterSnapshot, actions: Iterable[Action]) -> list[Action]:
    """The same actions; each that takes a member, only while those beside it run as they did that were ready or answered, and it as well."""
    return [_asked(snapshot, action) for action in actions]


def _asked(snapshot: ClusterSnapshot, action: Action) -> Action:
    if not isinstance(action, Remove | Rebuild | Resize | SetPartition):
        return action
    taken, members = _takes(snapshot, action)
    there = (pod for pod in members if not pod.deleting and (pod.name == taken or _counts(snapshot, pod)))
    return msgspec.structs.replace(action, beside=tuple(Beside(pod.name, pod.uid, pod.container) for pod in there))


def _counts(snapshot: ClusterSnapshot, pod: PodFact) -> bool:
    """Whether a decision may rest on a pod: on its being there, or on what the process in it says."""
    return pod.ready or pod.name in snapshot.brokers


def _takes(snapshot: ClusterSnapshot, action: Action) -> tuple[str, Iterable[PodFact]]:
    """The pod that an action takes, and the group on which that rests; nobody where it takes none. Who is taken is asked for as well: a
    StatefulSet's controller takes whoever has that name by then."""
    match action:
        case Remove(kind="Pod", name=name) | Rebuild(pod=name):
            return name, _members(snapshot, name.rpartition("-")[0])
        case Resize(name=name, replicas=replicas) if replicas < snapshot.objects["StatefulSet", name].replicas:
            return "", (pod for pod in _members(snapshot, name) if pod.member < replicas)
        case SetPartition(name=name, partition=partition) if partition < HELD_PARTITION:
            return f"{name}-{partition}", _members(snapshot, name)
    return "", ()


def _members(snapshot: ClusterSnapshot, workload: str) -> Iterable[PodFact]:
    return (pod for pod in snapshot.pods if pod.name.rpartition("-")[0] == workload)
