"""What an operation costs in requests: the operator's own to the API server, and those to name servers and brokers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from .audit import Entry, read
from .counting import calls_in, counts, metrics, sort_out
from .figures import Series
from .kubectl import Kubectl

LOG_SECONDS = 1.0
"""The audit log is written in batches."""


class Requests(msgspec.Struct, frozen=True):
    """Reads and writes of the API server, Leases aside, by verb and target; requests to RocketMQ by name."""

    reads: Counter[str]
    writes: Counter[str]
    calls: Counter[str]


class Account:
    """Opened before an operation and closed after it."""

    def __init__(self, kubectl: Kubectl, log: Path, calls: Counter[str]) -> None:
        self._kubectl, self._log, self._calls = kubectl, log, calls
        self._offset, self._since = log.stat().st_size, datetime.now(UTC)

    @classmethod
    async def open(cls, kubectl: Kubectl, log: Path) -> "Account":
        """From now on."""
        return cls(kubectl, log, calls_in(await metrics(kubectl)))

    async def close(self) -> tuple[Requests, list[Entry]]:
        """Up to now; and everything that the audit log holds of that time."""
        until, calls = datetime.now(UTC), calls_in(await metrics(self._kubectl)) - self._calls
        await asyncio.sleep(LOG_SECONDS)
        entries = list(read(self._log, self._offset))
        reads, writes, _ = sort_out(entries, self._since, until)
        return Requests(reads, writes, calls), entries


def series(title: str, found: Sequence[Requests]) -> list[Series]:
    """Their numbers, a sample for each time."""
    sorts: list[tuple[str, Callable[[Requests], Counter[str]]]] = [
        ("API server, writes", lambda each: each.writes),
        ("API server, reads", lambda each: each.reads),
        ("RocketMQ", lambda each: each.calls),
    ]
    return [
        Series(f"  {title}: {name}", "requests", [float(sort(each).total()) for each in found]) for name, sort in sorts
    ]


def facts(title: str, last: Requests) -> dict[str, str | int | float]:
    """Each sort of request, in words."""
    return {
        f"{title}: writes": counts(last.writes),
        f"{title}: reads": counts(last.reads),
        f"{title}: calls": counts(last.calls),
    }
