"""What running pods were told since they started: a live change brings them to another revision than that of their template.

A workload's annotation ``told`` says so (``T S``: those that were started for S run T), and a template starts pods for
``A after B`` where pods that were started for A must not keep what they were told for B.
"""

from collections.abc import Iterable

from .. import names
from ..facts import ObjectFact


def note(target: str, started: str) -> dict[str, str | None]:
    """The annotation of a workload whose pods, started for a revision, are told what the target says."""
    return {names.TOLD_ANNOTATION: f"{target} {started}"}


def kept(workload: ObjectFact | None) -> dict[str, str]:
    """That annotation as it is there, for whoever writes the workload anew."""
    notes = workload.notes if workload is not None else {}
    return {name: notes[name] for name in (names.TOLD_ANNOTATION,) if name in notes}


def running(workload: ObjectFact | None, started: str) -> str:
    """The revision that pods run that were started for ``started``: that one, or the one to which they were brought live."""
    told, _, before = kept(workload).get(names.TOLD_ANNOTATION, "").partition(" ")
    return told if told and before == started else started.partition(" ")[0]


def again(target: str, workload: ObjectFact) -> str:
    """What a template starts pods for that were started for the target, and told since what it does not say."""
    return f"{target} after {running(workload, target)}"


def named(workload: ObjectFact, started: str) -> Iterable[str]:
    """Every revision that must be remembered for a workload whose template starts pods for ``started``."""
    yield started.partition(" ")[0]
    yield from kept(workload).get(names.TOLD_ANNOTATION, "").split()
