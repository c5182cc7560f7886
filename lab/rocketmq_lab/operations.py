"""What is done to a running lab: load images, kill, cut and restore nodes, look at it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from . import images, network, replicate
from .controlplane import ControlPlane, ready_nodes
from .errors import LabError
from .lab import Lab
from .node import Node
from .progress import Progress

CUT = "cut"
KILLED = "killed"


async def load(lab: Lab, path: Path, progress: Progress) -> None:
    """Make the images of a tar known to every powered node; nodes that hold them already are left alone."""
    archives = images.read_archive(path)
    names = [name for archive in archives for name in archive.names]
    nodes = [node.layout for node in _powered(lab)]
    holders = [all([await images.has(node, archive) for archive in archives]) for node in nodes]
    if all(holders):
        progress.say(f"{', '.join(names)}: already there.")
        return
    source = nodes[holders.index(True)] if any(holders) else nodes[0]
    async with progress.step(f"loading {', '.join(names)} into {len(nodes)} node(s)"):
        if not any(holders):
            await images.import_archive(source, path)
        await replicate.spread(source, [node for node in nodes if node != source], names)


async def kill(lab: Lab, name: str, progress: Progress) -> None:
    """A power cut: all processes of the node die at once; its disk stays."""
    node = lab.named(name)
    async with progress.step(f"killing {name}"):
        lab.marks.set(KILLED, name)
        await asyncio.to_thread(node.power_off)


async def cut(lab: Lab, name: str, progress: Progress) -> None:
    """Pull the node's network cable: everything on it goes on running, nobody reaches it."""
    lab.named(name)
    if lab.marks.has(KILLED, name):
        raise LabError(f"{name} is killed and has no network to cut; restore it first.")
    async with progress.step(f"cutting {name} off"):
        lab.marks.set(CUT, name)
        await network.set_port(lab.layout, name, up=False)


async def restore(lab: Lab, name: str, progress: Progress) -> None:
    """Undo `kill` or `cut`; returns when the node is Ready again and holds the images of the others."""
    lab.named(name)
    if lab.marks.has(CUT, name) and not lab.marks.has(KILLED, name):
        await network.set_port(lab.layout, name, up=True)
    lab.marks.clear(name)
    async with progress.step(f"restoring {name}"):
        await lab.start()


def _powered(lab: Lab) -> list[Node]:
    alive = [node for node in lab.powered if lab.processes.pid(f"{node.layout.name}.containerd")]
    if not alive:
        raise LabError("No node of the lab runs: `lab up` repairs it.")
    return alive


@dataclass(frozen=True)
class Row:
    """One machine in `status`: `state` in a word, `dead` the daemons that should run and do not."""

    place: str
    address: str
    state: str
    dead: tuple[str, ...]


async def status(lab: Lab) -> list[Row]:
    """The control plane first, then the nodes."""
    plane = ControlPlane(lab.layout, lab.processes)
    answers = await plane.api.is_ready()
    ready = ready_nodes(await plane.api.get("/api/v1/nodes")) if answers else set()
    rows = [Row("control", lab.layout.control_address, "Ready" if answers else "not ready", _dead(lab, "control"))]
    for node in lab.nodes:
        name = node.layout.name
        rows.append(Row(name, node.layout.address, _word(lab, name, name in ready), _dead(lab, name)))
    return rows


def _word(lab: Lab, name: str, is_ready: bool) -> str:
    for mark in (KILLED, CUT):
        if lab.marks.has(mark, name):
            return mark
    return "Ready" if is_ready else "not ready"


def _dead(lab: Lab, place: str) -> tuple[str, ...]:
    if lab.marks.has(KILLED, place):
        return ()
    return tuple(key.split(".", 1)[1] for key in lab.processes.recorded(place) if lab.processes.pid(key) is None)
