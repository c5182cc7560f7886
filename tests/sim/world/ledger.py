"""Every message that was ever sent: who acknowledged it, who should read it, who has. The judge of loss."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .kernel import Kernel

if TYPE_CHECKING:
    from .store import Store


class Batch:
    """Messages that were sent in one go to one queue; they share their fate.

    ``acknowledged``: the producer got SEND_OK. ``readers``: consumer groups that must read it. ``read`` by those that have.
    """

    __slots__ = ("acknowledged", "count", "group", "number", "read", "readers", "sent_at", "topic")

    def __init__(self, number: int, topic: str, count: int, readers: frozenset[str], sent_at: float) -> None:
        self.number = number
        self.topic = topic
        self.count = count
        self.readers = readers
        self.read: set[str] = set()
        self.acknowledged = False
        self.group = ""
        self.sent_at = sent_at

    def __str__(self) -> str:
        return f"batch {self.number} ({self.count} of {self.topic}, sent to {self.group} at {self.sent_at:.1f})"

    @property
    def open(self) -> set[str] | frozenset[str]:
        """Groups that have still to read it."""
        return self.readers - self.read


class Ledger:
    """All batches. ``unread`` are those acknowledged that somebody has still to read."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.unread: dict[int, Batch] = {}
        self.acknowledged = 0
        self.total = 0
        self.twice = 0
        self.given_up = 0
        self.forsaken: set[str] = set()
        """Pods of clusters that a user deleted with what is in them: what they take before they end is given up, too."""

    def sent(self, topic: str, count: int, readers: Iterable[str]) -> Batch:
        """A new batch, on its way."""
        self.total += count
        return Batch(self._kernel.number(), topic, count, frozenset(readers), self._kernel.now())

    def acknowledge(self, batch: Batch, group: str, pod: str = "") -> None:
        """The producer was told SEND_OK by a pod (its uid)."""
        batch.group = group
        if not batch.acknowledged:
            batch.acknowledged = True
            self.acknowledged += batch.count
            if pod in self.forsaken:
                self.given_up += 1
            elif batch.open or not batch.readers:
                self.unread[batch.number] = batch

    def consumed(self, batch: Batch, group: str) -> None:
        """A consumer group has read it."""
        if group in batch.read:
            self.twice += batch.count
        batch.read.add(group)
        if batch.readers and not batch.open:
            self.unread.pop(batch.number, None)

    def give_up(self, numbers: Iterable[int]) -> None:
        """The user gave these batches up by name."""
        for number in list(numbers):
            self.unread.pop(number, None)
            self.given_up += 1

    def lost(self, stores: Iterable["Store"]) -> Iterator[Batch]:
        """Acknowledged batches that nobody holds any more though somebody has still to read them."""
        held = [store.held for store in stores]
        for number, batch in self.unread.items():
            if batch.readers and not any(number in each for each in held):
                yield batch
