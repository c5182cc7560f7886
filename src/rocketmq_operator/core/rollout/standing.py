"""One workload against the target: what differs, which pods are behind, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from .. import names
from ..build.pod import FORMAT
from ..facts import ObjectFact, PodFact, Problem
from ..plan import Remove, SetPartition
from .diff import Change, Reason

HELD_PARTITION = 1_000
OLDEST_FORMAT = 1
"""Pods and workloads of an older format are restarted (reason OperatorUpgraded). Raised only when an old pod would do harm."""
BROKEN_MS = 120_000
"""A pod that was not ready for so long, for whatever reason, may be replaced out of turn."""


def broken(pod: PodFact, now_ms: int) -> bool:
    """Whether a pod does not serve, and will not by waiting."""
    if pod.ready or pod.deleting:
        return False
    since = max(pod.created, pod.started)
    return pod.problem is not None or bool(since and now_ms - since > BROKEN_MS)


class Standing(msgspec.Struct, frozen=True):
    """``revision`` is what the workload as a whole is at, ``started`` what its template starts pods for: a live change
    moves the first only. ``changes`` lead from ``revision`` to the target; None: not known yet. ``outdated`` pods, the
    highest first, have their reasons in ``why``."""

    workload: ObjectFact
    revision: str
    started: str
    partition: int
    format: int
    changes: tuple[Change, ...] | None = ()
    outdated: tuple[PodFact, ...] = ()
    why: Mapping[str, tuple[str, ...]] = {}

    @property
    def template_due(self) -> bool:
        """Whether the template must be written anew before pods can be brought to the target."""
        return self.changes is not None and any(change.restarts for change in self.changes)

    @property
    def due(self) -> bool:
        """Whether pods must restart."""
        return self.template_due or bool(self.outdated)

    def behind(self, pod: PodFact) -> bool:
        """Whether a pod was made by another template than the one there is; if not, its restart changes nothing but the pod."""
        return of_another_template(self.workload, pod)

    def begun(self, size: int) -> bool:
        """Whether its pods, so many, are on their way: they may take its new template, or some have restarted already."""
        behind = any(self.behind(pod) for pod in self.outdated)
        return bool(self.outdated) and ((behind and self.partition < HELD_PARTITION) or len(self.outdated) < size)

    def take(self, pod: PodFact, message: str) -> Remove | SetPartition | None:
        """What restarts a pod: a new template is let through to it, or it is removed; None where its controller is told already."""
        if not self.behind(pod):
            return self.remove(pod, message)
        if self.partition <= pod.member:
            return None
        fact = self.workload
        return SetPartition(self.why[pod.name][0], message, fact.name, fact.uid, fact.resource_version, pod.member)

    def remove(self, pod: PodFact, message: str) -> Remove:
        """What takes a pod whatever its controller waits for."""
        return Remove(self.why[pod.name][0], message, "Pod", pod.name, pod.uid)

    def adopts(self, target: str) -> bool:
        """Whether the workload reaches the target without any restart."""
        return self.changes is not None and self.revision != target and not self.template_due

    def hold(self, pods: Sequence[PodFact], size: int) -> int:
        """The partition that the workload should have. Once all its pods are there, ready and up to date, every pod is held back
        again: the next template must not reach one by itself."""
        settled = len(pods) == size and all(pod.ready and not pod.deleting for pod in pods)
        return HELD_PARTITION if settled and not self.due else self.partition

    def reason(self) -> str:
        """The typed reason of its restarts, the gravest first."""
        known = [change.reason.value for change in self.changes or () if change.restarts]
        told = [*known, *(each for pod in self.outdated for each in self.why[pod.name])]
        return told[0] if told else ""


def of_workload(
    fact: ObjectFact,
    revision: str,
    changes: Sequence[Change] | None,
    pods: Sequence[PodFact],
    asked_at: str,
    now_ms: int,
    reasons: Mapping[str, tuple[str, ...]],
) -> Standing:
    """How a workload stands. ``asked_at`` is the resource's own annotation that asks for a restart; ``reasons`` says by
    revision why a pod that was started for it is behind the template."""
    template = started(fact)
    asked = [each for each in (_time(asked_at), _time(fact.notes.get(names.RESTART, ""))) if each]
    why: dict[str, tuple[str, ...]] = {}
    for pod in pods:
        told: tuple[str, ...] = ()
        if pod.format < OLDEST_FORMAT:
            told += (Reason.OPERATOR.value,)
        if pod.revision != template:
            told += reasons.get(pod.revision, (Reason.POD.value,))
        times = [*asked, *filter(None, [_time(pod.restart)])]
        if any(pod.created < time <= now_ms for time in times):
            told += (Reason.REQUESTED.value,)
        if told:
            why[pod.name] = told
    outdated = sorted((pod for pod in pods if pod.name in why), key=lambda pod: -pod.member)
    return Standing(
        fact,
        revision,
        template,
        partition_of(fact),
        format_of(fact),
        None if changes is None else (*changes, *_old_format(fact)),
        tuple(outdated),
        why,
    )


def come(fact: ObjectFact, pods: Iterable[PodFact], asked_at: str, now_ms: int) -> tuple[str, ...]:
    """The requests for a restart whose time has come: all that the moment decides about a standing."""
    texts = (asked_at, fact.notes.get(names.RESTART, ""), *(pod.restart for pod in pods))
    return tuple(text for text in texts if text and (time := _time(text)) is not None and time <= now_ms)


def format_of(fact: ObjectFact) -> int:
    """The format in which a workload was built last."""
    text = fact.notes.get(names.FORMAT_ANNOTATION, "")
    return int(text) if text.isdecimal() else FORMAT


def template_format(fact: ObjectFact) -> int:
    """The format that a workload's template gives its pods."""
    text = _notes(fact).get(names.FORMAT_ANNOTATION, "")
    return int(text) if text.isdecimal() else 1


