"""What holds a rollout: a person (pause), a step that failed (halt), the time (windows), the canary, the rest of the fleet."""

from collections.abc import Iterable, Mapping

import msgspec

from rocketmq_operator.api.rollout import Canary, Restarts, Rollout

from .. import names
from ..facts import ClusterSnapshot, PodFact, Problem
from ..groups.life import OVER
from ..groups.view import GroupView, Views
from ..pods import NO_IMAGE
from . import revisions, windows
from .diff import Reason
from .members import lost
from .requests import bad_times
from .standing import Standing
from .target import Target

AGAIN = frozenset({Reason.OPERATOR.value, Reason.REQUESTED.value})
"""Reasons that start a pod with what it has: a new try."""
GETS_IMAGE = AGAIN | {Reason.IMAGE.value, Reason.POD.value}
"""Changes that may get a pod its image: another one, a pull secret, or a new try."""
OF_VOLUME = frozenset({"VolumeOfAnother", "VolumeOfEarlierLife", "VolumeUnstamped"})
"""Refusals of ``broker.sh`` that no template changes; a person has to see to the volume."""


class Hold(msgspec.Struct, frozen=True):
    """``hard`` stops also a group that has begun, at its next step; ``soft`` keeps others from beginning. ``proves``: a first
    group is to show that the target serves."""

    hard: str = ""
    soft: str = ""
    halted: Problem | None = None
    problems: tuple[Problem, ...] = ()
    upgrading: bool = False
    proves: bool = False


def find(
    snapshot: ClusterSnapshot,
    views: Views,
    standings: Mapping[int, Standing],
    going: Mapping[int, Standing],
    target: Target,
    now_ms: int,
) -> Hold:
    """What holds the groups of a cluster; those that leave (``going``) halt it as well, since what fails there fails elsewhere."""
    rules = snapshot.cluster.spec.rollout or Rollout()
    halted = _halted(snapshot, views, standings, going, target, rules, now_ms)
    meta, workloads = snapshot.cluster.metadata, (standing.workload for standing in standings.values())
    bad = bad_times(f"BrokerCluster {meta.name}", meta.annotations, workloads, snapshot.pods)
    problems = [*([halted] if halted else []), *windows.problems(rules.maintenance_windows), *bad]
    hard = paused(snapshot.cluster.metadata.annotations) or (f"it is halted: {halted.message}" if halted else "")
    upgrading = _upgrading(standings)
    proves = rules.canary is not None and to_prove(snapshot, standings, target)
    soft = (
        windows.closed(rules.maintenance_windows, now_ms)
        or ("waits until its name servers have restarted" if snapshot.servers_rolling else "")
        or (_fleet(snapshot) if upgrading else "")
        or (_canary(views, standings, target, rules.canary, now_ms) if rules.canary and proves else "")
    )
    return Hold(hard, soft, halted, tuple(problems), upgrading and not soft, proves)


def paused(annotations: Mapping[str, str]) -> str:
    """Whether a person holds it."""
    return (
        "it is paused ('kubectl rocketmq rollout resume' lets it go on)"
        if annotations.get(names.ROLLOUT_PAUSED) == "true"
        else ""
    )


def _failed(pod: PodFact, standing: Standing, timeout: int, now_ms: int) -> str:
    """Why a restarted pod counts as failed; empty if it does not."""
    if pod.ready or (pod.name in standing.why and not _lacks(pod, standing.why[pod.name])):
        return ""
    if pod.problem:
        # One that is being stopped has failed all the same, and ends only when its node is back.
        return pod.problem.message
    if not pod.deleting and pod.created and now_ms - pod.created > timeout * 1000:
        return f"{pod.name} is not ready {timeout} s after its start"
    return ""


