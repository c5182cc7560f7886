"""What a rollout does besides restarts: revisions, live changes, automatic rollback."""

from collections.abc import Iterable

from . import names
from .build import config
from .cluster_owner import owner_of
from .facts import BrokerFact, ClusterSnapshot, PodFact
from .groups.decide import Groups
from .groups.life import Phase
from .groups.view import GroupView
from .plan import Action, Configure
from .rollout import revisions
from .rollout.live_keys import live


def actions(snapshot: ClusterSnapshot, groups: Groups) -> list[Action]:
    """In their order: what is remembered comes before what is changed."""
    if snapshot.problems:
        return []
    cluster, course = snapshot.cluster, groups.course
    found = remembered(snapshot, groups)
    if found:
        # Everything that follows is told by the name of its revision, which must exist first.
        return found
    for index, standing in course.standings.items():
        found += revisions.adopted(standing, course.target)
        found += standing.held_back(groups.views[index].pods, course.target.revision, snapshot.release)
    found += [each for view in groups.views.values() for each in _live(snapshot, view)]
    if _everywhere(groups):
        found += revisions.complete(course.target, snapshot.objects)
    running = (fact.version for fact in snapshot.brokers.values())
    return found + revisions.rollback(cluster, course.target, snapshot.objects, course.halted, running)


def remembered(snapshot: ClusterSnapshot, groups: Groups) -> list[Action]:
    """What writes the revision that is to run, where it is not there yet."""
    cluster = snapshot.cluster
    limit = cluster.spec.rollout.history_limit if cluster.spec.rollout else 10
    labels = names.cluster_labels(cluster.metadata.name)
    return revisions.actions(groups.course.target, snapshot.objects, owner_of(cluster), labels, limit)


def _live(snapshot: ClusterSnapshot, view: GroupView) -> Iterable[Action]:
    """Settings that running brokers are told; also where somebody changed one behind our back."""
    if view.life.phase is not Phase.SERVING or view.index >= snapshot.cluster.spec.group_replica:
        return
    settings = config.live_settings(snapshot.cluster.spec, snapshot.config)
    for pod in view.pods:
        fact = snapshot.brokers.get(pod.name)
        values = _differing(settings, fact) if fact else {}
        if values:
            yield _told(view, pod, values)


def _differing(settings: dict[str, str], fact: BrokerFact) -> dict[str, str]:
    return {
        key: value
        for key, value in settings.items()
        if fact.settings.get(key, value) != value and live(key, value, fact.version)
    }


def _told(view: GroupView, pod: PodFact, values: dict[str, str]) -> Configure:
    words = ", ".join(f"{key}={value}" for key, value in sorted(values.items()))
    return Configure("SettingsChanged", f"told {pod.name}: {words}", view.address_of(pod), pod.name, values)


def _everywhere(groups: Groups) -> bool:
    """Whether every group runs the target, and well."""
    course = groups.course
    return (
        bool(course.standings)
        and not course.ills
        and all(
            standing.revision == course.target.revision and not standing.due for standing in course.standings.values()
        )
    )
