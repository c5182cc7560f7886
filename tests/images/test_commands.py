"""Commands run quietly, fail loudly and leave no process."""

import asyncio
import os
import select
from pathlib import Path

import pytest
from images.builder.commands import BuildError, run


async def test_a_failure_tells_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="status 3") as caught:
        await run("making it", ["sh", "-c", "echo much; echo the reason >&2; exit 3"], tmp_path / "log")
    assert "the reason" in str(caught.value)


async def test_output_goes_to_the_log_and_the_title_to_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await run("making it", ["sh", "-c", "echo $WHAT"], tmp_path / "deep" / "log", environment={"WHAT": "noise"})
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "making it" in printed.err
    assert "noise" not in printed.err
    assert (tmp_path / "deep" / "log").read_text() == "noise\n"


async def test_a_cancelled_command_ends_with_its_children(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    os.mkfifo(ids)
    script = f"sleep 600 & echo $$ $! > {ids}; wait"
    task = asyncio.create_task(run("sleeping", ["sh", "-c", script], tmp_path / "log"))
    started = [os.pidfd_open(int(pid)) for pid in (await asyncio.to_thread(ids.read_text)).split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # A descriptor of a process becomes readable when the process has ended.
    assert all(select.select([process], [], [], 60)[0] for process in started)
