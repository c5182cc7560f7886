"""Running other programs to their end."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from .errors import LabError

CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def clean_environment() -> dict[str, str]:
    """What daemons and tools of the lab see: nothing of the user's, so that no KUBECONFIG or proxy leaks in."""
    return {"PATH": CLEAN_PATH, "HOME": "/root", "LANG": "C.UTF-8"}


async def run(
    *argv: str | Path,
    stdin: str | Path | None = None,
    check: bool = True,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Standard output of a program; LabError with the end of its standard error where it fails and `check` is set.

    `stdin` is text to send, or a file to read from.
    """
    text = stdin.encode() if isinstance(stdin, str) else None  # noqa: ASYNC240 - a text's encode, not a path's
    with open(stdin if isinstance(stdin, Path) else os.devnull, "rb") as file:  # noqa: ASYNC230, PTH123
        process = await _spawn(argv, asyncio.subprocess.PIPE if text is not None else file, cwd, environment)
    try:
        out, err = await process.communicate(text)
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if check and process.returncode != 0:
        raise LabError(_failure(argv, process.returncode, err or out))
    return out.decode(errors="replace")


async def _spawn(
    argv: Sequence[str | Path], stdin: int | IO[bytes], cwd: Path | None, environment: dict[str, str] | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *map(str, argv),
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=clean_environment() if environment is None else environment,
    )


def _failure(argv: Sequence[str | Path], code: int | None, output: bytes) -> str:
    end = output.decode(errors="replace").strip()[-2000:]
    return f"`{' '.join(map(str, argv))}` ended with {code}: {end}"


def in_namespace(namespace: Path, *argv: str | Path) -> list[str]:
    """The command line that runs `argv` in a network namespace and changes nothing else.

    `ip netns exec` would mount another /sys and so hide the cgroups.
    """
    return ["nsenter", f"--net={namespace}", "--", *map(str, argv)]


def have(program: str) -> bool:
    """Whether `program` is on the path that the lab's programs see."""
    return any(os.access(Path(folder) / program, os.X_OK) for folder in CLEAN_PATH.split(":"))
