"""Which topics and consumer groups are RocketMQ's own (TopicValidator, MixAll, TopicConfigManager, SubscriptionGroupManager)."""

RETRY, DEAD = "%RETRY%", "%DLQ%"

HALF = "RMQ_SYS_TRANS_HALF_TOPIC"
HALF_READER = "CID_RMQ_SYS_TRANS"
REVIVE = "rmq_sys_REVIVE_LOG_"
REVIVE_READER = "CID_RMQ_SYS_REVIVE_GROUP"
CHECKED_TOO_OFTEN = "TRANS_CHECK_MAX_TIME_TOPIC"
TRACE = "RMQ_SYS_TRACE_TOPIC"

INTERNAL = frozenset(
    {
        "SCHEDULE_TOPIC_XXXX",
        HALF,
        "RMQ_SYS_TRANS_OP_HALF_TOPIC",
        "rmq_sys_wheel_timer",
        "RMQ_SYS_ROCKSDB_OFFSET_TOPIC",
        "RMQ_ROCKSDB_TIMER_TOPIC",
        "OFFSET_MOVED_EVENT",
    }
)
"""Topics whose content is counted otherwise (delay, timers, half messages) or means nothing to users."""

MADE_BY_ITSELF = frozenset({"TBW102", "SELF_TEST_TOPIC", "BenchmarkTest", CHECKED_TOO_OFTEN, TRACE, *INTERNAL})
"""Topics that every broker has of itself."""


def internal(topic: str) -> bool:
    """Whether a topic's messages are RocketMQ's own book-keeping."""
    return (
        topic in INTERNAL or topic.startswith((REVIVE, "rmq_sys_SYNC_BROKER_MEMBER_")) or topic.endswith("_REPLY_TOPIC")
    )


def copied(topic: str, brokers: frozenset[str]) -> bool:
    """Whether another group must have this topic, too; ``brokers`` are names of brokers and of the cluster.

    Retry and dead-letter topics come with their consumers, the rest that is left out every broker makes for itself.
    """
    own = topic in MADE_BY_ITSELF or topic in brokers or internal(topic)
    return not own and not topic.startswith((RETRY, DEAD))


def copied_group(group: str) -> bool:
    """Whether another broker must have this consumer group, too."""
    return not group.startswith(("CID_RMQ_SYS_", "CID_SYS_RMQ_"))


def retry_reader(topic: str) -> str | None:
    """The consumer group that reads a retry topic."""
    return topic.removeprefix(RETRY) if topic.startswith(RETRY) else None
