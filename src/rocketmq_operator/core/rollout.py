"""What of a changed wish may reach a running group now.

A StatefulSet's template is its group's next life: writing it while pods run would let a pod that comes back by itself
come back different. Changes of a template (and of claim templates, which Kubernetes does not change at all) are therefore
held back and reported; everything else of a StatefulSet follows at once.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .drift import holds, unsized
from .facts import ObjectFact
from .names import HASH_ANNOTATION
from .objects import Owner, owned

Json = dict[str, Any]


def split(
    sets: Iterable[Json], there: Mapping[tuple[str, str], ObjectFact], owner: Owner
) -> tuple[list[Json], list[str]]:
    """The StatefulSets to create or to leave as they are, and the names of those whose change is held back."""
    allowed: list[Json] = []
    pending: list[str] = []
    for each in sets:
        fact = there.get((each["kind"], each["metadata"]["name"]))
        if fact is None or _same(owned(each, owner), fact):
            allowed.append(each)
        else:
            pending.append(each["metadata"]["name"])
    return allowed, pending


def _same(wanted: Json, fact: ObjectFact) -> bool:
    if wanted["metadata"]["annotations"][HASH_ANNOTATION] != fact.hash:
        return False
    return fact.known("spec", lambda: holds(unsized(wanted)["spec"], fact.content().get("spec")))
