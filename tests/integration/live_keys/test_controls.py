"""Why reading back proves nothing: keys that a broker takes, tells, and does not follow, or breaks by."""

import asyncio
from pathlib import Path

import pytest

from rocketmq_operator.core.rollout.live_keys import LIVE_KEYS
from rocketmq_operator.remoting.codes import ResponseCode

from .stage import Stage
from .test_effects import VERSIONS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(300),
    pytest.mark.parametrize("given", VERSIONS, indirect=True),
]


async def test_threads_of_senders_stay_as_many(at: Stage) -> None:
    """Two threads at start; told to be nine, the broker says nine and has two."""
    key, topic = "sendMessageThreadPoolNums", await at.topic("threads")

    async def threads() -> int:
        await asyncio.gather(*(at.send(topic) for _ in range(40)))
        return sum(name.startswith("SendMessageThre") for name in _thread_names(at.given.master.pid))

    assert await threads() == 2
    async with at.changed(key, "9"):
        assert (await at.admin.broker_config(at.master))[key] == "9"
        assert await threads() == 2
    assert key not in LIVE_KEYS


def _thread_names(pid: int) -> list[str]:
    """As Linux has them: cut after 15 letters."""
    return [file.read_text().strip() for file in Path(f"/proc/{pid}/task").glob("*/comm")]


async def test_flushing_otherwise_breaks_every_send(at: Stage) -> None:
    """A broker that was started to flush later cannot flush at once: it says that it does, and fails each message."""
    key, topic = "flushDiskType", await at.topic("flushed")
    assert (await at.send(topic)).code == ResponseCode.SUCCESS
    async with at.changed(key, "SYNC_FLUSH", sends=False):
        assert (await at.admin.broker_config(at.master))[key] == "SYNC_FLUSH"
        assert await _fails(at, topic)
    assert (await at.send(topic)).code == ResponseCode.SUCCESS
    assert key not in LIVE_KEYS


async def _fails(at: Stage, topic: str) -> bool:
    try:
        return (await at.send(topic, seconds=3)).code != ResponseCode.SUCCESS
    except TimeoutError:
        return True


async def test_a_value_that_is_none_is_taken_without_a_word(at: Stage) -> None:
    key = "maxMessageSize"
    await at.set(at.master, {key: "abc", "noSuchKey": "1"})
    assert (await at.admin.broker_config(at.master))[key] == str(4 << 20)
    assert not LIVE_KEYS[key].allows("abc")