def halt(
    pods: Iterable[PodFact], standing: Standing, rules: Restarts, words: Mapping[str, str], now_ms: int
) -> Problem | None:
    """The problem that a halted rollout is: the first of a workload's pods that failed; ``words`` are last log lines."""
    for pod in pods:
        why = _failed(pod, standing, rules.step_timeout_seconds, now_ms)
        if why:
            line = words.get(pod.name, "")
            last = f"; its last log line: {line}" if line and line not in why else ""
            return Problem(
                "RolloutHalted",
                f"the rollout stopped at {pod.name}: {why}{last}. Correct the spec, or go back with 'kubectl rocketmq rollout undo'; "
                "nothing else is restarted meanwhile",
            )
    return None


def _halted(
    snapshot: ClusterSnapshot,
    views: Views,
    standings: Mapping[int, Standing],
    going: Mapping[int, Standing],
    target: Target,
    rules: Restarts,
    now_ms: int,
) -> Problem | None:
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
            # What runs by an older wish than the target is about to be replaced; the same image is had by nobody.
            told = [change.reason.value for change in standing.changes or ()]
            image = target.content.spec["brokerImage"]
            pods = tuple(pod for pod in pods if _lacks(pod, told, image))
        if not views[index].life.initialized:
            # It waits for a person, and others may wait for an image that can be had (found by the simulator).
            pods = tuple(pod for pod in pods if pod.problem is None or pod.problem.reason not in OF_VOLUME)
        problem = halt(pods, standing, rules, snapshot.last_words, now_ms)
        if problem:
            return problem
    return None


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


def _lacks(pod: PodFact, told: Iterable[str], image: str = "") -> bool:
    """Whether a pod lacks an image that it is to have again: what else has changed (reasons ``told``) gets it to nobody. Nor does another
    ``image``, if it is the one that this pod waits for: the good one between two tries has not come to it (found by the simulator)."""
    again = {Reason.IMAGE.value} if image and pod.image == image else set()
    return pod.problem is not None and pod.problem.reason == NO_IMAGE and not (GETS_IMAGE - again) & set(told)


def _upgrading(standings: Mapping[int, Standing]) -> bool:
    """Whether nothing but a newer operator wants restarts."""
    return {standing.reason() for standing in standings.values() if standing.due} == {Reason.OPERATOR.value}


def _fleet(snapshot: ClusterSnapshot) -> str:
    if snapshot.others_rolling < snapshot.most_rolling:
        return ""
    return f"waits for {snapshot.others_rolling} other clusters that are restarted after an upgrade of the operator"


def _canary(views: Views, standings: Mapping[int, Standing], target: Target, rules: Canary, now_ms: int) -> str:
    """Whether the first group has proven the target."""
    first = proven(standings, target)
    if not first:
        return ""
    pods = views[first[0]].pods
    again = [pod.name for pod in pods if pod.restarts]
    name = views[first[0]].name
    if rules.soak_seconds is None or again:
        why = f"; {', '.join(again)} was started again since" if again else ""
        return f"{name} is the canary{why}: 'kubectl rocketmq promote' lets the others follow"
    left = rules.soak_seconds - (now_ms - max((pod.created for pod in pods), default=now_ms)) // 1000
    return f"{name} is the canary and must serve {rules.soak_seconds} s" if left > 0 else ""


def to_prove(snapshot: ClusterSnapshot, standings: Mapping[int, Standing], target: Target) -> bool:
    """Whether a first group is to show that the target serves; a restart without a new revision needs no proof."""
    if len(standings) == 1 or not any(each.template_due or _behind(each) for each in standings.values()):
        return False
    promoted = snapshot.cluster.metadata.annotations.get(names.PROMOTED, "") == target.revision
    return not promoted and not revisions.is_complete(target, snapshot.objects)


def proven(standings: Mapping[int, Standing], target: Target) -> list[int]:
    """The groups that run the target entirely."""
    return [index for index, each in sorted(standings.items()) if each.revision == target.revision and not each.due]


def _behind(standing: Standing) -> bool:
    return any(set(each) - {Reason.REQUESTED.value} for each in standing.why.values())
