"""What holds a rollout: a person (pause), a step that failed (halt), the time (windows), the canary, the rest of the fleet."""

from collections.abc import Mapping

import msgspec

from rocketmq_operator.api.rollout import Canary, Rollout

from .. import names
from ..facts import ClusterSnapshot, Problem
from ..groups.view import Views
from . import failed, revisions, windows
from .diff import Reason
from .requests import bad_times
from .standing import Standing
from .target import Target


class Hold(msgspec.Struct, frozen=True):
    """``hard`` stops also a group that has begun, at its next step; ``soft`` keeps others from beginning. ``tries``: a pod that failed
    with the target is to try once more, and open groups that are well wait for it. ``proves``: a first group is to show that the
    target serves."""

    hard: str = ""
    soft: str = ""
    tries: str = ""
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
    telling = list(failed.telling(snapshot, views, standings, going, target, now_ms))
    halted = failed.halted(snapshot, telling, rules, now_ms)
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
    tries = failed.tries(telling, rules, now_ms)
    return Hold(hard, soft, tries, halted, tuple(problems), upgrading and not soft, proves)


def paused(annotations: Mapping[str, str]) -> str:
    """Whether a person holds it."""
    return (
        "it is paused ('kubectl rocketmq rollout resume' lets it go on)"
        if annotations.get(names.ROLLOUT_PAUSED) == "true"
        else ""
    )


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
