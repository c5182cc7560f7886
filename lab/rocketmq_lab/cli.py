"""The command line: `lab up | down | status | node | load | kubeconfig`. LAB_NAME chooses among several labs."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import lab, operations, state
from .errors import LabError
from .lab import Lab
from .layout import MAX_NODES, check_name
from .progress import Progress

Command = Callable[[argparse.Namespace, str, Progress], Awaitable[int]]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 for success, 1 for a failure that was said, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        name = check_name(os.environ.get("LAB_NAME") or "default")
        with Progress() as progress:
            return asyncio.run(_run(command, options, name, progress))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; `lab up` goes on from here, `lab down` removes everything.", file=sys.stderr)
        return 130


async def _run(command: Command, options: argparse.Namespace, name: str, progress: Progress) -> int:
    try:
        return await command(options, name, progress)
    except* LabError as group:
        raise LabError("\n".join(str(error) for error in _leaves(group))) from None


def _leaves(group: BaseExceptionGroup[LabError]) -> list[LabError]:
    found: list[LabError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


async def _up(options: argparse.Namespace, name: str, progress: Progress) -> int:
    began = time.monotonic()
    found = await lab.up(name, options.nodes, progress)
    total, ready = len(found.nodes), len(found.powered)
    if options.nodes and options.nodes < total:
        progress.say(f"It has {total} nodes already, and a lab does not shrink: `lab down` first.")
    for node in found.unpowered:
        progress.say(f"{node.layout.name} stays killed until `lab node restore {node.layout.name}`.")
    progress.say(
        f"Lab {name!r} is up with {ready} node(s) Ready ({time.monotonic() - began:.1f} s). "
        f"export KUBECONFIG={found.layout.kubeconfig}"
    )
    return 0


async def _down(options: argparse.Namespace, name: str, progress: Progress) -> int:
    if not await lab.down(name, progress):
        progress.say(f"There is no lab {name!r}; nothing to remove.")
    return 0


async def _kubeconfig(options: argparse.Namespace, name: str, progress: Progress) -> int:
    print(Lab.find(name, progress).layout.kubeconfig)
    return 0


async def _status(options: argparse.Namespace, name: str, progress: Progress) -> int:
    found = Lab.find(name, progress)
    rows = await operations.status(found)
    table = Table("machine", "address", "state", "daemons that have ended", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.place, row.address, row.state, ", ".join(row.dead) or "-")
    Console(highlight=False).print(table)
    print(f"\nexport KUBECONFIG={found.layout.kubeconfig} PATH={found.layout.bin}:$PATH")
    return 0 if all(row.state == "Ready" and not row.dead for row in rows) else 1


async def _load(options: argparse.Namespace, name: str, progress: Progress) -> int:
    async with state.locked(name, progress):
        found = Lab.find(name, progress)
        for path in options.archives:
            await operations.load(found, path, progress)
    return 0


async def _node(options: argparse.Namespace, name: str, progress: Progress) -> int:
    act = {"kill": operations.kill, "cut": operations.cut, "restore": operations.restore}[options.act]
    async with state.locked(name, progress):
        await act(Lab.find(name, progress), options.node, progress)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="A real Kubernetes of 1 to 3 nodes on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the lab, repair it, or add nodes to it")
    up.add_argument("--nodes", type=int, choices=range(1, MAX_NODES + 1), help="how many nodes (new labs: 3)")
    up.set_defaults(command=_up)
    node = commands.add_parser("node", help="kill a node as a power cut would, cut its network, restore it")
    node.add_argument("act", choices=["kill", "cut", "restore"])
    node.add_argument("node", metavar="NAME", help="node1 to node3")
    node.set_defaults(command=_node)
    load = commands.add_parser("load", help="make images of docker-archive or OCI tar files known to every node")
    load.add_argument("archives", type=Path, nargs="+", metavar="IMAGE.tar")
    load.set_defaults(command=_load)
    commands.add_parser("status", help="what runs").set_defaults(command=_status)
    commands.add_parser("down", help="remove the lab and all it made").set_defaults(command=_down)
    commands.add_parser("kubeconfig", help="print the kubeconfig's path").set_defaults(command=_kubeconfig)
    return parser
