"""For tests of the world: a cluster in fair weather, made by the real operator."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS
from rocketmq_operator.remoting.bodies.metadata import TopicConfig

from .driver.history import History
from .loop import run_sim
from .world import NAME_SERVER
from .world.broker import Broker


async def cluster(**spec: Any) -> History:
    """A cluster that is Ready; nothing goes wrong by itself."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    history = History(1)
    history.world.quiet()
    history.world.volumes.local = False
    history.elect = False
    history.api_create(NAME_SERVERS, NAME_SERVER, {"replicas": 2})
    wanted = {
        "groupReplica": 1,
        "membersPerGroup": 2,
        "brokerImage": "rocketmq:5.4.0",
        "nameServerRef": {"name": NAME_SERVER},
    }
    history.api_create(CLUSTERS, "c", {**wanted, **spec})
    history.start_operator().on_death = lambda: None
    await asyncio.sleep(60)
    return history


def broker(history: History, pod: str) -> Broker:
    """The broker in a pod."""
    found = history.world.kubelets.pods["ns", pod].process
    assert isinstance(found, Broker)
    return found


def topic(history: History, name: str, *brokers: str) -> None:
    """A topic with one queue."""
    for each in brokers:
        broker(history, each).create_topic(TopicConfig(name=name, read_queues=1, write_queues=1))


def send(history: History, pod: str, name: str, readers: tuple[str, ...] = ()) -> list[int]:
    """Send a batch; the codes that came back, when they come."""
    codes: list[int] = []
    batch = history.world.ledger.sent(name, 2, readers)

    def done(code: int) -> None:
        codes.append(code)
        if code == 0:
            history.world.ledger.acknowledge(batch, pod)

    broker(history, pod).send(batch, name, 0, done)
    return codes


def run(test: Callable[[History], Awaitable[None]], **spec: Any) -> None:
    """A test with a cluster."""

    async def main() -> None:
        history = await cluster(**spec)
        await test(history)
        for each in history.operators:
            each.kill()
            await each.gone()
        if history.kernel.failed.done():
            raise history.kernel.failed.result()

    run_sim(main())
