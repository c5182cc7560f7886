"""Send to and pull from one queue of one broker: enough to prove that a cluster works, not a client for workloads."""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

import msgspec

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.admin.errors import Malformed
from rocketmq_operator.admin.metadata import AUTO_CREATE_TOPIC
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode
from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.message import Message, decode_messages, encode_message_properties

PRODUCER_GROUP = "TOOLS_PRODUCER"
CONSUMER_GROUP = "TOOLS_CONSUMER"
"""Groups of RocketMQ's own tools: every broker has them."""

_SUBSCRIPTION_IN_REQUEST = 4


class SendStatus(Enum):
    """What became of a message. Only SEND_OK means that it is as safe as the cluster promises; with the others it is
    stored on the master, and not (yet) elsewhere or on disk."""

    SEND_OK = ResponseCode.SUCCESS.value
    FLUSH_DISK_TIMEOUT = ResponseCode.FLUSH_DISK_TIMEOUT.value
    SLAVE_NOT_AVAILABLE = ResponseCode.SLAVE_NOT_AVAILABLE.value
    FLUSH_SLAVE_TIMEOUT = ResponseCode.FLUSH_SLAVE_TIMEOUT.value


class SendResult(msgspec.Struct, frozen=True):
    """Where a message was stored. `msg_id` is the broker's (host and log offset)."""

    status: SendStatus
    msg_id: str
    queue_id: int
    queue_offset: int


class PullStatus(Enum):
    """Why a pull gave what it gave."""

    FOUND = ResponseCode.SUCCESS.value
    NO_NEW_MESSAGE = ResponseCode.PULL_NOT_FOUND.value
    NO_MATCHED_MESSAGE = ResponseCode.PULL_RETRY_IMMEDIATELY.value
    OFFSET_ILLEGAL = ResponseCode.PULL_OFFSET_MOVED.value


class PullResult(msgspec.Struct, frozen=True):
    """Messages from a queue; `next_offset` is where to go on, `minimum` and `maximum` are the queue's ends."""

    status: PullStatus
    messages: list[Message]
    next_offset: int
    minimum: int
    maximum: int


class MessageOperations(Caller):
    """Send and pull."""

    _wall: Callable[[], float] = staticmethod(time.time)

    async def send(
        self,
        addr: str,
        topic: str,
        queue_id: int,
        body: bytes,
        keys: Sequence[str] = (),
        *,
        properties: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> SendResult:
        """Store one message (310) on a master, in exactly this queue. Refused where it is certainly not stored;
        Unreachable (with `sent`) where nobody can tell. Never repeated by itself."""
        code = RequestCode.SEND_MESSAGE_V2
        own = {**(properties or {}), "WAIT": "true"}
        if keys:
            own["KEYS"] = " ".join(keys)
        fields = {
            "a": PRODUCER_GROUP,
            "b": topic,
            "c": AUTO_CREATE_TOPIC,
            "d": 4,
            "e": queue_id,
            "f": 0,
            "g": int(self._wall() * 1000),
            "h": 0,
            "i": encode_message_properties(own),
            "j": 0,
            "k": False,
            "m": False,
        }
        accept = [status.value for status in SendStatus]
        response = await self.call(addr, code, fields, body, accept=accept, repeat=False, seconds=seconds)
        return SendResult(
            status=SendStatus(response.code),
            msg_id=response.fields.get("msgId", ""),
            queue_id=self.number(addr, code, response, "queueId"),
            queue_offset=self.number(addr, code, response, "queueOffset"),
        )

    async def pull(
        self, addr: str, topic: str, queue_id: int, offset: int, max_nums: int = 32, *, group: str = CONSUMER_GROUP
    ) -> PullResult:
        """Messages of a queue from `offset` on, at most `max_nums` (11). Commits nothing, waits for nothing."""
        code = RequestCode.PULL_MESSAGE
        fields = {
            "consumerGroup": group,
            "topic": topic,
            "queueId": queue_id,
            "queueOffset": offset,
            "maxMsgNums": max_nums,
            "sysFlag": _SUBSCRIPTION_IN_REQUEST,
            "commitOffset": 0,
            "suspendTimeoutMillis": 0,
            "subscription": "*",
            "subVersion": 0,
            "expressionType": "TAG",
        }
        response = await self.call(addr, code, fields, accept=[status.value for status in PullStatus])
        status = PullStatus(response.code)
        try:
            messages = decode_messages(response.body) if status is PullStatus.FOUND else []
        except BodyError as error:
            raise Malformed(addr, code.name, str(error)) from None
        return PullResult(
            status=status,
            messages=messages,
            next_offset=self.number(addr, code, response, "nextBeginOffset"),
            minimum=self.number(addr, code, response, "minOffset"),
            maximum=self.number(addr, code, response, "maxOffset"),
        )
