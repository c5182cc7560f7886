"""An idle cluster costs no write to the API server.

The operator is told to look at everything anew each second; once it has looked often enough, the audit log must hold no
write of its user but those that keep its Lease. That the same filter sees writes at all is proven on the cluster's creation.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import yaml

from . import fixtures, manifests
from .audit import read
from .commands import BenchError
from .counting import USER, counts, looks_in, metrics, sort_out
from .figures import Report, machine, tell
from .kubectl import Kubectl
from .place import OPERATOR, Place, main, parser

CONFIG = "rocketmq-operator-config"
CONFIG_KEY = "operator-config.yaml"
RESYNC_SECONDS = 1
SETTLE_SECONDS = 10.0
"""For what follows a cluster's becoming ready: the last status, the last events."""
LIMIT_SECONDS = 180.0


class Idle(msgspec.Struct, frozen=True):
    """What the operator did while nothing happened: its looks at the cluster, and its requests by verb and target."""

    seconds: float
    looks: int
    reads: Counter[str]
    writes: Counter[str]
    leases: int


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """Code 1 where an idle cluster caused a write."""
    log = place.audit_log
    if log is None:
        raise BenchError("the API server's audit log is needed: --audit-log FILE")
    circumstances, kubectl = machine(), place.kubectl
    async with _quick_resync(kubectl), kubectl.namespace("idle") as namespace:
        offset, began = log.stat().st_size, datetime.now(UTC)
        await fixtures.running_cluster(kubectl, namespace)
        await asyncio.sleep(SETTLE_SECONDS)
        _, control, _ = sort_out(read(log, offset), began, datetime.now(UTC))
        if not control:
            raise BenchError(
                f"{log} shows no write of {USER} while a cluster was created: it is not the log to judge by"
            )
        idle = await _watch(kubectl, log.stat().st_size, options, place)
    return _report(idle, control, circumstances), 1 if idle.writes else 0


async def _watch(kubectl: Kubectl, offset: int, options: argparse.Namespace, place: Place) -> Idle:
    assert place.audit_log is not None
    tell(f"idling until the operator has looked {options.resyncs} times")
    since, first = datetime.now(UTC), await _looks(kubectl)
    end = time.monotonic() + LIMIT_SECONDS
    looks = 0
    while looks < options.resyncs or (datetime.now(UTC) - since).total_seconds() < options.seconds:
        if time.monotonic() > end:
            raise BenchError(f"the operator looked {looks} times in {LIMIT_SECONDS:.0f} s, not {options.resyncs}")
        await asyncio.sleep(2.0)
        looks = await _looks(kubectl) - first
    until = datetime.now(UTC)
    await asyncio.sleep(1.0)  # the log is written in batches
    reads, writes, leases = sort_out(read(place.audit_log, offset), since, until)
    return Idle((until - since).total_seconds(), looks, reads, writes, leases)


async def _looks(kubectl: Kubectl) -> int:
    return looks_in(await metrics(kubectl))


@asynccontextmanager
async def _quick_resync(kubectl: Kubectl) -> AsyncIterator[None]:
    """The operator with a short period of resync; with its old settings again at the end."""
    found = await kubectl.json("get", "configmap", CONFIG, "-n", OPERATOR)
    before: str = found["data"][CONFIG_KEY]
    settings = {**(yaml.safe_load(before) or {}), "resyncSeconds": RESYNC_SECONDS}
    try:
        await _configure(kubectl, yaml.safe_dump(settings))
        yield
    finally:
        await _configure(kubectl, before)


async def _configure(kubectl: Kubectl, text: str) -> None:
    patch = msgspec.json.encode({"data": {CONFIG_KEY: text}}).decode()
    await kubectl("patch", "configmap", CONFIG, "-n", OPERATOR, "--type=merge", "-p", patch)
    await kubectl("rollout", "restart", f"deployment/{OPERATOR}", "-n", OPERATOR)
    await kubectl("rollout", "status", f"deployment/{OPERATOR}", "-n", OPERATOR, "--timeout=120s", seconds=130)


def _report(idle: Idle, control: Counter[str], circumstances: dict[str, str | int | float]) -> Report:
    facts: dict[str, str | int | float] = {
        "looks at the cluster (resyncs)": idle.looks,
        "WRITES, Leases aside": idle.writes.total(),
        "reads": idle.reads.total(),
        "requests about the Lease": idle.leases,
        "for comparison, writes while it was created": control.total(),
        "time": f"{idle.seconds:.0f} s, a resync each {RESYNC_SECONDS} s",
        "cluster": f"{len(fixtures.brokers_of(manifests.cluster('-')))} brokers, ready, no clients",
        "the writes": counts(idle.writes),
        "the reads": counts(idle.reads),
        "the writes at creation": counts(control),
        **circumstances,
    }
    return Report("What an idle cluster costs the API server", facts=facts)


def _options() -> argparse.Namespace:
    made = parser("Writes of the operator for an idle cluster, from the API server's audit log.")
    made.add_argument("--resyncs", type=int, default=20, help="at least so many looks (20)")
    made.add_argument("--seconds", type=float, default=30.0, help="at least so long (30)")
    return made.parse_args()


if __name__ == "__main__":
    main(bench, _options())
