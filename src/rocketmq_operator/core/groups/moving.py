"""A master on a cordoned node: `kubectl drain` is held up by the masters' budget, and the operator moves first.

Slave equal, master closed for writing and fenced, then the pod. With one open group only, closing would lengthen the outage
and spare no client a failed send, so it is skipped (ROCKETMQ.md §8).
"""

import msgspec

from .. import sizes
from ..facts import BrokerFact
from ..opening import FENCE
from ..plan import Action, Remove
from .closing import CLOSE, Circle, address_left, configure, elsewhere, rules
from .life import Life, Phase
from .step import Step
from .view import GroupView

LOOK_SECONDS = 2.0


def wanted(view: GroupView) -> bool:
    """Whether the master runs on a node that is being emptied."""
    return view.master is not None and view.master.node in view.snapshot.cordoned and not view.master.deleting


def begin(view: GroupView, circle: Circle, others_move: bool) -> Step | None:
    """Starts a move when every slave is there and equal, one group of the cluster at a time."""
    if not wanted(view):
        return None
    if view.cluster.spec.empty_dir:
        stays = "stays on its cordoned node: its messages lie in its pod (spec.emptyDir) and would go with it"
        return Step(view.life, doing=stays, again=30.0)
    waiting = "another group is on the move" if others_move else _unready(view, circle.now_ms)
    if waiting:
        return Step(view.life, doing=f"waits to leave its cordoned node: {waiting}", again=LOOK_SECONDS)
    moving = view.life.to(Phase.MOVING, circle.now_ms)
    assert view.master is not None
    return Step(msgspec.structs.replace(moving, reading=view.master.uid), doing="leaves its cordoned node", again=0.5)


def _unready(view: GroupView, now_ms: int) -> str:
    return changing(view) or unequal(view) or view.uncompared(now_ms)


def step(view: GroupView, circle: Circle) -> Step:
    """One step of a move; it ends when the pod is another one, or when the node takes pods again."""
    life, master, fact = view.life, view.master, view.fact
    if master is None or master.uid != life.reading or master.deleting:
        return _arrived(view, circle)
    if master.node not in view.snapshot.cordoned:
        return Step(_serving(life, circle), doing="stays: its node takes pods again", again=0.5)
    if view.started_closed(circle.now_ms):
        return Step(_serving(life, circle), doing="has started again, and opens before it moves", again=0.5)
    if fact is None:
        # Nothing to close in one that is down: it goes as it is. One lost answer says nothing: it may be serving.
        return Step(life, (_remove(view),) if view.down else (), "leaves its cordoned node", again=LOOK_SECONDS)
    return _close(view, circle, fact)


def _close(view: GroupView, circle: Circle, fact: BrokerFact) -> Step:
    """Closed for writing, fenced, equal to its slaves, and then gone."""
    life = view.life
    alone = not elsewhere(view, circle)
    if not alone and fact.permission != 4:
        closed = configure(view, "MasterClosed", f"closed the master of {view.name} before it moves", CLOSE)
        return Step(
            msgspec.structs.replace(life, since=circle.now_ms),
            (closed,),
            "is closed for writing before it moves",
            again=1.0,
        )
    left = (life.since - circle.now_ms) / 1000 + (0 if alone else rules(view).close_seconds)
    if left > 0:
        return Step(life, doing="is closed for writing before it moves", again=left)
    if not view.fenced():
        values = {**CLOSE, **FENCE}
        fenced = configure(view, "MasterFenced", f"fenced the master of {view.name} before it moves", values)
        return Step(life, (fenced,), "is fenced before it moves", again=0.5)
    waiting = changing(view) or unequal(view)
    if waiting:
        return Step(life, doing=f"is fenced before it moves: {waiting}", again=1.0)
    return Step(life, (_remove(view),), "leaves its cordoned node", again=LOOK_SECONDS)


def _arrived(view: GroupView, circle: Circle) -> Step:
    """The old pod is gone or going. The new one starts fenced, and opens by the rule for every master."""
    if view.master is None or view.master.deleting:
        return Step(view.life, doing="is on its way to another node", again=LOOK_SECONDS)
    left = address_left(view, circle)
    if left > 0:
        return Step(view.life, doing="waits until clients know its new address", again=min(left, 10.0))
    return Step(_serving(view.life, circle), doing="has left its cordoned node", again=0.5)


def _serving(life: Life, circle: Circle) -> Life:
    return life.to(Phase.SERVING, circle.now_ms)


def changing(view: GroupView) -> str:
    """Whether its members change: one of them at a time is away because of us."""
    decision = sizes.decide(view.snapshot, view.index)
    asked = sizes.group_of(view.snapshot, view.index).replicas
    if asked != decision.replicas or asked != len(view.pods) or any(pod.deleting for pod in view.pods):
        return "its members change"
    return ""


def unequal(view: GroupView) -> str:
    """What of the slaves is not as it must be before their master goes; empty if all is well."""
    fact = view.fact
    for pod in view.slaves:
        slave = view.snapshot.brokers.get(pod.name)
        if slave is None or not pod.ready:
            return f"{pod.name} is not ready"
        if fact is not None and view.fenced() and slave.max_offset != fact.max_offset:
            return f"{pod.name} has not copied everything yet"
        if fact is not None and slave.min_offset > fact.min_offset:
            return f"{pod.name} is no full copy yet"
    return ""


def _remove(view: GroupView) -> Action:
    assert view.master is not None
    message = f"moved {view.master.name} from cordoned node {view.master.node}"
    return Remove("MasterMoved", message, "Pod", view.master.name, view.master.uid)
