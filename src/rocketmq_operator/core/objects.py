"""Objects wanted against objects there: what to create, to mend, to hold back."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from .drift import holds, stamped
from .facts import ObjectFact, Problem
from .memo import Derived
from .names import HASH_ANNOTATION, REVISION_LABEL
from .plan import Action, Apply, Create

Json = dict[str, Any]
Objects = Mapping[tuple[str, str], ObjectFact]

_owned: Derived[Json] = Derived(1024)
"""Hashing what has not changed is most of the work of a plan in which nothing happens."""


class Owner(msgspec.Struct, frozen=True):
    """The resource that owns what it is made of (its owner reference; Kubernetes collects garbage by it)."""

    api_version: str
    kind: str
    name: str
    namespace: str
    uid: str


def owned(obj: Json, owner: Owner) -> Json:
    """The object in its owner's namespace, with owner reference and hash."""
    return _owned.get(obj, owner, lambda: stamped(referenced(obj, owner)))


def referenced(obj: Json, owner: Owner) -> Json:
    """The object in its owner's namespace, with owner reference."""
    reference = {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = {**obj["metadata"], "namespace": owner.namespace, "ownerReferences": [reference]}
    return {**obj, "metadata": metadata}


def decide(wanted: Iterable[Json], there: Objects, owner: Owner) -> tuple[list[Action], list[Problem]]:
    """Create what is missing, mend what drifted, leave alone what belongs to somebody else."""
    actions: list[Action] = []
    problems: list[Problem] = []
    for obj in (owned(each, owner) for each in wanted):
        kind, name = obj["kind"], obj["metadata"]["name"]
        fact = there.get((kind, name))
        if fact is None:
            actions.append(Create(f"{kind}Created", f"created {kind} {name}", obj))
        elif fact.owner_uid != owner.uid:
            problems.append(not_ours(kind, name))
        elif not obj.get("immutable") and drifted(obj, fact):
            # A change of an intent is told by the step that it stands for.
            reason = "" if _is_intent(obj) else f"{kind}Updated"
            actions.append(Apply(reason, f"updated {kind} {name}", _guarded(obj, fact)))
    return actions, problems


def _guarded(obj: Json, fact: ObjectFact) -> Json:
    """A ConfigMap that is changed at all is an intent, which later decisions build on: it is written only over what was read. So is
    a StatefulSet: a view that lags would hold back a pod that was let through a moment ago, and its controller may take it still."""
    if not (_is_intent(obj) or obj["kind"] == "StatefulSet") or not fact.resource_version:
        return obj
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": fact.resource_version}}


def _is_intent(obj: Json) -> bool:
    return bool(obj["kind"] == "ConfigMap" and not obj.get("immutable"))


def not_ours(kind: str, name: str) -> Problem:
    """A name that somebody else's object holds."""
    return Problem(
        "NameTaken",
        f"{kind} {name} exists and does not belong to this resource; delete or rename it, or choose another name here",
    )


def drifted(obj: Json, fact: ObjectFact) -> bool:
    """Whether our wish changed (hash) or somebody changed the object (content)."""
    if fact.hash != obj["metadata"]["annotations"][HASH_ANNOTATION]:
        return True
    noted = obj["metadata"]["annotations"].get(REVISION_LABEL)
    if noted is not None and fact.notes.get(REVISION_LABEL, noted) != noted:
        # What a workload is at is also noted by itself, without a new hash.
        return True
    # Equal hashes are equal wishes, but for size and held pods, which the hash leaves out.
    rolling = obj.get("spec", {}).get("updateStrategy", {}).get("rollingUpdate", {})
    return not fact.known(
        ("holds", obj.get("spec", {}).get("replicas"), rolling.get("partition")),
        lambda: holds({key: obj[key] for key in ("spec", "data") if key in obj}, fact.content()),
    )
