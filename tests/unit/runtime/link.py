"""The way from one client to a cluster: slow, cut, or losing answers, as a test wants it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from rocketmq_operator.kube.errors import Retry
from rocketmq_operator.kube.port import Kube

from .cluster import Cluster


class Link:
    """Passes calls on; ``seconds`` each way. While ``cut`` nothing arrives; while ``deaf`` answers are lost."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.seconds = 0.0
        self.cut = False
        self.deaf = False
        self.hung = False
        self.calls: list[str] = []

    def kube(self) -> Kube:
        """It, as what it stands for."""
        return cast(Kube, self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            if self.hung:
                await asyncio.Event().wait()
            await asyncio.sleep(self.seconds)
            if self.cut:
                raise Retry("cut off")
            result = await getattr(self.cluster, name)(*arguments, **named)
            await asyncio.sleep(self.seconds)
            if self.deaf:
                raise Retry("the answer was lost")
            return result

        return call
