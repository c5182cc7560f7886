"""Who is in a cluster: groups and members that a spec asks for."""

from rocketmq_operator.api import BrokerClusterSpec


def member_count(spec: BrokerClusterSpec) -> int:
    """Brokers in each group: ``allMaster`` is one master a group, whatever ``membersPerGroup`` says."""
    return 1 if spec.all_master else spec.members_per_group


def broker_name(spec: BrokerClusterSpec, group: int) -> str:
    """RocketMQ's name of a group, as in the seed: ``broker-0``."""
    return f"{spec.broker_name_prefix}-{group}"
