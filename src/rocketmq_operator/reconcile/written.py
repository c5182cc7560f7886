"""What this operator wrote itself, for as long as its view does not show it yet: the intents, on which later plans build.

A watch lags behind the API server. Without this, a plan made a moment after a group was opened would take it for one that was
never open, and would replace its members without waiting for each other (found by the simulator).
"""

from collections.abc import Callable, Mapping

import msgspec

from rocketmq_operator.core.facts import ObjectFact

from .facts_of import object_fact
from .taken import LONGEST_SECONDS
from .views import Made

Facts = Mapping[tuple[str, str], ObjectFact]


def older(version: str, than: str) -> bool:
    """Whether a resourceVersion is an earlier one (Kubernetes: *API Concepts, Resource versions*: numbers of one order for all
    objects of a resource). Of others nothing is known, and nothing is believed."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


class Written:
    """Facts of written objects by namespace, kind and name, each with the time until which it is believed; ``now`` is monotonic."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._facts: dict[str, dict[tuple[str, str], tuple[float, ObjectFact]]] = {}

    def note(self, namespace: str, kind: str, answer: object) -> None:
        """``answer``: the object as the API server stored it."""
        fact = object_fact(kind, msgspec.json.decode(msgspec.json.encode(answer), type=Made))
        now = self._now()
        for place, notes in list(self._facts.items()):
            self._facts[place] = {key: each for key, each in notes.items() if each[0] > now}
            if not self._facts[place]:
                del self._facts[place]
        self._facts.setdefault(namespace, {})[kind, fact.name] = (now + LONGEST_SECONDS, fact)

    def seen(self, namespace: str, facts: Facts) -> Facts:
        """The facts as they are, newer ones where they were written here. The same mapping where there is none."""
        newer = {
            key: fact
            for key, (until, fact) in self._facts.get(namespace, {}).items()
            if until > self._now() and (there := facts.get(key)) and _is_newer(fact, there)
        }
        return {**facts, **newer} if newer else facts


def _is_newer(fact: ObjectFact, there: ObjectFact) -> bool:
    return fact.uid == there.uid and older(there.resource_version, fact.resource_version)
