"""How long scaling takes over what RocketMQ and Kubernetes themselves demand, phase by phase, and what it costs in requests.

One cluster, its name servers, groups and members up and down in turn. An operation lasts from before `kubectl patch` until
the resource calls itself settled and everything is so indeed: the pods there are, what each name server lists.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.names import BROKER_PORT

from . import floor, manifests, requests, timeline
from .audit import pod_lives
from .commands import BenchError
from .figures import Report, Series, machine, named, ratio, tell
from .kubectl import Kubectl
from .operations import OPERATIONS, Operation, Size
from .place import Place, main, parser, with_rounds
from .requests import Account, Requests
from .watching import Watch, world

QUIET_SECONDS = 10.0
"""After an operation: its last events, and time for a cluster that is settled to be left alone."""
PATIENCE_SECONDS = 30.0
"""For an answer while the machine is busy; looks that are late are just taken again."""
TOPICS = [f"orders-{number}" for number in range(8)]
CONSUMERS = [f"accounts-{number}" for number in range(2)]
QUEUES = 4


class Outcome(msgspec.Struct, frozen=True):
    """One operation. `early`: for how long the resource had called itself settled before it was true. `around`: seconds
    before and after the pods came or went."""

    seconds: float
    early: float
    timeline: list[timeline.Stretch]
    floor: list[floor.Part]
    around: dict[str, float]
    requests: Requests

    @property
    def least(self) -> float:
        """The floor in seconds."""
        return sum(part.seconds for part in self.floor)


class Scale:
    """Operations on one cluster."""

    def __init__(self, kubectl: Kubectl, log: Path, admin: Admin, namespace: str) -> None:
        self._kubectl, self._log, self._admin, self._namespace = kubectl, log, admin, namespace

    async def prepare(self, size: Size) -> None:
        """Bring everything to that size, unmeasured."""
        for resource, values in _fields(size).items():
            await self._patch(resource, values)
        for resource in _fields(size):
            await self._watch(resource, size).until_settled(time.time())
        await asyncio.sleep(QUIET_SECONDS)

    async def fill(self) -> None:
        """Topics, consumer groups and their first offsets on both masters: what a new group must be given."""
        found = await world(self._kubectl, self._namespace)
        masters = [found.address(f"bench-{group}-0", BROKER_PORT) for group in range(Size().groups)]
        async with Admin(timeout=PATIENCE_SECONDS, connect_timeout=PATIENCE_SECONDS) as admin:
            for address in masters:
                assert address is not None
                await _fill(admin, address)

    async def once(self, operation: Operation) -> Outcome:
        """One operation, and quiet after it."""
        account, began = await Account.open(self._kubectl, self._log), time.time()
        watch = self._watch(operation.resource, operation.after)
        await self._patch(operation.resource, {operation.field: operation.number})
        ended = await watch.until_settled(began, operation)
        made, entries = await account.close()
        lives = pod_lives(entries, self._namespace)
        parts = floor.parts(operation, lives, watch.sightings, watch.holding)
        rest = floor.around(operation, began, ended, lives, watch.sightings, watch.ready)
        assert watch.said is not None
        await asyncio.sleep(QUIET_SECONDS)
        line = timeline.stretches(watch.seen, ended - began)
        return Outcome(ended - began, ended - watch.said, line, parts, rest, made)

    def _watch(self, resource: str, wanted: Size) -> Watch:
        return Watch(self._kubectl, self._admin, self._namespace, resource, wanted, frozenset(TOPICS))

    async def _patch(self, resource: str, values: dict[str, int]) -> None:
        patch = msgspec.json.encode({"spec": values}).decode()
        await self._kubectl("patch", resource, "-n", self._namespace, "--type=merge", "-p", patch)


async def _fill(admin: Admin, master: str) -> None:
    for topic in TOPICS:
        await admin.create_topic(master, topic, read_queues=QUEUES, write_queues=QUEUES)
    for group in CONSUMERS:
        await admin.upsert_group(master, group)
        for topic in TOPICS:
            for queue in range(QUEUES):
                await admin.update_consumer_offset(master, group, topic, queue, 0)


def _fields(size: Size) -> dict[str, dict[str, int]]:
    """What makes a size, by resource."""
    return {
        OPERATIONS[0].resource: {"replicas": size.name_servers},
        OPERATIONS[-1].resource: {"groupReplica": size.groups, "membersPerGroup": size.members},
    }


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """Rounds of all operations; always 0, for being slow is no failure."""
    log = place.audit_log
    if log is None:
        raise BenchError("the API server's audit log is needed: --audit-log FILE")
    circumstances, kubectl = machine(), place.kubectl
    outcomes: dict[str, list[Outcome]] = {operation.title: [] for operation in OPERATIONS}
    async with kubectl.namespace("scale") as namespace, Admin(timeout=2, connect_timeout=1) as admin:
        scale = Scale(kubectl, log, admin, namespace)
        tell("starting a cluster of two groups with two members each")
        wanted = manifests.by_operator(manifests.scaled_cluster(namespace))
        await kubectl.apply([manifests.name_server(namespace), *wanted])
        await scale.prepare(OPERATIONS[0].before)
        await scale.fill()
        for number in range(options.rounds):
            if number:
                await scale.prepare(OPERATIONS[0].before)
            for operation in OPERATIONS:
                found = await scale.once(operation)
                tell(f"round {number + 1}: {operation.title}: {found.seconds:.1f} s, floor {found.least:.1f} s")
                outcomes[operation.title].append(found)
    return report(outcomes, circumstances), 0


def report(outcomes: dict[str, list[Outcome]], circumstances: dict[str, str | int | float]) -> Report:
    """The table: each operation with its floor, its phases and its requests."""
    series, ratios = [], []
    facts: dict[str, str | int | float] = {}
    for title, found in outcomes.items():
        took = Series(title, "s", [each.seconds for each in found])
        least = Series(f"  {title}: FLOOR", "s", [each.least for each in found])
        series += [
            took,
            least,
            *_times(title, found),
            *requests.series(title, [each.requests for each in found]),
        ]
        ratios.append(ratio(f"{title}: duration / floor", took, least))
        last = found[-1]
        facts[f"{title}: timeline"] = timeline.words(last.timeline)
        if last.early > 0:
            facts[f"{title}: SETTLED WAS SAID TOO EARLY"] = f"{last.early:.1f} s before it was true"
        facts |= requests.facts(title, last.requests)
    return Report("Scaling, over what it demands by itself", series, ratios, {**facts, **circumstances})


def _times(title: str, found: Sequence[Outcome]) -> list[Series]:
    """The floor's parts, what lies around the pods, and the phases."""
    parts = [{part.name: part.seconds for part in each.floor} for each in found]
    phases = [timeline.by_phase(each.timeline) for each in found]
    return [
        *named(f"  {title}: floor, ", "s", parts),
        *named(f"  {title}: ", "s", [each.around for each in found]),
        *named(f"  {title}: phase ", "s", phases),
    ]


def _options() -> argparse.Namespace:
    return with_rounds(parser("Scaling: time over its floor, in phases, and requests."), 1).parse_args()


if __name__ == "__main__":
    main(bench, _options())
