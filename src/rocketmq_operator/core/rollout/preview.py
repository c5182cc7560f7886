"""What an edit would do, before it is applied. Pure: asks the rules that the operator itself decides with."""

from collections.abc import Iterable

import msgspec

from rocketmq_operator.api import BrokerCluster

from ..facts import ClusterSnapshot, Problem
from ..groups.decide import views_of
from . import hold, survey, versions
from .diff import Change, changes, of_cluster
from .foresight import Closing, Foreseen, Restart, foresee
from .live_keys import live
from .preview_words import numbers, other_fields, rules, shared_pauses
from .target import Target, resolve


class Preview(msgspec.Struct, frozen=True, rename="camel"):
    """``verdict``: nothing, live, restart or refused. ``restarts`` come in their order. ``revision`` is what would run;
    ``changes`` lead to it from what is to run now. ``problems`` are why it is refused, in whole or in part; ``pauses`` what
    clients notice; ``numbers`` what comes and goes; ``rules`` what the spec says of rollouts; ``holds`` what keeps one from
    beginning now; ``others`` fields that change without any restart."""

    kind: str
    namespace: str
    name: str
    verdict: str
    revision: str
    changes: tuple[Change, ...] = ()
    restarts: tuple[Restart, ...] = ()
    closings: tuple[Closing, ...] = ()
    pauses: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    numbers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def preview(snapshot: ClusterSnapshot, after: BrokerCluster, config: str, now_ms: int) -> Preview:
    """What becomes of a cluster when ``after`` takes its place. ``snapshot`` is of now, but for its ``problems``, which are
    those of ``after``; ``config`` is the text of the ConfigMap that ``after`` names."""
    _, before = resolve(snapshot)
    status = after.status or snapshot.cluster.status
    edited = msgspec.structs.replace(snapshot, cluster=msgspec.structs.replace(after, status=status), config=config)
    edited, target = resolve(edited)
    found = _foreseen(edited, target, now_ms)
    told = _changes(edited, before, target)
    meta = after.metadata
    return Preview(
        kind=after.kind,
        namespace=meta.namespace,
        name=meta.name,
        verdict=verdict(found, told),
        revision=target.revision,
        changes=told,
        restarts=found.restarts,
        closings=found.closings,
        pauses=(*found.pauses, *shared_pauses(found.closings)),
        problems=found.refusals,
        numbers=numbers(snapshot.cluster.spec, edited.cluster.spec),
        rules=rules(edited.cluster.spec.rollout, found),
        holds=(*_holds(edited, target, now_ms, bool(found.restarts)), *undone(target)),
        others=other_fields(snapshot.cluster.spec, after.spec),
    )


def verdict(found: Foreseen, told: Iterable[Change]) -> str:
    """The gravest that happens."""
    if found.refusals:
        return "refused"
    if found.restarts:
        return "restart"
    return "live" if any(not change.restarts for change in told) else "nothing"


def undone(target: Target) -> list[str]:
    """That an undo is in force and stays so, since the edit leaves what pods see as it is."""
    if not target.undone:
        return []
    return [f"the undo stays in force: the spec asks for {target.asked}, {target.revision} runs instead"]


def _foreseen(snapshot: ClusterSnapshot, target: Target, now_ms: int) -> Foreseen:
    if snapshot.problems:
        return Foreseen(refusals=snapshot.problems)
    refused = versions.refused(snapshot.cluster.spec.broker_image, (fact.version for fact in snapshot.brokers.values()))
    return Foreseen(refusals=(refused,)) if refused else foresee(snapshot, target, now_ms)


def _changes(snapshot: ClusterSnapshot, before: Target, target: Target) -> tuple[Change, ...]:
    """From what is to run now to what would be to run."""
    cluster = snapshot.cluster
    running = {fact.version for fact in snapshot.brokers.values()}
    return tuple(
        changes(
            of_cluster(cluster, before.content),
            of_cluster(cluster, target.content),
            lambda key, value: all(live(key, value, version) for version in running),
        )
    )


def _holds(snapshot: ClusterSnapshot, target: Target, now_ms: int, due: bool) -> list[str]:
    """What keeps the rollout from beginning at once."""
    spec, found = snapshot.cluster.spec, []
    if spec.paused:
        found.append("spec.paused is true: nothing is changed until it is false")
    if not due or snapshot.problems:
        return found
    views = {index: view for index, view in views_of(snapshot, now_ms).items() if index < spec.group_replica}
    held = hold.find(snapshot, views, survey.standings(snapshot, views, target, now_ms), {}, target, now_ms)
    troubles = [problem.message for problem in held.problems if problem != held.halted]
    return [*found, *filter(None, (held.hard, held.soft)), *troubles]
