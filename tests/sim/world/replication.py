"""HA: slaves copy the master's log from where theirs ends; a send waits until enough of them have it."""

from typing import TYPE_CHECKING

from .store import FILE

if TYPE_CHECKING:
    from .broker import Broker, Done

WAIT_SECONDS = 3.0
PORTION = 64


class Slaves:
    """A master's connections."""

    def __init__(self, master: "Broker") -> None:
        self._master = master
        self.joined: list[Broker] = []
        self._waiting: list[tuple[int, float, Done]] = []
        self._moving = False

    def has(self, slave: "Broker") -> bool:
        """Whether a slave is connected."""
        return slave in self.joined and self._linked(slave)

    def join(self, slave: "Broker") -> None:
        """A slave connects. An empty one begins with the last file only (run on 5.4.0), unless its script seeded it."""
        if slave.dead or not slave.listening or not self._master.listening or slave.master is not self._master:
            return
        if not self._linked(slave):
            slave.master = None
            return
        mine, theirs = self._master.store, slave.store
        if not theirs.records and theirs.base == 0:
            theirs.start_at(max(mine.base, mine.end // FILE * FILE))
        if slave not in self.joined:
            self.joined.append(slave)
        self.move()

    def _linked(self, slave: "Broker") -> bool:
        return slave.listening and slave.pod.reachable and self._master.pod.reachable

    def move(self) -> None:
        """Something is to be copied."""
        if not self._moving and self.joined:
            self._moving = True
            self._master.kernel.later(self._master.world.random.uniform(0.01, 0.4), self._copy)

    def _copy(self) -> None:
        self._moving = False
        if not self._master.listening:
            return
        mine, now = self._master.store, self._master.kernel.now()
        again = 0.0
        for slave in list(self.joined):
            if not slave.listening:
                self.joined.remove(slave)
            elif not self._linked(slave):
                again = 2.0
            elif slave.lagging_until > now:
                again = slave.lagging_until - now
            elif slave.store.end < mine.end:
                slave.store.copy_from(mine, PORTION)
                again = again or 0.05 * (slave.store.end < mine.end)
            if slave.caught_up_at is None and slave.store.end >= mine.end:
                slave.caught_up_at = now
        self.acknowledge()
        if again:
            self._moving = True
            self._master.kernel.later(again, self._copy)

    def wait(self, end: int, done: "Done") -> None:
        """Call ``done`` with the response's code once enough members have the log up to ``end``, or time is up."""
        self._waiting.append((end, self._master.kernel.now() + WAIT_SECONDS, done))
        self.move()
        if not self.acknowledge():
            self._master.kernel.later(WAIT_SECONDS + 0.01, self.acknowledge)

    def acknowledge(self) -> bool:
        """Answer those that need wait no longer; only numbers are compared, never contents. False if some still wait."""
        now, needed = self._master.kernel.now(), self._master.copies - 1
        left = []
        for end, until, done in self._waiting:
            have = sum(slave.store.end >= end for slave in self.joined if slave.listening) if needed else 0
            if have >= needed:
                done(0)
            elif now >= until:
                done(12)
            else:
                left.append((end, until, done))
        self._waiting = left
        return not left

    def end(self) -> None:
        """The master is gone: whoever waits hears nothing."""
        self._waiting.clear()
        self.joined.clear()
