"""Where a benchmark runs: a lab of its own, or the cluster that `--kubeconfig` names.

A lab of its own (LAB_NAME, by default "bench") is brought up, given images and operator, and removed at the end unless it
was there before.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from .commands import BenchError, run
from .figures import Report, show, tell
from .kubectl import Kubectl

REPOSITORY = Path(__file__).parents[1]
OPERATOR = "rocketmq-operator"
"""Namespace, Deployment and service account of the operator alike."""
NODES = 2
"""Enough that the members of a group do not share a node; each more would take processor time from what is measured."""


class Place(msgspec.Struct, frozen=True):
    """A cluster with the operator in it. `audit_log` where the API server's log can be read, else None."""

    kubectl: Kubectl
    audit_log: Path | None


Bench = Callable[[argparse.Namespace, Place], Awaitable[tuple[Report, int]]]
"""A benchmark: gives its report and the exit code."""


def parser(description: str) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("-o", "--output", choices=["text", "json"], default="text", help="table or JSON")
    made.add_argument(
        "--kubeconfig", type=Path, help="a cluster of your own, with the operator installed (default: a lab)"
    )
    made.add_argument("--audit-log", type=Path, help="the API server's audit log, where it is not the lab's")
    return made


def with_rounds(made: argparse.ArgumentParser, rounds: int = 5) -> argparse.ArgumentParser:
    """The same with the option of benchmarks that measure things in turns."""
    made.add_argument("--rounds", type=int, default=rounds, help=f"how often each thing is measured ({rounds})")
    return made


def main(bench: Bench, options: argparse.Namespace) -> None:
    """Run a benchmark from the command line; ends the process: 0, what the benchmark says, or 130 after Ctrl-C."""
    try:
        code = asyncio.run(_run(bench, options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 130
    except BenchError as error:
        tell(f"bench: {error}")
        code = 1
    except BaseExceptionGroup as group:
        tell("\n".join(f"bench: {error}" for error in group.exceptions))
        code = 1
    sys.exit(code)


async def _run(bench: Bench, options: argparse.Namespace) -> int:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with _place(options) as place:
        report, code = await bench(options, place)
    show(report, options.output)
    return code


@asynccontextmanager
async def _place(options: argparse.Namespace) -> AsyncIterator[Place]:
    if options.kubeconfig:
        kubectl = Kubectl(options.kubeconfig.resolve())
        if not await kubectl.exists("deployment", OPERATOR, "-n", OPERATOR):
            raise BenchError("that cluster has no operator: kubectl apply --server-side -f deploy/install.yaml")
        beside = options.kubeconfig.resolve().parent / "logs" / "audit.log"
        yield Place(kubectl, options.audit_log or (beside if beside.is_file() else None))
        return
    async with _lab() as kubeconfig:
        kubectl = Kubectl(kubeconfig)
        await _install(kubectl)
        yield Place(kubectl, options.audit_log or kubeconfig.parent / "logs" / "audit.log")


@asynccontextmanager
async def _lab() -> AsyncIterator[Path]:
    """The kubeconfig of a lab with our images in it."""
    existed = await _lab_exists()
    try:
        archives = os.environ.get("BENCH_IMAGES", "").split() or await _images()
        tell("starting the lab")
        await _lab_command("up", *([] if existed else ["--nodes", str(NODES)]), seconds=900)
        tell("loading images")
        await _lab_command("load", *archives, seconds=600)
        yield Path((await _lab_command("kubeconfig")).strip())
    finally:
        if not existed:
            tell("removing the lab")
            await _lab_command("down", seconds=120)


async def _lab_command(*words: str, seconds: float = 30.0) -> str:
    name = os.environ.get("LAB_NAME") or "bench"
    return await run([REPOSITORY / "lab" / "lab", *words], environment={"LAB_NAME": name}, seconds=seconds)


async def _lab_exists() -> bool:
    try:
        await _lab_command("kubeconfig")
    except BenchError:
        return False
    return True


async def _images() -> list[str]:
    tell("building the images that are not in the cache")
    built = await run([sys.executable, "-m", "images.builder", "build"], seconds=1800)
    return built.split()


async def _install(kubectl: Kubectl) -> None:
    if not await kubectl.exists("namespace", OPERATOR):
        await kubectl("create", "namespace", OPERATOR)
    await kubectl("apply", "--server-side", "--force-conflicts", "-f", str(REPOSITORY / "deploy" / "install.yaml"))
    await kubectl("rollout", "status", f"deployment/{OPERATOR}", "-n", OPERATOR, "--timeout=180s", seconds=190)
