"""Effects on the deletion of old files. A broker looks once a second here, from a minute after its start on."""

import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest

from ..servers import Server
from .brokers import HOURS, MIB
from .stage import Stage, eventually, shown, stays

_FIRST_LOOK, _LOOKS = 62.0, 2.5
_HOUR = 3600


async def _filled(at: Stage, broker: Server, files: int = 4) -> list[Path]:
    """Full files of the commit log, all written to the disk; the last one and the one prepared are not among them."""
    await asyncio.sleep(max(0.0, at.given.started + _FIRST_LOOK - time.monotonic()))
    topic = await at.topic("files", addr=broker.address)
    for _ in range(files * 5):
        assert (await at.send(topic, b"x" * (MIB // 5), addr=broker.address)).code == 0
    await asyncio.sleep(1)
    end = (await at.admin.runtime(broker.address)).commit_log_max_offset
    return _files(broker, end)


def _files(broker: Server, end: int) -> list[Path]:
    return sorted(file for file in (broker.folder / "store/commitlog").iterdir() if int(file.name) + MIB < end)


def _age(files: list[Path], hours: int) -> None:
    then = time.time() - hours * _HOUR
    for file in files:
        os.utime(file, (then, then))


async def _stay(files: list[Path]) -> bool:
    async def there() -> bool:
        return all(file.exists() for file in files)

    return await stays(there, _LOOKS)


async def _go(files: list[Path]) -> bool:
    async def gone() -> bool:
        return not any(file.exists() for file in files)

    return await eventually(gone)


async def file_reserved_time(at: Stage) -> None:
    """Files of 50 hours stay while 72 are reserved, and go when 48 are."""
    keeper = at.given.keeper
    files = await _filled(at, keeper)
    _age(files, 50)
    assert await _stay(files)
    async with at.changed("fileReservedTime", "48", addr=keeper.address):
        shown(await _go(files), "old files are deleted")


async def delete_when(at: Stage) -> None:
    """Expired files stay outside the hour, and go within it."""
    keeper, other = at.given.keeper, f"{(time.localtime().tm_hour + 12) % 24:02}"
    async with at.changed("deleteWhen", other, addr=keeper.address):
        files = await _filled(at, keeper)
        _age(files, 80)
        shown(await _stay(files), "expired files stay outside the hour")
    assert (await at.admin.broker_config(keeper.address))["deleteWhen"] == HOURS
    shown(await _go(files), "expired files are deleted within the hour")


async def disk_max_used_space_ratio(at: Stage) -> None:
    """Outside the hour expired files stay, and go when the disk is fuller than it should be."""
    keeper, other = at.given.keeper, f"{(time.localtime().tm_hour + 12) % 24:02}"
    usage = shutil.disk_usage(keeper.folder)
    if not 0.12 < usage.used / (usage.used + usage.free) < 0.84:
        pytest.skip("NOT TESTED: diskMaxUsedSpaceRatio (10 to 95) needs a disk that is neither empty nor full")
    async with at.changed("deleteWhen", other, addr=keeper.address):
        files = await _filled(at, keeper)
        _age(files, 80)
        assert await _stay(files)
        async with at.changed("diskMaxUsedSpaceRatio", "10", addr=keeper.address):
            shown(await _go(files), "expired files are deleted")


async def clean_file_forcibly_enable(at: Stage) -> None:
    """On a full disk files that are not expired stay, and go."""
    full = at.given.full
    files = await _filled(at, full)
    assert await _stay(files)
    async with at.changed("cleanFileForciblyEnable", "true", addr=full.address):
        shown(await _go(files), "files are deleted before their time")
