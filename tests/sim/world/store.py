"""A broker's store: commit log, queues, and the tables beside it. It is what a volume holds.

Positions in the log are counted in records; one record is a batch of messages and RECORD bytes. A file of the log holds
FILE records. Offsets of queues count messages.
"""

from typing import NamedTuple

from rocketmq_operator.remoting.bodies.metadata import GroupConfig, TopicConfig

from .ledger import Batch

RECORD = 4 << 20
FILE = 8

DELAY_TOPIC = "SCHEDULE_TOPIC_XXXX"
HALF_TOPIC = "RMQ_SYS_TRANS_HALF_TOPIC"
HALF_GROUP = "CID_RMQ_SYS_TRANS"
TIMER_TOPIC = "rmq_sys_wheel_timer"
RETRY = "%RETRY%"
DEAD = "%DLQ%"

Queue = tuple[str, int]


class Record(NamedTuple):
    """One entry of the commit log. ``offset`` is its first message's in its queue; ``due`` and ``target`` (topic, queue) say
    what becomes of a delayed, timed or half message, and ``target`` None of a half one that is rolled back. ``stored_ms``: when."""

    batch: Batch
    topic: str
    queue: int
    offset: int
    due: float = 0.0
    target: Queue | None = None
    stored_ms: int = 0


class Store:
    """The content of one volume. ``held`` counts the records of each batch by its number."""

    def __init__(self) -> None:
        self.base = 0
        self.records: list[Record] = []
        self.queues: dict[Queue, tuple[int, int]] = {}
        self.lists: dict[Queue, list[Record]] = {}
        self.held: dict[int, int] = {}
        self.topics: dict[str, TopicConfig] = {}
        self.groups: dict[str, GroupConfig] = {}
        self.offsets: dict[tuple[str, str, int], int] = {}
        self.offsets_disk: dict[tuple[str, str, int], int] = {}
        self.delivered: dict[Queue, int] = {}
        self.users: dict[str, object] = {}
        self.rules: dict[str, object] = {}
        self.version = 0
        """Changes with every record."""
        self.tables = 0
        """Changes with every topic or group."""

    @property
    def end(self) -> int:
        """The position behind the last record."""
        return self.base + len(self.records)

    @property
    def min_offset(self) -> int:
        """In bytes; -1 where there is no file at all (CommitLog.getMinOffset)."""
        return self.base * RECORD if self.records or self.base else -1

    @property
    def max_offset(self) -> int:
        """In bytes."""
        return self.end * RECORD

    def append(
        self, batch: Batch, topic: str, queue: int, due: float = 0.0, target: Queue | None = None, *, now: int = 0
    ) -> Record:
        """Write a batch; ``now`` in ms."""
        first = self.queues.get((topic, queue), (0, 0))[1]
        record = Record(batch, topic, queue, first, due, target, now)
        self._add(record)
        return record

    def _add(self, record: Record) -> None:
        at = (record.topic, record.queue)
        least, most = self.queues.get(at, (record.offset, record.offset))
        if record.offset < most:
            # Another's history at the same place: the queue's index keeps what it has.
            least = min(least, record.offset)
        self.queues[at] = (least, max(most, record.offset + record.batch.count))
        self.lists.setdefault(at, []).append(record)
        self.records.append(record)
        self.held[record.batch.number] = self.held.get(record.batch.number, 0) + 1
        self.version += 1

    @property
    def last_file(self) -> int:
        """Where the last file begins that holds a record."""
        return (self.end - 1) // FILE * FILE

    def empty(self, *, settings: bool) -> None:
        """All messages go, and all that is derived from them; with ``settings`` topics, groups and offsets, too."""
        self.base = 0
        self.records, self.queues, self.lists, self.held = [], {}, {}, {}
        self.version += 1
        if settings:
            self.topics, self.groups, self.offsets, self.delivered, self.tables = {}, {}, {}, {}, 0
            self.users, self.rules = {}, {}
            self.flush()

    def start_at(self, position: int) -> None:
        """An empty log that begins somewhere in the middle."""
        self.base = position

    def copy_from(self, other: "Store", most: int) -> None:
        """Replicate up to ``most`` records: what the other has behind our end, whatever stands before it."""
        start = self.end - other.base
        for record in other.records[start : start + most] if start >= 0 else ():
            self._add(record)

    def expire(self, files: int) -> None:
        """Delete the oldest files, never the last one."""
        count = max(0, min(files * FILE, (len(self.records) - 1) // FILE * FILE))
        for record in self.records[:count]:
            at = (record.topic, record.queue)
            self.lists[at].pop(0)
            self.queues[at] = (record.offset + record.batch.count, self.queues[at][1])
            self._forget(record)
        del self.records[:count]
        self.base += count

    def lose_tail(self, count: int) -> None:
        """The last records were not on the disk yet when the power failed."""
        for _ in range(count):
            record = self.records.pop()
            at = (record.topic, record.queue)
            self.lists[at].pop()
            self.queues[at] = (self.queues[at][0], record.offset)
            self._forget(record)
        self.version += 1

    def _forget(self, record: Record) -> None:
        left = self.held[record.batch.number] - 1
        if left:
            self.held[record.batch.number] = left
        else:
            del self.held[record.batch.number]

    def crash(self) -> None:
        """What a kill costs: the offsets since they were last written."""
        self.offsets = dict(self.offsets_disk)

    def reaches(self, other: "Store") -> bool:
        """Whether its log goes as far as another's, and so does each of its queues: one of which it never had a message, since all had
        expired before it began, would begin anew at 0 in it, behind what readers have committed, and they would skip what comes."""
        return self.end >= other.end and all(
            self.queues.get(at, (0, 0))[1] >= most for at, (_, most) in other.queues.items()
        )

    def flush(self) -> None:
        """Write the offsets."""
        self.offsets_disk = dict(self.offsets)

    def clone(self) -> "Store":
        """A copy of everything, as copying the files makes it. Files of queues are among them: one all of whose messages have expired goes on
        with the offset that it had."""
        other = Store()
        other.start_at(self.base)
        for record in self.records:
            other._add(record)
        other.queues = dict(self.queues)
        other.take_tables(self)
        return other

    def take_tables(self, other: "Store") -> None:
        """What a slave takes from its master every 10 s (SlaveSynchronize): topics, groups, offsets, delivered delays."""
        if self.tables != other.tables:
            self.topics, self.groups = dict(other.topics), dict(other.groups)
            self.tables = other.tables
        self.offsets = dict(other.offsets)
        self.delivered = dict(other.delivered)
        self.flush()
