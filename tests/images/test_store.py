"""Things made once: complete or absent."""

import asyncio
import os
from pathlib import Path

import pytest
from images.builder.store import forget_old, made_once


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


async def test_it_is_made_once(tmp_path: Path) -> None:
    made = []

    async def make(folder: Path) -> None:
        made.append(folder)
        (folder / "content").write_text("x")

    for _ in range(2):
        assert await made_once(tmp_path / "thing", make) == tmp_path / "thing"
    assert len(made) == 1
    assert (tmp_path / "thing" / "content").read_text() == "x"
    assert names(tmp_path) == ["thing"]


@pytest.mark.parametrize("fault", [RuntimeError, asyncio.CancelledError, KeyboardInterrupt])
async def test_a_failure_leaves_nothing(tmp_path: Path, fault: type[BaseException]) -> None:
    async def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise fault

    with pytest.raises(fault):
        await made_once(tmp_path / "thing", make)
    assert names(tmp_path) == []


async def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    made = []
    let_go = asyncio.Event()

    async def make(folder: Path) -> None:
        made.append(folder)
        await let_go.wait()

    first = asyncio.create_task(made_once(tmp_path / "thing", make))
    second = asyncio.create_task(made_once(tmp_path / "thing", make))
    let_go.set()
    assert await first == await second == tmp_path / "thing"
    assert len(made) == 1


async def test_the_most_recently_used_stay(tmp_path: Path) -> None:
    for age, name in enumerate(["thing-4", "thing-3", "thing-2", "thing-1", "thing-0", "other"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (age, age))

    async def never(_: Path) -> None:
        raise AssertionError("made again")

    await made_once(tmp_path / "thing-4", never)
    forget_old(tmp_path, "thing-*", kept=2)
    assert names(tmp_path) == ["other", "thing-0", "thing-4"]
