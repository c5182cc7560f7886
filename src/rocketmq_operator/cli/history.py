"""The revisions of a resource: what there was, what runs, and what each changed."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import yaml
from rich.table import Table

from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.core.rollout import revisions
from rocketmq_operator.core.rollout.content import Content, read
from rocketmq_operator.core.rollout.diff import Change, changes
from rocketmq_operator.core.rollout.target import KIND

from .frame import Refused
from .observe import Seen, item_of
from .render import duration


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """A revision. ``complete``: it ran everywhere once; ``current``: it is to run now; ``asked``: it is what the spec says;
    ``changes`` lead to it from the one before it."""

    revision: int
    name: str
    created: str
    complete: bool
    current: bool
    asked: bool
    changes: tuple[Change, ...] = ()
    content: Any = None


def facts(seen: Seen) -> list[ObjectFact]:
    """The newest first."""
    return revisions.history(seen.snapshot.objects, item_of(seen.snapshot).metadata.uid)


def entries(seen: Seen) -> list[Entry]:
    """The newest first, each with what it changed."""
    known, target = facts(seen), seen.target
    found = []
    for fact, before in zip(known, [*known[1:], None], strict=True):
        found.append(
            Entry(
                fact.number,
                fact.name,
                seen.created.get((KIND, fact.name), ""),
                fact.notes.get(names.COMPLETE_ANNOTATION) == "true",
                fact.name == target.revision,
                fact.name == target.asked,
                _changes(seen, before, fact) if before else (),
                msgspec.to_builtins(read(fact)),
            )
        )
    return found


def _changes(seen: Seen, before: ObjectFact, after: ObjectFact) -> tuple[Change, ...]:
    old, new = read(before), read(after)
    if old is None or new is None:
        return ()
    return tuple(changes(seen.built(old), seen.built(new), seen.live))


def of_number(seen: Seen, number: int) -> ObjectFact:
    """The revision of a number."""
    known = facts(seen)
    for fact in known:
        if fact.number == number:
            return fact
    there = ", ".join(str(fact.number) for fact in reversed(known)) or "none"
    raise Refused(f"{seen.ref} has no revision {number}; there are: {there}")


def table(found: Sequence[Entry]) -> Table:
    """One line for each revision, the newest last, as 'kubectl rollout history' has it."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("REVISION", "NAME", "AGE", "COMPLETE", "NOTE", "CHANGED"):
        shown.add_column(name, no_wrap=name != "CHANGED")
    for each in reversed(found):
        words = "; ".join(change.words() for change in each.changes) or "-"
        complete = "yes" if each.complete else "no"
        shown.add_row(str(each.revision), each.name, age(each.created), complete, _note(each), words)
    return shown


def _note(each: Entry) -> str:
    if each.current and each.asked:
        return "current"
    if each.current:
        return "current (undo)"
    return "asked for by the spec" if each.asked else ""


def age(created: str) -> str:
    """How long ago a time of Kubernetes was."""
    if not created:
        return "-"
    return duration(max(0.0, time.time() - datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp()))


def content_text(fact: ObjectFact) -> str:
    """What a revision asks of pods, as YAML."""
    content = read(fact) or Content({})
    spec = yaml.safe_dump({"spec": content.spec}, sort_keys=True)
    return spec + (f"broker.conf of spec.config: |\n{_indented(content.config)}" if content.config else "")


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
