"""The client: all operations on one pool of connections."""

from rocketmq_operator.admin.access import AccessOperations
from rocketmq_operator.admin.broker import BrokerOperations
from rocketmq_operator.admin.controller import ControllerOperations
from rocketmq_operator.admin.log import LogOperations
from rocketmq_operator.admin.messages import MessageOperations
from rocketmq_operator.admin.metadata import MetadataOperations
from rocketmq_operator.admin.nameserver import NameServerOperations
from rocketmq_operator.admin.offsets import OffsetOperations


class Admin(
    NameServerOperations,
    BrokerOperations,
    MetadataOperations,
    OffsetOperations,
    LogOperations,
    MessageOperations,
    ControllerOperations,
    AccessOperations,
):
    """Asks and tells RocketMQ servers; addresses are "host:port".

    Every operation is one request and raises Unreachable, Refused or Malformed. Operations are safe to run at once,
    and to cancel. Made in a running event loop, used in that one only, closed at the end (`async with` does).
    """

    async def __aenter__(self) -> "Admin":
        return self
