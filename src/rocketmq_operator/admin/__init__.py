"""An asyncio client for RocketMQ's own servers: name servers, brokers, controllers."""

from rocketmq_operator.admin.client import Admin
from rocketmq_operator.admin.errors import AdminError, Malformed, Refused, Unreachable
from rocketmq_operator.remoting.signature import Credentials

__all__ = ["Admin", "AdminError", "Credentials", "Malformed", "Refused", "Unreachable"]
