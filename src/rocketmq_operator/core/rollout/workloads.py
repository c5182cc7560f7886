"""A group's StatefulSet as it should be now: the target's where it is the group's turn, else what runs.

Templates are written with every pod held back; ``turn`` lets it through to one member after the other. What an older
operator built stays as it is until something restarts it, so an upgrade of the operator restarts nobody.
"""

from typing import Any

from .. import names, sizes
from ..build import workload
from ..drift import unsized
from ..facts import ObjectFact
from ..groups.decide import Groups
from ..groups.view import GroupView
from ..memo import Memo
from ..volumes.view import as_they_are
from . import told
from .survey import starting

Json = dict[str, Any]

_written: Memo[Json] = Memo(4096)


def wanted(groups: Groups, view: GroupView, config: str, hard_spread: bool) -> Json | None:
    """The object to create or to apply; None where it stays as it is. ``config`` names the ConfigMap of the target."""
    target, form = groups.course.target.revision, view.snapshot.release.format
    standing = groups.course.standings.get(view.index)
    there = view.snapshot.objects.get(("StatefulSet", view.workload))
    if there is None or there.owner_uid != view.cluster.metadata.uid:
        size = sizes.decide(view.snapshot, view.index).replicas
        return noted(_built(view, config, hard_spread, target, workload.HELD_PARTITION, size), target, form)
    step = groups.steps.get(view.index)
    if step is not None and step.template:
        started = starting(view.snapshot, view, there, groups.course.target)
        made = _built(view, config, hard_spread, started, workload.HELD_PARTITION, 1)
        return _kept(view, made, target, there)
    if standing is None or standing.revision != target or standing.format != form or not standing.started:
        return None
    partition = standing.hold(view.pods, there.replicas)
    made = _built(view, config, hard_spread, standing.started, partition, 1)
    return _kept(view, made, target, there)


def _kept(view: GroupView, made: Json, target: str, there: ObjectFact) -> Json:
    """What is applied to the workload there: one and the same object while nothing changes, so that its hash is, too."""
    form = view.snapshot.release.format
    return _written.get(
        (view.cluster.metadata.uid, view.index),
        (made, target, there, form),
        lambda: as_they_are(unsized(noted(made, target, form, there)), there),
    )


def _built(view: GroupView, config: str, hard_spread: bool, started: str, partition: int, size: int) -> Json:
    form = view.snapshot.release.format
    return workload.stateful_set(view.cluster, view.index, config, hard_spread, size, started, partition, form)


def noted(made: Json, revision: str, form: int, there: ObjectFact | None = None) -> Json:
    """The workload with what it is at, the format in which it is built, and what its pods were told until then."""
    notes = {names.REVISION_LABEL: revision, names.FORMAT_ANNOTATION: str(form), **told.kept(there)}
    metadata = made["metadata"]
    return {**made, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **notes}}}
