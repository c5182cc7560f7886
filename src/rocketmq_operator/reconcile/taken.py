"""What this operator took away itself, for as long as its view does not say so yet.

A watch lags behind the API server. Without this, a plan made a moment after a pod was deleted would still count on it,
and could take another member of its group; and what a StatefulSet is to be again would be forgotten a moment after it was deleted to be made
anew. (Kubernetes' own controllers call this *expectations*:
``pkg/controller/controller_utils.go``.)
"""

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from rocketmq_operator.core.facts import ObjectFact, PodFact
from rocketmq_operator.core.plan import Action, Orphan, Remove, Resize, SetPartition

Facts = Mapping[tuple[str, str], ObjectFact]

LONGEST_SECONDS = 30.0
"""A request that timed out may never have been carried out: after so long the view is believed again."""


def going(action: Action, pods: Iterable[PodFact]) -> list[str]:
    """The uids of what an action asks to go: pods, or a set that leaves its pods."""
    match action:
        case Remove(kind="Pod", uid=uid) | Orphan(uid=uid):
            return [uid]
        case SetPartition(name=name, partition=partition):
            # Its controller takes it at any moment; a template that is written meanwhile does not call it back for certain.
            return [pod.uid for pod in pods if pod.name == f"{name}-{partition}"]
        case Resize(name=name, replicas=replicas):
            return [pod.uid for pod in pods if pod.name == f"{name}-{pod.member}" and pod.member >= replicas]
    return []


class Taken:
    """Uids of what is to go, each with the time until which that is believed; ``now`` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}

    def note(self, uids: Collection[str]) -> None:
        """These are asked to go: said before the request, for nobody knows when it is carried out."""
        if not uids:
            return
        now = self._now()
        self._until = {uid: until for uid, until in self._until.items() if until > now}
        self._until.update(dict.fromkeys(uids, now + LONGEST_SECONDS))

    def stay(self, uids: Iterable[str]) -> None:
        """They were not: the API server refused, or the object was no longer as the plan saw it."""
        for uid in uids:
            self._until.pop(uid, None)

    def seen(self, pods: tuple[PodFact, ...]) -> tuple[PodFact, ...]:
        """The pods as they are: who was asked to go is going, whatever the view says. The same tuple where that is nobody, so that what
        plans keep for it stays."""
        if not self._until or not any(map(self._goes, pods)):
            return pods
        return tuple(msgspec.structs.replace(pod, deleting=True) if self._goes(pod) else pod for pod in pods)

    def seen_sets(self, facts: Facts) -> Facts:
        """The same of objects: a set that is asked to go is going."""
        if not self._until or not any(map(self._goes, facts.values())):
            return facts
        return {
            key: msgspec.structs.replace(fact, deleting=True) if self._goes(fact) else fact
            for key, fact in facts.items()
        }

    def _goes(self, fact: PodFact | ObjectFact) -> bool:
        return not fact.deleting and self._until.get(fact.uid, 0.0) > self._now()
