"""One workload against the target: what differs, which pods are behind, and why."""

from collections.abc import Mapping, Sequence

import msgspec

from .. import names
from ..facts import ObjectFact, PodFact
from ..plan import Remove, SetPartition
from ..release import Release
from .diff import Change, Reason
from .requests import time_of
from .template import HELD_PARTITION, format_of, of_another_template, partition_of, started

BROKEN_MS = 120_000
"""A pod that was not ready for so long, for whatever reason, may be replaced out of turn."""


def broken(pod: PodFact, now_ms: int) -> bool:
    """Whether a pod does not serve, and will not by waiting."""
    if pod.ready or pod.deleting:
        return False
    # One whose probe fails for a moment may serve all the same; so may one that then misses an answer (found by the simulator).
    since = max(pod.created, pod.started, pod.silent_since)
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

    def held_back(self, pods: Sequence[PodFact], target: str, release: Release) -> tuple[SetPartition, ...]:
        """What holds pods back again in a workload at the target that another version has built, which is not written anew for that."""
        fact = self.workload
        partition = self.hold(pods, fact.replicas)
        if self.revision != target or self.format == release.format or partition == self.partition:
            return ()
        message = f"holds the pods of {fact.name} back from its next template"
        return (SetPartition("", message, fact.name, fact.uid, fact.resource_version, partition),)

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
    release: Release,
) -> Standing:
    """How a workload stands. ``asked_at`` is the resource's own annotation that asks for a restart; ``reasons`` says by
    revision why a pod that was started for it is behind the template."""
    template = started(fact)
    asked = [each for each in (time_of(asked_at), time_of(fact.notes.get(names.RESTART, ""))) if each]
    why: dict[str, tuple[str, ...]] = {}
    for pod in pods:
        told: tuple[str, ...] = ()
        if pod.format < release.oldest:
            told += (Reason.OPERATOR.value,)
        if pod.revision != template:
            told += reasons.get(pod.revision, (Reason.POD.value,))
        times = [*asked, *filter(None, [time_of(pod.restart)])]
        if any(pod.created < time <= now_ms for time in times):
            told += (Reason.REQUESTED.value,)
        if told:
            why[pod.name] = told
    why |= _above(fact, pods, why)
    outdated = sorted((pod for pod in pods if pod.name in why), key=lambda pod: -pod.member)
    return Standing(
        fact,
        revision,
        template,
        partition_of(fact),
        format_of(fact, release.format),
        None if changes is None else (*changes, *_old_format(fact, release)),
        tuple(outdated),
        why,
    )


def _above(fact: ObjectFact, pods: Sequence[PodFact], why: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Pods of another format that would be let through with one below them; so they take their turn as well, before it."""
    other = [pod for pod in pods if of_another_template(fact, pod)]
    lowest = min((pod.member for pod in other if pod.name in why), default=None)
    if lowest is None:
        return {}
    return {pod.name: (Reason.OPERATOR.value,) for pod in other if pod.member > lowest and pod.name not in why}


def _old_format(fact: ObjectFact, release: Release) -> tuple[Change, ...]:
    if format_of(fact, release.format) >= release.oldest:
        return ()
    return (Change(Reason.OPERATOR, "pods built by an older operator"),)
