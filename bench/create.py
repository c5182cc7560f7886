"""How long a cluster takes from `kubectl apply` until all its brokers are registered on all name servers.

Four ways to make the same four pods, in turns, on the same name servers:

    operator       the tutorial's BrokerCluster
    same           bare manifests with the operator's script and Java flags: what the operator itself costs
    default        bare manifests, plain broker.conf, Java without any flag but sizes: the floor
    distribution   bare manifests, plain broker.conf, the release's own Java flags, scaled to the pod
"""

import argparse
import asyncio
import time
from collections.abc import Sequence

import msgspec

from rocketmq_operator.admin import Admin
from rocketmq_operator.core import names

from . import fixtures, manifests
from .audit import creation_steps
from .figures import Ratio, Report, Series, machine, ratio, tell
from .kubectl import Json, Kubectl
from .place import Place, main, parser, with_rounds
from .procfs import pod_cpu_seconds

WAYS = ("operator", "same", "default", "distribution")
START_SECONDS = 300.0


class Round(msgspec.Struct, frozen=True):
    """One creation: seconds from the apply until all are registered, and until the operator calls it ready.

    `cpu` is what the four brokers' processes had used by then: it stays true where other work disturbs the time.
    """

    registered: float
    cpu: float
    ready: float | None = None
    steps: dict[str, float] = {}


class Creation:
    """Creates and removes clusters in one namespace."""

    def __init__(self, place: Place, namespace: str, servers: Sequence[str], nodes: int) -> None:
        self._place = place
        self._kubectl: Kubectl = place.kubectl
        self._namespace, self._servers = namespace, servers
        self._cluster = manifests.cluster(namespace)
        plain = {
            name: manifests.plain_pods(self._cluster, servers, nodes, flags)
            for name, flags in manifests.JAVA_FLAGS.items()
        }
        self._objects: dict[str, list[Json]] = {
            "operator": manifests.by_operator(self._cluster),
            "same": manifests.same_pods(self._cluster, servers, nodes),
            **plain,
        }

    async def once(self, way: str) -> Round:
        """One creation, all of it removed afterwards."""
        objects = self._objects[way]
        async with Admin() as admin:
            await fixtures.until_listed(admin, self._servers, frozenset(), 180.0)
            offset = self._audit_size()
            began = time.perf_counter()
            try:
                applying = asyncio.create_task(self._kubectl.apply(objects))
                await fixtures.until_listed(admin, self._servers, fixtures.brokers_of(self._cluster), START_SECONDS)
                registered = time.perf_counter() - began
                await applying
                cpu = await self._cpu()
                ready = await self._ready(began) if way == "operator" else None
                steps = self._steps(offset)
            finally:
                await self._kubectl.delete(objects)
                await fixtures.until_gone(self._kubectl, self._namespace)
        return Round(registered, cpu, ready, steps)

    async def _cpu(self) -> float:
        spec = self._cluster.spec
        pods = [
            names.broker_pod(self._cluster.metadata.name, group, member)
            for group in range(spec.group_replica)
            for member in range(spec.members_per_group)
        ]
        return sum(await asyncio.gather(*(pod_cpu_seconds(self._kubectl, self._namespace, pod) for pod in pods)))

    async def _ready(self, began: float) -> float:
        await fixtures.until_ready(self._kubectl, self._cluster)
        return time.perf_counter() - began

    def _audit_size(self) -> int:
        return self._place.audit_log.stat().st_size if self._place.audit_log else 0

    def _steps(self, offset: int) -> dict[str, float]:
        log = self._place.audit_log
        return creation_steps(log, offset, self._namespace) if log else {}


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """Rounds of all ways; each round starts with another way, so that none profits from its place."""
    circumstances = machine()
    ways: list[str] = options.ways
    rounds: dict[str, list[Round]] = {way: [] for way in ways}
    async with place.kubectl.namespace("create") as namespace:
        servers = await fixtures.name_servers(place.kubectl, namespace)
        creation = Creation(place, namespace, servers, await fixtures.node_count(place.kubectl))
        for number in range(-options.warm, options.rounds):
            shift = number % len(ways)
            for way in (*ways[shift:], *ways[:shift]):
                found = await creation.once(way)
                tell(f"{'warming up' if number < 0 else f'round {number + 1}'}: {way} {found.registered:.2f} s")
                if number >= 0:
                    rounds[way].append(found)
    return _report(rounds, circumstances), 0


def _report(rounds: dict[str, list[Round]], circumstances: dict[str, str | int | float]) -> Report:
    series = {way: Series(way, "s", [each.registered for each in found]) for way, found in rounds.items()}
    cpus = {
        way: Series(f"{way}: CPU of the brokers", "s", [each.cpu for each in found]) for way, found in rounds.items()
    }
    shown = [*series.values(), *cpus.values()]
    ready = [each.ready for each in rounds.get("operator", []) if each.ready is not None]
    if ready:
        shown.append(Series("operator, until the resource is Ready", "s", ready))
    for way, found in rounds.items():
        shown += _steps(way, found)
    return Report("From apply to four registered brokers", shown, [*_ratios(series), *_cpu_ratios(cpus)], circumstances)


def _steps(way: str, found: Sequence[Round]) -> list[Series]:
    steps = dict.fromkeys(name for each in found for name in each.steps)
    return [
        Series(f"  {way}: {name}", "s", [each.steps[name] for each in found if name in each.steps]) for name in steps
    ]


def _ratios(series: dict[str, Series]) -> list[Ratio]:
    compared = [
        ("operator / default: all together", "operator", "default", "duty 1.05, aim 0.8"),
        ("operator / same: the operator's part", "operator", "same", "1"),
        ("same / default: Java's part", "same", "default", "0.8"),
        ("operator / distribution", "operator", "distribution", ""),
    ]
    there = [each for each in compared if each[1] in series and each[2] in series]
    return [ratio(name, series[over], series[floor], aim) for name, over, floor, aim in there]


def _cpu_ratios(cpus: dict[str, Series]) -> list[Ratio]:
    floor = cpus.get("default")
    return [ratio(f"{way} / default: CPU", each, floor) for way, each in cpus.items() if floor and way != "default"]


def _options() -> argparse.Namespace:
    made = with_rounds(parser("Time of creation, against bare manifests."))
    made.add_argument("--warm", type=int, default=1, help="rounds before the first that counts (1)")
    made.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="which to compare")
    return made.parse_args()


if __name__ == "__main__":
    main(bench, _options())
