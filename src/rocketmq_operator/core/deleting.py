"""Deleting a cluster that still holds messages: held back by a finalizer until they are read, or until the user says that they may go.

The finalizer is there once a group was opened, and only then: what never took a message is deleted without a word. While it
holds the deletion back, the cluster serves. Once everything is read its masters are closed for sends and looked at once more,
so that nothing is acknowledged between the last look and the end.
"""

import msgspec

from . import names
from .facts import ClusterSnapshot, Problem
from .groups import drain
from .groups.closing import configure
from .groups.decide import Groups
from .groups.draining import SETTLE_MS
from .groups.life import Phase
from .groups.view import GroupView, data_of
from .opening import FENCED_FOR_EVER, closed_since
from .plan import Configure, SetFinalizer
from .volumes import anew


class Decision(msgspec.Struct, frozen=True):
    """What is done about the finalizer; ``problem`` holds the deletion back, ``waiting`` is what it still takes."""

    actions: tuple[SetFinalizer | Configure, ...] = ()
    problem: Problem | None = None
    waiting: str = ""


def decide(snapshot: ClusterSnapshot, groups: Groups, now_ms: int) -> Decision:
    """Whether the finalizer is to be set or taken away, and what comes before that."""
    meta = snapshot.cluster.metadata
    held = names.MESSAGES_FINALIZER in meta.finalizers
    opened = [view for view in groups.views.values() if view.life.initialized and not _removed(view)]
    if meta.deletion_timestamp is None:
        if held or not opened:
            return Decision()
        return _set(snapshot, True, "MessagesProtected", "deletion will wait until every message is read")
    if not held:
        return Decision()
    if any(view.pods and anew.away(snapshot, view.index) for view in opened):
        # Its pods have no owner for the moment: with the cluster gone, nobody would ever remove them.
        return Decision()
    if not any(view.exists or view.pods for view in opened):
        # Their namespace is deleted, or the pods went first: nobody is left to ask, and nothing left to hold.
        return _set(snapshot, False, "DeletionAllowed", "its brokers are gone already")
    if meta.annotations.get(names.DELETE_UNCONSUMED) == "true":
        return _set(snapshot, False, "DeletionAllowed", "what is unread was given up")
    why = _unread(opened)
    if not why:
        return _last_look(snapshot, opened, now_ms)
    words = (
        f"the deletion of {meta.name} waits: {why}. Let consumers read them, or give them up with the annotation "
        f"{names.DELETE_UNCONSUMED}=true; volumes are treated by their policy either way"
    )
    return Decision(problem=Problem("UnconsumedMessages", words))


def _last_look(snapshot: ClusterSnapshot, opened: list[GroupView], now_ms: int) -> Decision:
    """Nothing is unread: close the masters, wait for sends that are under way, then let the cluster go."""
    values = {"startAcceptSendRequestTimeStamp": str(FENCED_FOR_EVER + now_ms)}
    closing = tuple(
        configure(view, "MasterFenced", f"closed the master of {view.name} for sends before the cluster goes", values)
        for view in opened
        if not closed_since(view.fact)
    )
    if closing:
        return Decision(closing)
    if any(now_ms - closed_since(view.fact) < SETTLE_MS for view in opened):
        return Decision(waiting="everything is read and every master closed; a last look follows")
    return _set(snapshot, False, "DeletionAllowed", "nothing in the cluster is unread")


def _removed(view: GroupView) -> bool:
    """Whether a group went before, drained or given up; its intent is not ended any more, once the cluster is deleted."""
    return view.life.phase is Phase.REMOVING and not view.exists


def _set(snapshot: ClusterSnapshot, present: bool, reason: str, message: str) -> Decision:
    meta = snapshot.cluster.metadata
    others = tuple(each for each in meta.finalizers if each != names.MESSAGES_FINALIZER)
    wanted = (*others, names.MESSAGES_FINALIZER) if present else others
    seen = () if present else anew.meant(snapshot)
    return Decision((SetFinalizer(reason, message, wanted, meta.resource_version, seen),))


def _unread(opened: list[GroupView]) -> str:
    """What is left in which group; empty if nothing is."""
    everyone = data_of(opened)
    if everyone is None:
        silent = [view.name for view in opened if view.data is None]
        return f"what {', '.join(silent)} holds is not known, because its master does not answer"
    readers = drain.readers(everyone)
    parts = []
    for view, data in zip(opened, everyone, strict=True):
        reading = drain.read(data, readers, view.fact.dispatch_behind if view.fact else 0, frozenset())
        if reading is None or not reading.drained:
            parts.append(f"{view.name} holds messages that are not read: {_words(reading)}")
    return "; ".join(parts)


def _words(reading: drain.Reading | None) -> str:
    if reading is None:
        return "its queues could not be looked at"
    topics = sorted({topic for _, topic in reading.waiting} | set(reading.unread))
    return ", ".join([*topics[:10], *reading.inner, *reading.hides])
