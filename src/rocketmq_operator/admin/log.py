"""Where messages lie in a broker's commit log, and what lies there: asked of masters and of slaves alike.

A slave of 5.x refuses pulls (slaveReadEnable is off by default); these questions it answers (run on 4.9.7, 5.3.3 and 5.4.0).
"""

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.remoting.bodies.consumption import QueueEntries
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode


class LogOperations(Caller):
    """The commit log by its bytes."""

    async def stored(self, addr: str, place: int) -> bytes | None:
        """The message that begins at a place (bytes) of the log, as it is stored (33); None where none begins.

        A broker says so with SYSTEM_ERROR, also where the place is in the middle of a message.
        """
        accept = (ResponseCode.SUCCESS, ResponseCode.SYSTEM_ERROR)
        response = await self.call(addr, RequestCode.VIEW_MESSAGE_BY_ID, {"offset": place}, accept=accept)
        return bytes(response.body) if response.code == ResponseCode.SUCCESS else None

    async def place(self, addr: str, topic: str, queue_id: int, offset: int) -> int | None:
        """Where in the log (bytes) a queue's message lies (321); None where the queue does not have it."""
        code = RequestCode.QUERY_CONSUME_QUEUE
        response = await self.call(addr, code, {"topic": topic, "queueId": queue_id, "index": offset, "count": 1})
        if not response.body:
            return None
        entries = self.read(addr, code, response, QueueEntries).entries
        return entries[0].place if entries else None

    async def offset_at(self, addr: str, topic: str, queue_id: int, stored_ms: int) -> int:
        """The offset of a queue's first message that was stored then or later (29). 4.9 gives the one before where that is nearer."""
        code = RequestCode.SEARCH_OFFSET_BY_TIMESTAMP
        response = await self.call(addr, code, {"topic": topic, "queueId": queue_id, "timestamp": stored_ms})
        return self.number(addr, code, response, "offset")