def _notes(fact: ObjectFact) -> Mapping[str, str]:
    return fact.known("template notes", lambda: _template_notes(fact))


def _template_notes(fact: ObjectFact) -> Mapping[str, str]:
    metadata = fact.content().get("spec", {}).get("template", {}).get("metadata", {})
    return metadata.get("annotations") or {}


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


def partition_of(workload: ObjectFact) -> int:
    """The lowest member that its newest template reaches."""
    return workload.known("partition", lambda: _partition(workload))


def _partition(workload: ObjectFact) -> int:
    rolling = workload.content().get("spec", {}).get("updateStrategy", {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def bad_times(
    item: str, annotations: Mapping[str, str], workloads: Iterable[ObjectFact], pods: Iterable[PodFact]
) -> list[Problem]:
    """Requests for a restart that are no time: of the resource, whose kind and name ``item`` is, of its workloads and pods."""
    asked = {
        item: annotations.get(names.RESTART, ""),
        **{f"StatefulSet {fact.name}": fact.notes.get(names.RESTART, "") for fact in workloads},
        **{f"pod {pod.name}": pod.restart for pod in pods},
    }
    return [
        Problem(
            "BadRestartTime",
            f"annotation {names.RESTART} of {what} is not a time but {text[:64]!r}; use RFC 3339, as 'kubectl rocketmq restart' does",
        )
        for what, text in asked.items()
        if text and _time(text) is None
    ]


def _old_format(fact: ObjectFact) -> tuple[Change, ...]:
    if format_of(fact) >= OLDEST_FORMAT:
        return ()
    return (Change(Reason.OPERATOR, "pods built by an older operator"),)


def started(fact: ObjectFact) -> str:
    """The revision that a workload's template starts pods for."""
    return _notes(fact).get(names.REVISION_LABEL, "")


def retold(fact: ObjectFact, revision: str) -> ObjectFact:
    """The workload as it will be with the template of a revision, which is written with every pod held back."""
    spec = fact.content().get("spec", {})
    template = spec.get("template", {})
    metadata = template.get("metadata", {})
    ours = {names.REVISION_LABEL: revision, names.FORMAT_ANNOTATION: str(FORMAT)}
    notes = {**(metadata.get("annotations") or {}), **ours}
    changed = {
        **spec,
        "template": {**template, "metadata": {**metadata, "annotations": notes}},
        "updateStrategy": {"rollingUpdate": {"partition": HELD_PARTITION}},
    }
    own = {names.REVISION_LABEL: revision, names.FORMAT_ANNOTATION: str(FORMAT)}
    return msgspec.structs.replace(fact, spec=msgspec.Raw(msgspec.json.encode(changed)), notes={**fact.notes, **own})


def _time(text: str) -> int | None:
    """An RFC 3339 time in ms since 1970; None if it is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return int(found.timestamp() * 1000) if found.tzinfo else None
