"""Revisions against the target, for any kind of workload: ``Build`` says what pods a content would make of it."""

from collections.abc import Callable, Iterable
from typing import Any

from ..drift import holds
from ..facts import ObjectFact
from .content import Content, read
from .diff import Built, Change, Reason, changes
from .target import KIND, Objects, Target
from .told import running

Json = dict[str, Any]
Build = Callable[[Content], Built]


def content_of(there: Objects, revision: str) -> Content | None:
    """What a revision asked for; None if it is not there."""
    fact = there.get((KIND, revision))
    return read(fact) if fact else None


def reasons(
    there: Objects, workload: ObjectFact, revisions: Iterable[str], target: Target, build: Build
) -> dict[str, tuple[str, ...]]:
    """By revision, why a pod that was started for it is behind the target."""
    return {name: why(there, running(workload, name), target, build) for name in revisions}


def why(there: Objects, revision: str, target: Target, build: Build) -> tuple[str, ...]:
    """Why a pod that runs a revision is behind the target."""
    before = content_of(there, revision)
    if before is None:
        return (Reason.OPERATOR.value,)
    told = changes(build(before), build(target.content), lambda *_: False)
    return tuple(dict.fromkeys(change.reason.value for change in told)) or (Reason.POD.value,)


def unknown(fact: ObjectFact, made: Callable[[str], Json]) -> list[Change]:
    """A workload from before there were revisions is compared itself; ``made`` is the one of now for the name of a ConfigMap."""
    pods: Json = fact.content().get("spec", {}).get("template", {}).get("spec", {})
    config = next((each["configMap"]["name"] for each in pods.get("volumes", []) if each.get("name") == "config"), "")
    if holds(made(config)["spec"]["template"]["spec"]["containers"], pods.get("containers")):
        return []
    return [Change(Reason.OPERATOR, "pods whose revision is not known")]
