"""Which groups this operator has opened, for as long as its view does not say so yet.

A watch lags behind the API server. Without this, a plan made a moment after a group was opened would take it for one that was
never open, and would replace its members without waiting for each other (found by the simulator). Nothing else of an intent is
believed ahead of its view: what is written over it is refused as long as the view is old (resourceVersion), as it must be, for the
other objects in that view are as old.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.core.groups.life import Phase
from rocketmq_operator.kube.resources import CONFIG_MAP

from .taken import LONGEST_SECONDS

Facts = Mapping[tuple[str, str], ObjectFact]
TRUE = {"initialized": "true"}


class Note(NamedTuple):
    """An intent that says that its group was opened: which object, in which life of the group, believed until when."""

    uid: str
    life: str
    until: float


class Opened:
    """Notes by namespace and name of the intent; ``now`` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._notes: dict[tuple[str, str], Note] = {}

    def note(self, answer: Mapping[str, Any]) -> None:
        """``answer``: a ConfigMap as the API server stored it."""
        now, meta, data = self._now(), answer["metadata"], answer.get("data", {})
        self._notes = {key: each for key, each in self._notes.items() if each.until > now}
        key = (meta["namespace"], meta["name"])
        if data.get("initialized") == "true":
            self._notes[key] = Note(meta["uid"], data.get("life", ""), now + LONGEST_SECONDS)
        else:
            self._notes.pop(key, None)

    def seen(self, namespace: str, facts: Facts) -> Facts:
        """The facts as they are, with intents that say so. The same mapping where all of them do."""
        newer = {
            (kind, name): _opened(fact)
            for (kind, name), fact in (facts.items() if self._notes else ())
            if kind == CONFIG_MAP.kind
            and (note := self._notes.get((namespace, name))) is not None
            and self._unsaid(fact, note)
        }
        return {**facts, **newer} if newer else facts

    def _unsaid(self, fact: ObjectFact, note: Note) -> bool:
        said = fact.settings
        # A life that has ended says so after it was opened (two operators that run for a moment, found by the simulator).
        ended = said.get("phase") == Phase.LEFT.value
        same = (fact.uid, said.get("life", "")) == (note.uid, note.life) and not ended
        return same and said.get("initialized") != "true" and note.until > self._now()


def _opened(fact: ObjectFact) -> ObjectFact:
    return msgspec.structs.replace(fact, data=msgspec.Raw(msgspec.json.encode({**fact.settings, **TRUE})))
