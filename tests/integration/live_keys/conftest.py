"""Brokers of a version, for all tests of that version."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from rocketmq_operator.admin import Admin
from rocketmq_operator.admin.messages import SendStatus
from rocketmq_operator.admin.pool import Pool, dial_tcp

from ..servers import UnavailableError
from .brokers import FOLLOWED, Brokers, brokers
from .stage import Stage, eventually


@pytest.fixture(scope="package")
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """`request.param` is the version."""
    version: str = request.param
    try:
        with brokers(tmp_path_factory.mktemp(f"live-{version}"), version) as made:
            asyncio.run(_ready(made))
            yield made
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against RocketMQ {version}: {error}")


async def _ready(made: Brokers) -> None:
    """All are registered, and the slave follows, so that its master is content."""
    async with Admin(timeout=20) as admin:

        async def registered() -> bool:
            known = (await admin.cluster_info(made.ns.address)).brokers
            addresses = {address for entry in known.values() for address in entry.addresses.values()}
            return {broker.address for broker in made.all} <= addresses

        async def following() -> bool:
            sent = await admin.send(made.master.address, FOLLOWED, 0, b"x", seconds=20)
            return sent.status is SendStatus.SEND_OK

        assert await eventually(registered, 60), "not all brokers are registered"
        await admin.create_topic(made.master.address, FOLLOWED)
        assert await eventually(following, 60), "no slave follows"


def _pool() -> Pool:
    return Pool(
        credentials=None, timeout=20, connect_timeout=5, concurrency=16, per_address=16, idle=60, clock=time.monotonic,
        dial=dial_tcp,
    )  # fmt: skip


@pytest.fixture
async def at(given: Brokers) -> AsyncIterator[Stage]:
    pool = _pool()
    async with Admin(timeout=20) as admin:
        yield Stage(given, admin, pool)
    await pool.close()
