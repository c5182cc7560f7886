"""Who is in a cluster: groups and members that a spec asks for."""

from rocketmq_operator.api import BrokerClusterSpec

from .facts import ClusterSnapshot


def member_count(spec: BrokerClusterSpec) -> int:
    """Brokers in each group: ``allMaster`` is one master a group, whatever ``membersPerGroup`` says."""
    return 1 if spec.all_master else spec.members_per_group


def broker_name(spec: BrokerClusterSpec, group: int) -> str:
    """RocketMQ's name of a group, as in the seed: ``broker-0``."""
    return f"{spec.broker_name_prefix}-{group}"


def existing(snapshot: ClusterSnapshot) -> list[int]:
    """Groups that have a StatefulSet."""
    return snapshot.known("existing", lambda: _existing(snapshot))


def _existing(snapshot: ClusterSnapshot) -> list[int]:
    name = snapshot.cluster.metadata.name
    numbers = (each.removeprefix(f"{name}-") for kind, each in snapshot.objects if kind == "StatefulSet")
    return sorted(int(number) for number in numbers if number.isdecimal())
