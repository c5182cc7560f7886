"""How a group comes into a cluster that already holds messages: fenced from its first moment, filled, verified, then opened.

It gets every topic and consumer group of the others, access rules, and a first offset 0 for each consumer group and queue:
a consumer that finds no offset in an empty queue of 5.x starts at its end, and skips what is sent in between (ROCKETMQ.md §8).
"""

import msgspec

from ..facts import Problem
from ..opening import FENCE, Decision, Verdict
from ..plan import Action, Configure, Copy
from . import copying, order, topics
from .closing import CLOSE, Circle, configure
from .data import BrokerData
from .life import Phase
from .step import Step
from .view import GroupView, data_of

LOOK_SECONDS = 2.0
VERIFY_SECONDS = 5.0
WRITTEN_MS = 10_000
"""A broker writes offsets to its disk each 5 s, for the first time 10 s after its start (BrokerController.initialize): one that dies
before that forgets what it was given."""


def step(view: GroupView, circle: Circle) -> Step:
    """One step of a group that joins. It is filled from all groups that were ever open, once one of them serves; only one whose
    master certainly does not run is not waited for."""
    life, fact = view.life, view.fact
    if fact is None:
        return Step(life, doing="joins: its master does not answer yet", again=LOOK_SECONDS)
    if not view.fenced():
        message = f"fenced {view.name} until it holds what the others hold"
        action = configure(view, "GroupFenced", message, {**CLOSE, **FENCE})
        return Step(life, (action,), "joins: is being fenced", again=1.0)
    sources, target = _sources(circle), view.data
    if not circle.staying or not sources or target is None:
        return Step(life, doing="joins: waits for an answer of every master", again=LOOK_SECONDS)
    problem = _not_empty(view, target)
    if problem:
        return Step(life, doing="joins: is held back", problem=problem, again=30.0)
    missing = copying.for_joining(sources, target, circle.own)
    if missing:
        emptied = msgspec.structs.replace(life, boot=0, reading="")
        return Step(emptied, _copies(view, missing), f"joins: gets {missing.words()}", again=0.5)
    if life.boot != fact.boot:
        noted = msgspec.structs.replace(life, boot=fact.boot, reading=str(circle.now_ms))
        return Step(noted, doing="joins: holds everything", again=LOOK_SECONDS)
    waiting = _unverified(view, circle, sources) or _unwritten(view, circle)
    if waiting:
        # A 5.x slave takes topics from its master once a minute (BrokerController.handleSlaveSynchronize): no need to hurry.
        return Step(life, doing=f"joins: {waiting}", again=VERIFY_SECONDS)
    opened = msgspec.structs.replace(life.to(Phase.OPENING, circle.now_ms), initialized=True)
    return Step(opened, doing="opens", again=0.5)


def _sources(circle: Circle) -> list[BrokerData] | None:
    """What it is filled from; None while one does not answer. What groups that leave hold alone goes to all that stay, of which this is to
    be one. Where settings differ the first stands; so those come last that have topics which are being made there, and closed until then."""
    others = sorted((other for other in circle.knowing if not other.down), key=lambda other: other.life.filling)
    known = data_of(others)
    if not known:
        return None
    whole = sum(not other.life.filling for other in others)
    return [*known[:whole], *circle.leaving_data(), *known[whole:]]


def opening(view: GroupView, circle: Circle, decision: Decision) -> Step:
    """A group that was filled, or was called back: it opens by the rule for every master, and then order topics may use it."""
    life = view.life
    if decision.verdict is not Verdict.LEAVE or not view.accepting(circle.now_ms):
        return Step(life, doing="opens", again=1.0)
    if not view.registered_everywhere:
        return Step(life, doing="opens: not every name server lists it yet", again=LOOK_SECONDS)
    if view.data is None or view.snapshot.registrations.keys() - view.snapshot.order.keys():
        return Step(life, doing="opens: waits for an answer of every name server", again=LOOK_SECONDS)
    topics_ = view.data.topics
    actions = order.changes(
        view.snapshot.order, lambda topic, value: order.including(value, view.name, topics_.get(topic))
    )
    if actions:
        return Step(life, actions, "opens: order topics learn of it", again=0.5)
    return Step(life.to(Phase.SERVING, circle.now_ms))


def _not_empty(view: GroupView, target: BrokerData) -> Problem | None:
    """Messages in a group that never served in this life: a kept volume of somebody who did not leave properly."""
    if target.queues is None:
        return None
    held = {
        topic: sum(high - low for low, high in queues.values())
        for topic, queues in target.queues.offsets.items()
        if not topics.internal(topic)
    }
    full = {topic: count for topic, count in held.items() if count}
    if not full:
        return None
    listed = ", ".join(f"{topic} ({count})" for topic, count in sorted(full.items())[:10])
    return Problem(
        "JoiningGroupNotEmpty",
        f"{view.name} is to join but its volumes already hold messages: {listed}; it stays closed. Set groupReplica to {view.index} and delete "
        f"the claims of {view.workload} for an empty group, or keep them and read the messages with a cluster of their own",
    )


def _copies(view: GroupView, missing: copying.Missing) -> tuple[Action, ...]:
    """Topics and groups go to the master, whose slaves copy them; users and access rules to every member.

    A slave learns its master's address only from the answer to a registration, which comes by itself each 30 s; any change
    of a setting brings the next one at once (ROCKETMQ.md §3, *kick*).
    """
    assert view.master is not None
    message = f"copied {missing.words()} to {view.name}"
    actions: list[Action] = [Copy("MetadataCopied", message, view.address, view.master.name, missing)]
    told = f"told {{}} to look for the master of {view.name} now"
    actions += [
        Configure("SlaveKicked", told.format(pod.name), view.address_of(pod), pod.name, {"brokerPermission": "6"})
        for pod in view.slaves
        if pod.name in view.snapshot.brokers
    ]
    if missing.access.users or missing.access.rules:
        only = copying.Missing(access=missing.access)
        actions += [
            Copy("AccessCopied", f"copied users and access rules to {pod.name}", view.address_of(pod), pod.name, only)
            for pod in view.slaves
        ]
    return tuple(actions)


def _unwritten(view: GroupView, circle: Circle) -> str:
    """Whether what it was given may not be on its master's disk yet; the time since which it holds everything is in its intent."""
    since = int(view.life.reading) if view.life.reading.isdecimal() else circle.now_ms
    return "" if circle.now_ms - since >= WRITTEN_MS else "waits until its master has written that to its disk"


def _unverified(view: GroupView, circle: Circle, sources: list[BrokerData]) -> str:
    """What is still to be seen before it opens."""
    if not view.registered_everywhere:
        return "not every name server lists it yet"
    wanted, groups = copying.wanted_topics(sources, circle.own), copying.wanted_groups(sources)
    for pod in view.slaves:
        data = view.snapshot.data.get(pod.name)
        lacking = copying.lacks(data, wanted, groups) if data else None
        if lacking is None:
            return f"waits for an answer of {pod.name}"
        if lacking:
            return f"{pod.name} still lacks {lacking} topics and groups"
    return ""
