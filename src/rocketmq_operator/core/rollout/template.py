"""A workload as it stands in the API server: what its template starts pods for, in which format, and whom it reaches."""

from collections.abc import Iterable, Mapping

import msgspec

from .. import names
from ..facts import ObjectFact, PodFact

HELD_PARTITION = 1_000


def started(fact: ObjectFact) -> str:
    """The revision that a workload's template starts pods for."""
    return _notes(fact).get(names.REVISION_LABEL, "")


def retold(fact: ObjectFact, revision: str, form: int) -> ObjectFact:
    """The workload as it will be with the template of a revision, built in that format, which is written with every pod held back."""
    spec = fact.content().get("spec", {})
    template = spec.get("template", {})
    metadata = template.get("metadata", {})
    ours = {names.REVISION_LABEL: revision, names.FORMAT_ANNOTATION: str(form)}
    notes = {**(metadata.get("annotations") or {}), **ours}
    changed = {
        **spec,
        "template": {**template, "metadata": {**metadata, "annotations": notes}},
        "updateStrategy": {"rollingUpdate": {"partition": HELD_PARTITION}},
    }
    return msgspec.structs.replace(fact, spec=msgspec.Raw(msgspec.json.encode(changed)), notes={**fact.notes, **ours})


def format_of(fact: ObjectFact, otherwise: int) -> int:
    """The format in which a workload was built last; ``otherwise`` where it does not say."""
    text = fact.notes.get(names.FORMAT_ANNOTATION, "")
    return int(text) if text.isdecimal() else otherwise


def template_format(fact: ObjectFact) -> int:
    """The format that a workload's template gives its pods."""
    text = _notes(fact).get(names.FORMAT_ANNOTATION, "")
    return int(text) if text.isdecimal() else 1


def _notes(fact: ObjectFact) -> Mapping[str, str]:
    return fact.known("template notes", lambda: _template_notes(fact))


def _template_notes(fact: ObjectFact) -> Mapping[str, str]:
    metadata = fact.content().get("spec", {}).get("template", {}).get("metadata", {})
    return metadata.get("annotations") or {}


def partition_of(workload: ObjectFact) -> int:
    """The lowest member that its newest template reaches."""
    return workload.known("partition", lambda: _partition(workload))


def _partition(workload: ObjectFact) -> int:
    rolling = workload.content().get("spec", {}).get("updateStrategy", {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def of_another_template(workload: ObjectFact, pod: PodFact) -> bool:
    """Whether a pod was made by another template than the workload has now."""
    return (pod.revision, pod.format) != (started(workload), template_format(workload))


def going_now(workload: ObjectFact, pod: PodFact) -> bool:
    """Whether a pod of another template is held back no more: its controller restarts it as soon as it gets to it."""
    return of_another_template(workload, pod) and partition_of(workload) <= pod.member


def imminent(workload: ObjectFact, pods: Iterable[PodFact]) -> PodFact | None:
    """The pod that its controller restarts next, if it waits for nothing any more (Kubernetes: StatefulSet, *Rolling Updates*: from
    the highest down, each once those above it are up to date and ready)."""
    for pod in sorted(pods, key=lambda pod: -pod.member):
        if going_now(workload, pod):
            return pod
        if not pod.ready:
            return None
    return None
