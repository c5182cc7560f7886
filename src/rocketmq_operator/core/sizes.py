"""The rule of ``membership`` put to a snapshot: what the intents say of members, and the actions that follow."""

from collections.abc import Iterable, Mapping

import msgspec

from . import membership, names, registration
from .build import config, storage
from .facts import BrokerFact, ClusterSnapshot, PodFact
from .groups.life import read
from .intent_data import data_of
from .members import broker_name, member_count
from .membership import Decision, Group
from .opening import started_closed
from .plan import Action, Configure, Remove, Resize
from .rollout.template import going_now

RESTART_AFTER_MS = 60_000
"""A slave that can never catch up is restarted, to be made anew by its script; not again before that had time to work."""


def decide(snapshot: ClusterSnapshot, index: int) -> Decision:
    """The next step of a group's members."""
    return snapshot.known(("decision", index), lambda: membership.decide(group_of(snapshot, index)))


def group_of(snapshot: ClusterSnapshot, index: int) -> Group:
    """What the rule needs to know."""
    return snapshot.known(("group", index), lambda: _group_of(snapshot, index))


def _group_of(snapshot: ClusterSnapshot, index: int) -> Group:
    spec = snapshot.cluster.spec
    said = data_of(snapshot, index) or {}
    return Group(
        name=broker_name(spec, index),
        wanted=member_count(spec),
        sync=spec.replication_mode.value == "SYNC",
        replicas=_replicas(snapshot, index),
        copies=_number(said.get("inSyncReplicas", "")) or 0,
        user_copies=_number(config.user_properties(spec, snapshot.config).get("inSyncReplicas", "")),
        pods=tuple(_as_told(snapshot, index)),
        brokers=snapshot.brokers,
        master_lost=_master_lost(snapshot, index),
        closed=_closed(snapshot, index, said),
        now_ms=snapshot.now_ms,
    )


def _master_lost(snapshot: ClusterSnapshot, index: int) -> bool:
    pod = names.broker_pod(snapshot.cluster.metadata.name, index, 0)
    claim = (snapshot.claims or {}).get(storage.store_claim(snapshot.cluster.spec, pod))
    return claim is not None and claim.lost


def _closed(snapshot: ClusterSnapshot, index: int, said: Mapping[str, str]) -> bool:
    fact = snapshot.brokers.get(names.broker_pod(snapshot.cluster.metadata.name, index, 0))
    return started_closed(fact, read(said), snapshot.now_ms)


def _as_told(snapshot: ClusterSnapshot, index: int) -> Iterable[PodFact]:
    """A group's pods; one that its controller was told to restart is as good as gone, though it may not be seen to go yet."""
    workload = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, index)))
    for pod in registration.pods_of(snapshot.pods, index):
        told = workload is not None and going_now(workload, pod)
        yield msgspec.structs.replace(pod, deleting=True) if told else pod


def intended(snapshot: ClusterSnapshot, index: int) -> dict[str, str]:
    """The part of a group's intent that speaks of its members."""
    decision = decide(snapshot, index)
    return {"members": str(decision.replicas), "inSyncReplicas": str(decision.copies)}


def actions(snapshot: ClusterSnapshot, index: int, decision: Decision) -> list[Action]:
    """What to do now. A master is told only what its intent says already, so that it finds the same after a restart."""
    group = group_of(snapshot, index)
    master = next((pod for pod in group.pods if not pod.member), None)
    found: list[Action] = []
    if decision.live is not None and decision.live == group.copies and master is not None:
        message = f"told the master of {group.name}: inSyncReplicas={decision.live}"
        address, values = f"{master.ip}:{names.BROKER_PORT}", {"inSyncReplicas": str(decision.live)}
        found.append(Configure("CopiesChanged", message, address, master.name, values))
    fact = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, index)))
    if fact is not None and group.replicas is not None and group.replicas != decision.replicas:
        word = "added" if decision.replicas > group.replicas else "removed"
        message = f"{group.name} has {decision.replicas} members instead of {group.replicas}"
        found.append(
            Resize(f"Member{word.capitalize()}", message, fact.name, fact.uid, fact.resource_version, decision.replicas)
        )
    return found


def restarts(snapshot: ClusterSnapshot, indexes: Iterable[int], now_ms: int) -> list[Action]:
    """Slaves whose master has deleted what they need next: they begin anew at their next start. One in a group at a time,
    and always the same one first, so that a view that lags does not lead to a second."""
    found: list[Action] = []
    for index in indexes:
        group = group_of(snapshot, index)
        behind = next(iter(_left_behind(group)), None)
        if behind is None or now_ms - behind[1].boot <= RESTART_AFTER_MS or not others_serve(group, behind[0]):
            continue
        pod = behind[0]
        message = f"restarted {pod.name}: its master has deleted what it lacks, it is copied anew"
        found.append(Remove("SlaveRestarted", message, "Pod", pod.name, pod.uid))
    return found


def others_serve(group: Group, taken: PodFact) -> bool:
    """Whether all other members are there, ready and answering, and nobody comes or goes."""
    others = [pod for pod in group.pods if pod.name != taken.name]
    changing = len(group.pods) != group.replicas or membership.decide(group).replicas != group.replicas
    return not changing and all(group.serves(pod) for pod in others)


def _left_behind(group: Group) -> Iterable[tuple[PodFact, BrokerFact]]:
    master = group.fact(0)
    for pod in group.slaves():
        fact = group.fact(pod.member)
        if master and fact and membership.left_behind(master, fact):
            yield pod, fact


def _replicas(snapshot: ClusterSnapshot, index: int) -> int | None:
    fact = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, index)))
    return fact.replicas if fact else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
