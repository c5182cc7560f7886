"""RocketMQ Operator: creates, operates and scales self-healing RocketMQ clusters on Kubernetes."""

__version__ = "0.1.0"
