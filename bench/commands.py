"""Runs other programs: for their output, or for what they cost. None outlives its caller."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

TAIL = 2000
"""Characters of a failed command's output that are worth showing."""


class BenchError(Exception):
    """The benchmark cannot go on; the text says why and what to do."""


class Cost(msgspec.Struct, frozen=True):
    """What a command cost: seconds of wall clock and of CPU, peak resident memory in MiB, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


async def run(
    command: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120.0,
) -> str:
    """The command's standard output; BenchError where it fails or takes longer than `seconds`."""
    words = [str(word) for word in command]
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate(stdin)
    except TimeoutError:
        raise BenchError(f"{' '.join(words[:6])} ... took longer than {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = (errors or output).decode(errors="replace")[-TAIL:]
        raise BenchError(f"{' '.join(words[:6])} ... failed ({process.returncode}): {said}")
    return output.decode(errors="replace")


async def cost(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, seconds: float = 120.0
) -> Cost:
    """Run the command once and say what it cost."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        target = Path(folder) / "cost"
        helper: list[str | Path] = [sys.executable, "-S", "-E", Path(__file__).with_name("process_cost.py"), target]
        output = await run([*helper, *command], environment=environment, seconds=seconds)
        wall, cpu, peak = map(float, target.read_text().split())
    return Cost(wall, cpu, peak / 1024, output)
