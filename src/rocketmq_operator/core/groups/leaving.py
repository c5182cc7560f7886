"""How a group goes: closed in the order in which clients can follow, fenced, drained, and only then removed.

``brokerPermission=4`` alone fences nothing: clients with an old route go on sending and get SEND_OK (run on 5.4.0). And order
topics must be taken out of the routes before it, since their sends are not tried elsewhere. Hence four steps, ROCKETMQ.md §8.
"""

import msgspec

from ..plan import PutOrders
from . import draining, order
from .closing import CLOSE, LOOK_SECONDS, Circle, clients_left, configure, hidden, kept, lives_here_alone, told, untold
from .life import DRAINED, FORCED, Life, Phase
from .step import Step
from .view import GroupView


def step(view: GroupView, circle: Circle) -> Step:
    """One step of a group that the spec no longer asks for."""
    life = view.life
    match life.phase:
        case Phase.LEFT:
            # Its workload came late: it goes before the group may begin another life.
            return draining.remove(view, f"removed {view.name}, which had left")
        case Phase.REMOVING if not view.exists:
            return _gone(view, circle)
        case _ if not life.initialized:
            return _never_opened(view, circle)
        case Phase.CLOSING_ORDER:
            return _closing_order(view, circle)
        case Phase.CLOSING:
            return _closing(view, circle)
        case Phase.FENCED | Phase.DRAINED | Phase.REMOVING:
            return draining.step(view, circle)
        case _:
            return _begin(view, circle)


def _begin(view: GroupView, circle: Circle) -> Step:
    """Closes only when the others can take over: open, and with everything that lives on this group alone."""
    life = view.life
    if not circle.staying:
        return Step(life, doing="waits: no group that stays is open yet", again=LOOK_SECONDS)
    if view.down:
        # If it comes back it finds in its intent that it is closed and fenced; there are no clients to wait for.
        return Step(life.to(Phase.FENCED, circle.now_ms), doing="leaves while its master is down", again=1.0)
    alone = lives_here_alone(view, circle)
    if alone:
        return Step(life, doing=alone, again=LOOK_SECONDS if view.data is None else 1.0)
    first = Phase.CLOSING_ORDER if _order_topics(view) else Phase.CLOSING
    return Step(life.to(first, circle.now_ms), doing="is being closed for writing", again=1.0)


def _order_topics(view: GroupView) -> bool:
    return view.data is not None and any(topic.order for topic in view.data.topics.values())


def _closing_order(view: GroupView, circle: Circle) -> Step:
    """Every name server is told again at each look: it forgets this when it restarts, or when a topic changes (205)."""
    doing = "order topics are being moved away"
    silent = sorted(view.snapshot.registrations.keys() - view.snapshot.order.keys())
    rewritten = order_actions(view, circle)
    wiped = hidden(view)
    if silent or rewritten:
        why = f"name server {silent[0]} does not answer" if silent else "the order configuration changes"
        waits = untold(view.life, circle.now_ms)
        return Step(waits, (*rewritten, *wiped), f"{doing}: {why}", again=10.0 if silent else 1.0)
    life = told(view.life, circle.now_ms)
    left = clients_left(view, life, circle)
    if left > 0:
        return Step(life, wiped, f"{doing}: clients learn it", again=min(left, 10.0))
    alone = "" if view.down else lives_here_alone(view, circle)
    if alone:
        # Made by users since it began to leave, when perhaps no group could be given it.
        return Step(life, wiped, alone, again=LOOK_SECONDS)
    return Step(life.to(Phase.CLOSING, circle.now_ms), wiped, "is being closed for writing", again=1.0)


def order_actions(view: GroupView, circle: Circle) -> tuple[PutOrders, ...]:
    """What takes the leaving groups out of the order configuration of every name server that answers."""
    going = frozenset(each.name for each in circle.leaving)

    def without(topic: str, value: str) -> str:
        staying = {each.name: each.data.topics.get(topic) if each.data else None for each in circle.staying}
        return order.without(value, going, staying)

    return order.changes(view.snapshot.order, without)


def _closing(view: GroupView, circle: Circle) -> Step:
    fact = view.fact
    doing = "is closed for writing; clients learn it"
    if view.down:
        return Step(view.life.to(Phase.FENCED, circle.now_ms), doing="leaves while its master is down", again=1.0)
    if fact is None:
        return Step(view.life, doing=f"{doing}; its master does not answer", again=LOOK_SECONDS)
    if fact.permission != 4:
        action = configure(view, "GroupClosed", f"closed {view.name} for writing", kept(view, CLOSE))
        return Step(msgspec.structs.replace(view.life, since=circle.now_ms), (action,), doing, again=1.0)
    left = clients_left(view, view.life, circle)
    if left > 0:
        return Step(view.life, doing=doing, again=left)
    return Step(view.life.to(Phase.FENCED, circle.now_ms), doing="is fenced", again=1.0)


def _gone(view: GroupView, circle: Circle) -> Step:
    """The workload is deleted: its pods end, its registration and its place in the order configuration go."""
    actions = order_actions(view, circle)
    listed = [server for server, groups in view.snapshot.registrations.items() if groups and view.name in groups]
    if view.pods or actions or listed:
        still = f"{listed[0]} still lists it" if listed else "the order configuration changes"
        what = "its pods end" if view.pods else still
        return Step(view.life, actions, f"is removed: {what}", again=2.0)
    how = FORCED if view.life.reading == FORCED else DRAINED
    left = Life(Phase.LEFT, circle.now_ms, view.life.number, how, False)
    return Step(left)


def _never_opened(view: GroupView, circle: Circle) -> Step:
    """A group that was never open in this life holds no message, unless it took over somebody's volumes; but users may have
    made topics on it."""
    storage = view.cluster.spec.storage
    if storage is not None and storage.adopt_cluster_uid:
        return (
            _begin(view, circle) if view.life.phase in (Phase.SERVING, Phase.JOINING) else draining.step(view, circle)
        )
    if view.fact is None and view.master is not None and view.master.listening:
        # It does not answer us just now; only one that does not serve at all is not waited for.
        return Step(view.life, doing="waits for an answer of its master", again=LOOK_SECONDS)
    alone = lives_here_alone(view, circle) if view.fact is not None else ""
    if alone:
        return Step(view.life, doing=alone, again=1.0)
    if view.life.phase is not Phase.REMOVING:
        return Step(view.life.to(Phase.REMOVING, circle.now_ms), doing="is removed", again=0.5)
    return draining.remove(view, f"removed {view.name}, which was never open")
