"""The history: a ControllerRevision for each content that was to run, numbered as Kubernetes' own are.

A content that comes back gets the next number again. One that ran everywhere is marked: that is what an undo and an
automatic rollback go back to.
"""

from collections.abc import Iterable, Sequence

from rocketmq_operator.api import BrokerCluster, NameServer

from .. import names
from ..facts import ObjectFact, Problem
from ..objects import Owner, owned
from ..plan import Action, Annotate, Create, NumberRevision, Remove
from . import versions
from .content import Content, read
from .standing import Standing
from .target import KIND, Objects, Target
from .template import started
from .told import named
from .told import note as told_note


def actions(target: Target, there: Objects, owner: Owner, labels: names.Labels, keep: int) -> list[Action]:
    """Write what is missing, number what came back, forget what is old and nowhere in use."""
    known = history(there, owner.uid)
    found: list[Action] = []
    newest = known[0].number if known else 0
    # What the spec asks for first, so that what runs instead of it is the newest.
    for name, content in {target.asked: target.asked_content, target.revision: target.content}.items():
        fact = there.get((KIND, name))
        if fact is None:
            newest += 1
            found.append(Create("", f"wrote revision {newest}", _object(name, content, newest, owner, labels)))
        elif name == target.revision and fact.number < newest:
            newest += 1
            found.append(NumberRevision("", f"{name} is revision {newest} now", name, fact.uid, newest))
    used = {target.asked, target.revision, *_used(there)}
    old = [fact for fact in known[keep:] if fact.name not in used]
    return found + [Remove("", f"forgot revision {fact.number}", KIND, fact.name, fact.uid) for fact in old]


def complete(target: Target, there: Objects) -> list[Action]:
    """The target runs everywhere: mark it."""
    fact = there.get((KIND, target.revision))
    if fact is None or fact.notes.get(names.COMPLETE_ANNOTATION) == "true":
        return []
    message = f"revision {fact.number} runs everywhere"
    return [Annotate("RolloutComplete", message, KIND, fact.name, fact.uid, {names.COMPLETE_ANNOTATION: "true"})]


def adopted(standing: Standing, target: Target) -> list[Action]:
    """A workload that is at the target with nothing but a note of it."""
    if not standing.adopts(target.revision):
        return []
    told, fact = standing.changes or (), standing.workload
    words = ", ".join(change.words() for change in told) or "nothing changed"
    notes: dict[str, str | None] = {names.REVISION_LABEL: target.revision}
    if told:
        notes |= told_note(target.revision, standing.started)
    reason = told[0].reason.value if told else ""
    return [Annotate(reason, f"{fact.name} needs no restart: {words}", "StatefulSet", fact.name, fact.uid, notes)]


def rollback(
    item: BrokerCluster | NameServer,
    target: Target,
    there: Objects,
    halted: Problem | None,
    running: Iterable[str] = (),
) -> list[Action]:
    """Back from a revision that halts to the newest that ran everywhere, where the spec says so. ``running``: versions of brokers
    whose stores must be read by what they go back to."""
    meta, rules = item.metadata, item.spec.rollout
    if halted is None or target.undone or not (rules and rules.auto_rollback):
        return []
    good = last_good(target, there, meta.uid, tuple(running))
    if not good:
        return []
    message = f"goes back from {target.asked} to {good}, which ran everywhere: {halted.message}"
    run: dict[str, str | None] = {names.RUN_REVISION: f"{target.asked} {good}"}
    return [Annotate("RolledBack", message[:1000], item.kind, meta.name, meta.uid, run, meta.resource_version)]


def is_complete(target: Target, there: Objects) -> bool:
    """Whether the target ran everywhere once."""
    fact = there.get((KIND, target.revision))
    return fact is not None and fact.notes.get(names.COMPLETE_ANNOTATION) == "true"


def last_good(target: Target, there: Objects, owner_uid: str, running: Sequence[str] = ()) -> str:
    """The newest other revision that ran everywhere, and that would not be refused; empty if there is none."""
    for fact in history(there, owner_uid):
        complete = fact.notes.get(names.COMPLETE_ANNOTATION) == "true"
        if complete and fact.name not in {target.asked, target.revision} and not _refused(fact, running):
            return fact.name
    return ""


def _refused(fact: ObjectFact, running: Sequence[str]) -> bool:
    content = read(fact)
    return content is not None and versions.refused(content.spec.get("brokerImage", ""), running) is not None


def history(there: Objects, owner_uid: str) -> list[ObjectFact]:
    """All revisions of a resource, the newest first."""
    found = [fact for (kind, _), fact in there.items() if kind == KIND and fact.owner_uid == owner_uid]
    return sorted(found, key=lambda fact: (-fact.number, fact.name))


def _used(there: Objects) -> Iterable[str]:
    for (kind, _), fact in there.items():
        if kind == "StatefulSet":
            yield fact.notes.get(names.REVISION_LABEL, "")
            yield from named(fact, started(fact))


def _object(name: str, content: Content, number: int, owner: Owner, labels: names.Labels) -> dict[str, object]:
    made = {
        "apiVersion": "apps/v1",
        "kind": KIND,
        "metadata": {"name": name, "labels": {**labels, names.REVISION_LABEL: "true"}},
        "revision": number,
        "data": {"spec": content.spec, "config": content.config},
    }
    return owned(made, owner)
