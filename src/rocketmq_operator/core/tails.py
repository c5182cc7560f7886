"""Whether a master holds at the end of its log what its slaves hold there; offsets alone do not tell.

A master that lost its last messages takes what consumers send back from its start on, and writes delayed and timed messages
by itself: no fence stops that. Once its log is as long as its slave's, it looks complete. The slave copies what lies behind its
own end, whatever stands before it, and then sorts nothing any more (run on 4.9.7, 5.3.3 and 5.4.0).
"""

from collections.abc import Iterable, Mapping

from .facts import BrokerFact, PodFact, Problem, Tail


def comparable(pods: Iterable[PodFact], brokers: Mapping[str, BrokerFact], master: BrokerFact) -> tuple[str, ...]:
    """The slaves that answer and hold something of what their master has not deleted."""
    found = ((pod.name, brokers.get(pod.name)) for pod in pods if pod.member)
    return tuple(
        name for name, slave in found if slave and slave.max_offset > max(0, master.min_offset, slave.min_offset)
    )


def differing(slaves: Iterable[str], tails: Mapping[str, Tail]) -> Problem | None:
    """A slave that holds other messages than its master. It is the same as one that holds more: opening loses what it holds."""
    for name in slaves:
        tail = tails.get(name)
        if tail is not None and tail.differs_at >= 0:
            return Problem(
                "MasterBehindSlave",
                f"{name} holds a message at offset {tail.differs_at} of the log that its master does not have there: the master "
                "lost its last messages and has written over their place; it stays closed, since opening it would lose what "
                f"{name} holds. Restore the master's volume, or copy the slave's; or, to give up what only {name} holds, delete its "
                "claim and its pod, and it is made anew",
            )
    return None
