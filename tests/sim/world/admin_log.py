"""What the Admin client asks brokers about their logs: where messages lie, and what lies there."""

from .broker import Broker
from .calls import Calls
from .store import RECORD, Record


class LogCalls(Calls):
    """As masters and slaves answer alike. A message of the log is a whole record here."""

    async def stored(self, addr: str, place: int) -> bytes | None:
        return await self._broker(addr, "stored", lambda broker: _stored(broker, place))

    async def place(self, addr: str, topic: str, queue_id: int, offset: int) -> int | None:
        return await self._broker(addr, "place", lambda broker: _place(broker, topic, queue_id, offset))

    async def offset_at(self, addr: str, topic: str, queue_id: int, stored_ms: int) -> int:
        def first(broker: Broker) -> int:
            later = (each.offset for each in _queue(broker, topic, queue_id) if each.stored_ms >= stored_ms)
            return next(later, broker.store.queues.get((topic, queue_id), (0, 0))[1])

        return await self._broker(addr, "offset_at", first)


def _queue(broker: Broker, topic: str, queue: int) -> list[Record]:
    return broker.store.lists.get((topic, queue), [])


def _stored(broker: Broker, place: int) -> bytes | None:
    store = broker.store
    position, inside = divmod(place, RECORD)
    if inside or not store.base <= position < store.end:
        return None
    record = store.records[position - store.base]
    return repr((record.batch.number, *record[1:])).encode()


def _place(broker: Broker, topic: str, queue: int, offset: int) -> int | None:
    for record in reversed(_queue(broker, topic, queue)):
        if record.offset <= offset < record.offset + record.batch.count:
            # From the end: what is asked for are last messages.
            for position in reversed(range(broker.store.base, broker.store.end)):
                if broker.store.records[position - broker.store.base] is record:
                    return position * RECORD
    return None
