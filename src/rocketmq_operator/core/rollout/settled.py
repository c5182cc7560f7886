"""A cluster as it will be once each group has the members that its spec asks for: sizes are settled before pods restart."""

import msgspec

from .. import names
from ..facts import BrokerFact, ClusterSnapshot, PodFact
from ..members import member_count
from .template import started


def settled(snapshot: ClusterSnapshot, now_ms: int) -> ClusterSnapshot:
    """Without members that leave; with those that come, as full copies, started for the template of now."""
    spec, count = snapshot.cluster.spec, member_count(snapshot.cluster.spec)
    pods = [pod for pod in snapshot.pods if pod.group >= spec.group_replica or pod.member < count]
    brokers = dict(snapshot.brokers)
    for master in [pod for pod in pods if not pod.member and pod.group < spec.group_replica]:
        members = {pod.member for pod in pods if pod.group == master.group}
        for member in sorted(set(range(count)) - members):
            pod = _coming(snapshot, master, member, now_ms)
            pods.append(pod)
            if (fact := brokers.get(master.name)) is not None:
                brokers[pod.name] = _copy(fact, member)
                brokers[master.name] = _waiting(fact, spec.replication_mode.value == "SYNC")
    ordered = tuple(sorted(pods, key=lambda pod: (pod.group, pod.member)))
    return msgspec.structs.replace(snapshot, pods=ordered, brokers=brokers)


def _coming(snapshot: ClusterSnapshot, master: PodFact, member: int, now_ms: int) -> PodFact:
    workload = names.workload(snapshot.cluster.metadata.name, master.group)
    fact = snapshot.objects.get(("StatefulSet", workload))
    return PodFact(
        names.broker_pod(snapshot.cluster.metadata.name, master.group, member),
        "",
        member,
        master.group,
        ready=True,
        revision=started(fact) if fact else master.revision,
        created=now_ms,
    )


def _copy(master: BrokerFact, member: int) -> BrokerFact:
    return msgspec.structs.replace(master, broker_id=member, role="SLAVE")


def _waiting(master: BrokerFact, sync: bool) -> BrokerFact:
    """A master that gets its first slave waits for it from then on."""
    return msgspec.structs.replace(master, in_sync=2) if sync and master.in_sync == 1 else master
