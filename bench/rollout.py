"""How long a rolling restart takes over the sum of bare restarts of its pods, and what the clients notice of it.

One cluster; in each round its bare restarts, its brokers by a change of their pods' annotations while the official clients send,
and its name servers by the same change. A rolling restart lasts from before `kubectl patch` until the resource says that it
is over, and it is: every pod is another one and ready, every name server lists every broker.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from tests.e2e.traffic import MIX

from rocketmq_operator.admin import Admin
from rocketmq_operator.core import names

from . import manifests, timeline
from .bare import Bare
from .commands import BenchError
from .figures import Report, machine, tell
from .kubectl import Json, Kubectl
from .operations import NAME_SERVER
from .place import Place, main, parser, with_rounds
from .requests import Account
from .restarts import SIZE, Pods, Rolling, of_brokers, of_name_servers
from .rolling_watch import RollingWatch
from .rollout_report import Outcome, Round, report
from .sending import Sending, tools
from .watching import world

QUIET_SECONDS = 10.0
"""Before and after everything that is measured: last events, and looks of an operator that has nothing to do."""
RATE = 60
"""Messages a second: few enough that two processors have time for restarts, enough that a gap of 0.1 s is seen."""


class Restarting:
    """Restarts in one namespace, rolling and bare."""

    def __init__(self, kubectl: Kubectl, log: Path, admin: Admin, namespace: str) -> None:
        self._kubectl, self._log, self._admin, self._namespace = kubectl, log, admin, namespace

    async def settled(self) -> None:
        """Return when nothing is left to do, for anybody."""
        for rolling in (of_name_servers(), of_brokers()):
            nothing = msgspec.structs.replace(rolling, pods=())
            watch = RollingWatch(self._kubectl, self._admin, self._namespace, nothing, Pods({}))
            await watch.until_settled(time.time())
        await asyncio.sleep(QUIET_SECONDS)

    async def bare(self) -> dict[str, float]:
        """Seconds of each pod's restart, while the operator changes nothing."""
        async with self._paused():
            bare = Bare(self._kubectl, self._admin, self._namespace)
            return await bare.all([*of_name_servers().pods, *of_brokers().pods])

    async def rolling(self, rolling: Rolling, mark: str) -> Outcome:
        """One rolling restart; `mark` is what its pods are annotated with."""
        account = await Account.open(self._kubectl, self._log)
        pods = Pods((await world(self._kubectl, self._namespace)).pods)
        watch = RollingWatch(self._kubectl, self._admin, self._namespace, rolling, pods)
        began = time.time()
        await self._patch(rolling.resource, {"podTemplate": {"annotations": {"bench/restart": mark}}})
        ended = await watch.until_settled(began)
        requests, _ = await account.close()
        assert watch.said is not None
        line = timeline.stretches(watch.seen, ended - began)
        return Outcome(began, ended - began, ended - watch.said, line, len(rolling.pods), pods.done(), requests)

    @asynccontextmanager
    async def _paused(self) -> AsyncIterator[None]:
        resources = [of_name_servers().resource, of_brokers().resource]
        try:
            for resource in resources:
                await self._patch(resource, {"paused": True})
            await asyncio.sleep(QUIET_SECONDS)
            yield
        finally:
            for resource in resources:
                await self._patch(resource, {"paused": False})

    async def _patch(self, resource: str, spec: Json) -> None:
        patch = msgspec.json.encode({"spec": spec}).decode()
        await self._kubectl("patch", resource, "-n", self._namespace, "--type=merge", "-p", patch)


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """Rounds; code 1 where a message was lost, which does not depend on the machine as slowness does."""
    log = place.audit_log
    if log is None:
        raise BenchError("the API server's audit log is needed: --audit-log FILE")
    circumstances, kubectl = machine(), place.kubectl
    rounds: list[Round] = []
    async with tools(kubectl), kubectl.namespace("rollout") as namespace, Admin(timeout=2, connect_timeout=1) as admin:
        tell("starting a cluster of two groups with two members each, and two name servers")
        await kubectl.apply(_objects(namespace))
        restarting = Restarting(kubectl, log, admin, namespace)
        await restarting.settled()
        for number in range(options.rounds):
            rounds.append(await _round(restarting, _sending(kubectl, namespace, options.mix), number, options.rate))
    good = all(each.gaps.good for each in rounds)
    clients = {"clients": f"{options.rate} messages a second, {options.mix}"}
    return report(rounds, {**clients, **circumstances}), 0 if good else 1


async def _round(restarting: Restarting, sending: Sending, number: int, rate: int) -> Round:
    tell(f"round {number + 1}: bare restarts")
    bare = await restarting.bare()
    await restarting.settled()
    async with sending.through(f"rollout-{number}", rate):
        tell(
            f"round {number + 1}: rolling restart of the brokers; bare {sum(bare[pod] for pod in of_brokers().pods):.1f} s"
        )
        brokers = await restarting.rolling(of_brokers(), str(number + 1))
        tell(f"round {number + 1}: {brokers.seconds:.1f} s")
        gaps = await sending.finish(1)
    await restarting.settled()
    tell(f"round {number + 1}: rolling restart of the name servers")
    servers = await restarting.rolling(of_name_servers(), str(number + 1))
    tell(f"round {number + 1}: {servers.seconds:.1f} s")
    await restarting.settled()
    return Round(bare, brokers, servers, gaps)


def _objects(namespace: str) -> list[Json]:
    """Messages are left in it at the end, which nobody misses."""
    servers = manifests.name_server(namespace, NAME_SERVER, SIZE.name_servers)
    [brokers] = manifests.by_operator(manifests.restarted_cluster(namespace))
    brokers["metadata"]["annotations"] = {names.DELETE_UNCONSUMED: "true"}
    return [servers, brokers]


def _sending(kubectl: Kubectl, namespace: str, mix: str) -> Sending:
    servers = [names.name_server_address(namespace, NAME_SERVER, each) for each in range(SIZE.name_servers)]
    return Sending(kubectl, ";".join(servers), manifests.restarted_cluster(namespace).spec.cluster_name, mix)


def _options() -> argparse.Namespace:
    made = with_rounds(parser("Rolling restarts: time over bare restarts, and gaps in successful sends."), 1)
    made.add_argument("--rate", type=int, default=RATE, help=f"messages a second ({RATE})")
    made.add_argument("--mix", default=MIX, help=f"weights of kinds of messages ({MIX}); order lets groups yield first")
    return made.parse_args()


if __name__ == "__main__":
    main(bench, _options())
