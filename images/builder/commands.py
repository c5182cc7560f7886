"""Runs the tools that build, quietly, and leaves none of them behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TAIL_LINES = 40


class BuildError(Exception):
    """A build that cannot go on; the text says what failed and what to do."""


def say(text: str) -> None:
    """One line of progress. Standard output is kept for the results."""
    print(f"images: {text}", file=sys.stderr, flush=True)


async def run(
    title: str,
    command: Sequence[str],
    log: Path,
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Runs a command with its output in `log`; says how long it took.

    Raises BuildError with the end of the log when the command fails. When this task is cancelled (Ctrl-C) the
    command and its children are ended before the cancellation goes on.
    """
    started = time.monotonic()
    say(f"{title} ...")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status = await process.wait()
        finally:
            await _end(process)
    if status != 0:
        raise BuildError(f"{title} failed (status {status}); the end of {log}:\n{_tail(log)}")
    say(f"{title}: done in {time.monotonic() - started:.1f} s")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the command's whole session, which holds only what the command started."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), timeout=10)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
