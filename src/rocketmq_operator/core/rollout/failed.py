"""Pods that failed, and what that says of the target: a rollout halts, or it waits for a new try."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from rocketmq_operator.api.rollout import Restarts

from ..facts import ClusterSnapshot, PodFact, Problem
from ..groups.life import OVER
from ..groups.view import GroupView, Views
from ..pods import NO_IMAGE
from . import revisions
from .diff import Reason
from .members import lost
from .standing import Standing
from .target import Target

AGAIN = frozenset({Reason.OPERATOR.value, Reason.REQUESTED.value})
"""Reasons that start a pod with what it has: a new try."""
GETS_IMAGE = AGAIN | {Reason.IMAGE.value, Reason.POD.value}
"""Changes that may get a pod its image: another one, a pull secret, or a new try."""
OF_VOLUME = frozenset({"VolumeOfAnother", "VolumeOfEarlierLife", "VolumeUnstamped"})
"""Refusals of ``broker.sh`` that no template changes; a person has to see to the volume."""
Telling = tuple[Standing, tuple[PodFact, ...]]
"""How a group stands, and by which of its pods one may tell how the target does."""


def telling(
    snapshot: ClusterSnapshot,
    views: Views,
    standings: Mapping[int, Standing],
    going: Mapping[int, Standing],
    target: Target,
    now_ms: int,
) -> Iterator[Telling]:
    """Of each group the pods by which one may tell how the target does."""
    done = revisions.is_complete(target, snapshot.objects)
    going = {index: _untried(views[index], standing, now_ms) for index, standing in going.items()}
    # A group that was never open, in a cluster that never had another spec, is still being created.
    created = len(revisions.history(snapshot.objects, snapshot.cluster.metadata.uid)) <= 1
    for index, standing in sorted({**standings, **going}.items()):
        # What ran everywhere is no rollout any more.
        if (done and not standing.outdated) or (created and not views[index].life.initialized):
            continue
        pods = views[index].pods
        if standing.template_due:
            # What runs by an older wish than the target is about to be replaced; the same image is had by nobody, at a new try either.
            told = {change.reason.value for change in standing.changes or ()} - AGAIN
            image = target.content.spec["brokerImage"]
            pods = tuple(pod for pod in pods if _lacks(pod, told, image))
        if not views[index].life.initialized:
            # It waits for a person, and others may wait for an image that can be had (found by the simulator).
            pods = tuple(pod for pod in pods if pod.problem is None or pod.problem.reason not in OF_VOLUME)
        yield standing, pods


def halted(snapshot: ClusterSnapshot, groups: Iterable[Telling], rules: Restarts, now_ms: int) -> Problem | None:
    """The problem that a halted rollout of a cluster is."""
    problems = (halt(pods, standing, rules, snapshot.last_words, now_ms) for standing, pods in groups)
    return next(filter(None, problems), None)


def halt(
    pods: Iterable[PodFact], standing: Standing, rules: Restarts, words: Mapping[str, str], now_ms: int
) -> Problem | None:
    """The problem that a halted rollout is: the first of a workload's pods that failed; ``words`` are last log lines."""
    for pod in pods:
        # One that is to get something else says nothing about that.
        tells = pod.name not in standing.why or _lacks(pod, standing.why[pod.name])
        why = _failed(pod, rules.step_timeout_seconds, now_ms) if tells else ""
        if why:
            line = words.get(pod.name, "")
            last = f"; its last log line: {line}" if line and line not in why else ""
            return Problem(
                "RolloutHalted",
                f"the rollout stopped at {pod.name}: {why}{last}. Correct the spec, or go back with 'kubectl rocketmq rollout undo'; "
                "nothing else is restarted meanwhile",
            )
    return None


def tries(groups: Iterable[Telling], rules: Restarts, now_ms: int) -> str:
    """Which pod that failed with the target gets nothing else, but a new try. It halts nothing, or nobody would let it have that; until
    then what it failed with comes to no pod that serves (found by the simulator)."""
    for standing, pods in groups:
        for pod in pods:
            told = set(standing.why.get(pod.name, ()))
            again = told == {Reason.REQUESTED.value} or (told & AGAIN and _lacks(pod, told - AGAIN))
            why = _failed(pod, rules.step_timeout_seconds, now_ms) if again else ""
            if why:
                return f"waits until {pod.name}, which failed, has tried again: {why}"
    return ""


def _untried(view: GroupView, standing: Standing, now_ms: int) -> Standing:
    """How a group that leaves stands without what comes to none of its pods: they restart only for want of a master
    (``turn.mended``), so one that is asked for is no new try. What the target has otherwise still tells that a pod, which has it not,
    says nothing about it."""
    if lost(view, now_ms) and view.life.phase not in OVER:
        return standing
    told = {name: tuple(each for each in why if each not in AGAIN) for name, why in standing.why.items()}
    why = {name: reasons for name, reasons in told.items() if reasons}
    changes = standing.changes and tuple(each for each in standing.changes if each.reason.value not in AGAIN)
    outdated = tuple(pod for pod in standing.outdated if pod.name in why)
    return msgspec.structs.replace(standing, changes=changes, outdated=outdated, why=why)


def _failed(pod: PodFact, timeout: int, now_ms: int) -> str:
    """How a pod failed; empty if it did not."""
    if pod.ready:
        return ""
    if pod.problem:
        # One that is being stopped has failed all the same, and ends only when its node is back.
        return pod.problem.message
    if not pod.deleting and pod.created and now_ms - pod.created > timeout * 1000:
        return f"{pod.name} is not ready {timeout} s after its start"
    return ""


def _lacks(pod: PodFact, told: Iterable[str], image: str = "") -> bool:
    """Whether a pod lacks an image that it is to have again: what else has changed (reasons ``told``) gets it to nobody. Nor does another
    ``image``, if it is the one that this pod waits for: the good one between two tries has not come to it (found by the simulator)."""
    again = {Reason.IMAGE.value} if image and pod.image == image else set()
    return pod.problem is not None and pod.problem.reason == NO_IMAGE and not (GETS_IMAGE - again) & set(told)
