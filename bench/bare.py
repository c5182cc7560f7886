"""The floor of a rolling restart: the same pods, each deleted once, one after the other, while the operator changes nothing.

Both resources are paused, so that nothing is closed, fenced or waited for, and a pod's own start is all there is. Readiness is
that of the containers: the operator's gates do not count.
"""

import asyncio
import time
from collections.abc import Sequence

from rocketmq_operator.admin import Admin
from rocketmq_operator.core.names import NAME_SERVER_PORT

from .commands import BenchError
from .fixtures import listed
from .kubectl import Kubectl
from .restarts import SIZE
from .watching import POLL_SECONDS, World, world

LIMIT_SECONDS = 300.0


class Bare:
    """Bare restarts in one namespace."""

    def __init__(self, kubectl: Kubectl, admin: Admin, namespace: str) -> None:
        self._kubectl, self._admin, self._namespace = kubectl, admin, namespace

    async def all(self, pods: Sequence[str]) -> dict[str, float]:
        """Seconds of each pod's restart, in this order."""
        return {pod: await self._once(pod) for pod in pods}

    async def _once(self, pod: str) -> float:
        """From before its deletion until it is ready, and every name server lists every broker again."""
        before = (await world(self._kubectl, self._namespace)).pods[pod]["metadata"]["uid"]
        began = time.time()
        await self._kubectl("delete", "pod", pod, "-n", self._namespace, "--wait=false")
        while True:
            at = time.time()
            found = await world(self._kubectl, self._namespace)
            if back(found, pod, before) and await self._registered(found):
                return time.time() - began
            if at > began + LIMIT_SECONDS:
                raise BenchError(f"{pod} was not back within {LIMIT_SECONDS:.0f} s of its deletion")
            await asyncio.sleep(max(0.0, at + POLL_SECONDS - time.time()))

    async def _registered(self, found: World) -> bool:
        addresses = [found.address(server, NAME_SERVER_PORT) for server in SIZE.servers()]
        lists = await asyncio.gather(*(listed(self._admin, address) for address in addresses if address))
        return len(lists) == len(addresses) and all(each == SIZE.listed() for each in lists)


def back(found: World, pod: str, before: str) -> bool:
    """Whether another pod of that name has its containers ready, and all others have, too."""
    uid = found.pods[pod]["metadata"]["uid"] if pod in found.pods else before
    return uid != before and set(found.ready()) == SIZE.pods()
