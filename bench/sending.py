"""The official Java clients beside an operation, and what they found: the longest time without a successful send, losses.

`Traffic` is that of the end-to-end tests, taken from there rather than copied: what a test proves and what is measured here
must be one account. It imports no test framework; it blocks, so it runs in a thread.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from tests.e2e import kubectl as blocking
from tests.e2e.traffic import HOME, TOOLS_NAMESPACE, Traffic

from . import fixtures, manifests
from .commands import BenchError
from .figures import Series, tell
from .kubectl import Kubectl
from .ledgers import NAMES, Gap, longest_gap, reasons

Json = dict[str, Any]
LEAD_SECONDS = 10.0
"""Of sending before an operation, and after it: the gap at its end must have an end, too."""
LONGEST_SECONDS = 3600


class Gaps(msgspec.Struct, frozen=True):
    """What the clients found. `gap` is by the ledgers. The others are seconds without a successful send as the producer tells
    them: of all from its first turn, and of each group by its probes. `why` tells of sends that failed."""

    gap: Gap
    sent: int
    all_sends: float
    groups: dict[str, float]
    failed: int
    not_ok: int
    lost: int
    damaged: int
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether every acknowledged message arrived as it was sent."""
        return not self.lost and not self.damaged


def gaps(account: Json, lines: Mapping[str, list[str]]) -> Gaps:
    """From the summary of the producer, the account by key, and the lines of each ledger."""
    produced, checked = account["produce"], account["check"]
    groups = {name: found["longestGapMs"] / 1000 for name, found in produced["probes"].items()}
    return Gaps(
        gap=longest_gap(lines["intents"], lines["acknowledged"]),
        sent=produced["acknowledged"],
        all_sends=produced["longestGapMs"] / 1000,
        groups=groups,
        failed=produced["failed"],
        not_ok=produced["notOk"],
        lost=checked["lost"],
        damaged=checked["badCrc"],
        why=reasons(lines["failed"]),
    )


def series(title: str, found: Sequence[Gaps]) -> list[Series]:
    """A sample for each time."""
    counted: dict[str, list[int]] = {
        "sends acknowledged": [each.sent for each in found],
        "sends failed, after retries": [each.failed for each in found],
        "sends answered otherwise": [each.not_ok for each in found],
        "messages LOST": [each.lost for each in found],
        "messages damaged": [each.damaged for each in found],
    }
    groups = dict.fromkeys(name for each in found for name in each.groups)
    return [
        Series(f"  {title}: longest gap in successful sends, cluster", "s", [each.gap.seconds for each in found]),
        Series(f"  {title}: the same with the producer's start", "s", [each.all_sends for each in found]),
        *(
            Series(f"  {title}: longest gap, {name} (probes)", "s", [each.groups.get(name, 0.0) for each in found])
            for name in groups
        ),
        *(Series(f"  {title}: {name}", "messages", list(map(float, values))) for name, values in counted.items()),
    ]


class Sending:
    """Producer and consumer, from before an operation until after it."""

    def __init__(self, kubectl: Kubectl, servers: str, cluster: str, mix: str) -> None:
        path = kubectl.environment["PATH"]
        self._asking, self._run = kubectl, ""
        self._kubectl = blocking.Kubectl(kubectl.kubeconfig, path)
        self._servers, self._cluster, self._mix = servers, cluster, mix
        self._traffic: Traffic | None = None

    @asynccontextmanager
    async def through(self, run: str, rate: int) -> AsyncIterator[None]:
        """Clients that send all through what is done inside; ended in any case. `finish` gives the account."""
        self._run = run
        self._traffic = Traffic(self._kubectl, self._servers, run, cluster=self._cluster, mix=self._mix)
        try:
            tell(f"starting clients, {rate} messages a second")
            await _told(self._traffic.start, rate=rate, seconds=LONGEST_SECONDS)
            await asyncio.sleep(LEAD_SECONDS)
            yield
        finally:
            await asyncio.to_thread(self._traffic.leave)

    async def finish(self, at_least: int) -> Gaps:
        """Stop sending a little later, and wait until everything has arrived."""
        assert self._traffic is not None
        await asyncio.sleep(LEAD_SECONDS)
        tell("waiting until all messages have arrived")
        account = await _told(self._traffic.finish, at_least)
        return gaps(account, {name: await self._ledger(name) for name in NAMES})

    async def _ledger(self, name: str) -> list[str]:
        """The lines of a ledger of the last run of this name."""
        command = f"cat $(ls -td {HOME}/{self._run}-*/ | head -n 1){name}-*"
        text = await self._asking("exec", manifests.TOOLS, "-n", TOOLS_NAMESPACE, "--", "sh", "-c", command)
        return [line for line in text.split("\n") if line]


async def _told(call: Any, *words: Any, **more: Any) -> Any:
    """A test fails by an assertion; a benchmark says why it cannot go on."""
    try:
        return await asyncio.to_thread(call, *words, **more)
    except (AssertionError, subprocess.SubprocessError) as error:
        raise BenchError(f"the clients: {error}") from None


@asynccontextmanager
async def tools(kubectl: Kubectl) -> AsyncIterator[None]:
    """The pod that clients run in; one that was there before stays."""
    existed = await kubectl.exists("pod", manifests.TOOLS, "-n", TOOLS_NAMESPACE)
    if not existed:
        await fixtures.tools_pod(kubectl, manifests.tools(TOOLS_NAMESPACE))
    try:
        yield
    finally:
        if not existed:
            await kubectl("delete", "pod", manifests.TOOLS, "-n", TOOLS_NAMESPACE, "--wait=false")
