"""Brokers as a resource's own status tells of them, for those who cannot ask the brokers themselves (the kubectl plugin)."""

import msgspec

from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.api.brokercluster_status import BrokerGroup, BrokerMember

from ..facts import BrokerFact, ClusterSnapshot
from ..intent_data import data_of

BEHIND = 1 << 40
"""Stands for what a slave that is no full copy lacks, whose size nobody here knows."""


def of_status(snapshot: ClusterSnapshot) -> ClusterSnapshot:
    """The snapshot with a fact for each broker that answered the operator's last look; copies wanted are in the intents."""
    status = snapshot.cluster.status
    found: dict[str, BrokerFact] = {}
    for group in status.broker_groups if status else ():
        copies = (data_of(snapshot, group.index) or {}).get("inSyncReplicas", "")
        for member in group.members:
            if member.version:
                found[member.pod] = _fact(snapshot.cluster, group, member, int(copies) if copies.isdecimal() else 0)
    return msgspec.structs.replace(snapshot, brokers=found)


def _fact(cluster: BrokerCluster, group: BrokerGroup, member: BrokerMember, copies: int) -> BrokerFact:
    return BrokerFact(
        cluster=cluster.spec.cluster_name,
        name=group.name,
        broker_id=member.broker_id,
        role=member.role,
        version=member.version,
        permission=6 if member.accepting or member.broker_id else 4,
        max_offset=BEHIND if member.full_copy else 0,
        in_sync=0 if member.version.startswith("4.") else copies,
    )
