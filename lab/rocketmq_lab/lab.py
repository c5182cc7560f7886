"""The commands of the lab. Each looks at what is there and does what is missing, so each may be repeated or cut short."""

import asyncio
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from . import builds, cgroups, host, images, leftovers, mounts, network, replicate, state, volumes
from .controlplane import ControlPlane, ready_nodes, renewed_nodes
from .errors import LabError
from .layout import MAX_NODES, STATE_ROOT, Layout, node_index
from .node import Node
from .node_config import PAUSE_IMAGE
from .processes import Processes
from .progress import Progress
from .state import Boot, Marks, State

_READY_SECONDS = 600.0
"""Long, for a machine may be busy with other things; what has died is noticed at once."""
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


class Lab:
    """An existing lab: its layout and what it remembers."""

    def __init__(self, layout: Layout, remembered: State, progress: Progress) -> None:
        self.layout = layout
        self.remembered = remembered
        self.processes = Processes(layout)
        self.marks = Marks(layout)
        self._progress = progress

    @classmethod
    def find(cls, name: str, progress: Progress) -> "Lab":
        """The lab `name`; LabError where there is none."""
        remembered = state.load(name)
        if remembered is None:
            raise LabError(f"There is no lab {name!r}: start it with `lab up`.")
        return cls(Layout(name, remembered.number), remembered, progress)

    @property
    def nodes(self) -> list[Node]:
        """Every node of the lab, dead ones included."""
        return [self.node(index) for index in range(1, self.remembered.nodes + 1)]

    @property
    def powered(self) -> list[Node]:
        """The nodes that were not killed on purpose."""
        return [node for node in self.nodes if not self.marks.has("killed", node.layout.name)]

    @property
    def unpowered(self) -> list[Node]:
        """The nodes that were."""
        return [node for node in self.nodes if self.marks.has("killed", node.layout.name)]

    def node(self, index: int) -> Node:
        return Node(self.layout, self.layout.node(index), self.processes)

    def named(self, name: str) -> Node:
        """The node `name`; LabError where the lab has no such node."""
        if node_index(name) > self.remembered.nodes:
            raise LabError(f"Lab {self.layout.name!r} has {self.remembered.nodes} node(s), and no {name}.")
        return self.node(node_index(name))

    async def start(self) -> None:
        """Bring up whatever does not run; returns when every powered node is Ready."""
        kubernetes, volume_driver, pause = await self._programs()
        host.remember_tunables()
        self._forget_what_ended()
        plane = ControlPlane(self.layout, self.processes)
        files = plane.prepare(kubernetes, volume_driver)
        await network.ensure_fabric(self.layout)
        since = datetime.now(UTC)
        async with asyncio.TaskGroup() as group:
            group.create_task(plane.start(files, self._progress))
            tasks = {n.layout.name: group.create_task(n.start(plane, pause)) for n in self.powered}
        started = {name for name, task in tasks.items() if task.result()}
        await self._wait_nodes(plane, started, since)
        await self._share_images()

    def _forget_what_ended(self) -> None:
        """Daemons that died, one by one or with the machine, are started as if they had never run."""
        boot = Boot(self.layout)
        if boot.is_another():
            self.processes.forget_all()  # their numbers may be others' by now
            for index in range(1, MAX_NODES + 1):
                self.node(index).power_off()
            mounts.unmount_below(self.layout.run)
            shutil.rmtree(self.layout.run, ignore_errors=True)
        boot.remember()
        for place in (network.CONTROL, *(node.layout.name for node in self.powered)):
            self.processes.forget_dead(place)

    async def _share_images(self) -> None:
        """Nodes that are new, or were away while an image was loaded, get what the others have."""
        nodes = [node.layout for node in self.powered]
        holdings = {node.name: await images.present(node) for node in nodes}
        source = max(nodes, key=lambda node: len(holdings[node.name]))
        lacking = [n for n in nodes if not holdings[source.name].keys() <= holdings[n.name].keys()]
        if lacking:
            async with self._progress.step(f"giving images of {source.name} to {', '.join(n.name for n in lacking)}"):
                await replicate.spread(source, lacking)

    async def _programs(self) -> tuple[Path, Path, Path]:
        kubernetes = await builds.ensure_built(builds.KUBERNETES, self._progress)
        volume_driver = await builds.ensure_built(builds.VOLUMES, self._progress)
        program = await builds.ensure_built(builds.PAUSE, self._progress)
        pause = self.layout.state / "pause.tar"
        images.write_program_archive(program, pause, PAUSE_IMAGE)
        return kubernetes, volume_driver, pause

    async def _missing_nodes(self, plane: ControlPlane, started: set[str], since: datetime) -> set[str]:
        """Powered nodes that are not Ready. What a node was before its kubelet's start does not count."""
        ready = ready_nodes(await plane.api.get("/api/v1/nodes"))
        if started:
            renewed = renewed_nodes(await plane.api.get(_LEASES), since)
            ready -= started - renewed
        return {node.layout.name for node in self.powered} - ready

    async def _wait_nodes(self, plane: ControlPlane, started: set[str], since: datetime) -> None:
        """Until every powered node is Ready; those whose kubelet was `started` must have said so `since` then."""
        if not await self._missing_nodes(plane, started, since):
            return
        expected = {node.layout.name for node in self.powered}
        async with self._progress.step(f"waiting for {len(expected)} node(s) to be Ready"):
            end = time.monotonic() + _READY_SECONDS
            while missing := await self._missing_nodes(plane, started, since):
                for place in ("control", *expected):
                    plane.check_alive(place)
                if time.monotonic() > end:
                    raise LabError(
                        f"Not Ready after {_READY_SECONDS:.0f} s: {', '.join(sorted(missing))}. Logs: {self.layout.logs}"
                    )
                await asyncio.sleep(0.2)

    async def destroy(self) -> None:
        """Leave nothing: processes, mounts, namespaces, devices, cgroups, files."""
        cgroups.kill(self.layout.cgroup)
        for node in [self.node(index) for index in range(1, MAX_NODES + 1)]:
            node.power_off()
        volumes.detach(self.layout, self.layout.state)
        for key in self.processes.recorded():
            self.processes.end(key, grace=0.0)
        await network.remove_all(self.layout)
        mounts.unmount_below(self.layout.run)
        mounts.unmount_below(self.layout.state)
        cgroups.remove(self.layout.cgroup)
        leftovers.remove(self.layout)
        shutil.rmtree(self.layout.run, ignore_errors=True)
        shutil.rmtree(self.layout.state, ignore_errors=True)


async def up(name: str, nodes: int | None, progress: Progress) -> Lab:
    """Start lab `name`, or repair it, or add nodes to it; `nodes` None means as many as it has (3 if new)."""
    await host.check()
    if host.missing_packages():
        async with asyncio.TaskGroup() as group:  # both are long, and neither needs the other
            group.create_task(host.install_packages(progress))
            group.create_task(builds.ensure_built(builds.KUBERNETES, progress))
    async with state.locked(name, progress):
        remembered = state.load(name)
        if remembered is None:
            layout = await state.create(name, nodes or MAX_NODES)
        else:
            layout = Layout(name, remembered.number)
        wanted = max(nodes or 0, remembered.nodes if remembered else 0) or MAX_NODES
        state.save(layout, State(layout.number, wanted))
        lab = Lab.find(name, progress)
        await lab.start()
        return lab


async def down(name: str, progress: Progress) -> bool:
    """Remove lab `name` and everything it made; False where there was none."""
    async with state.locked(name, progress):
        remembered = state.load(name)
        if remembered is None:
            shutil.rmtree(STATE_ROOT / name, ignore_errors=True)
        else:
            async with progress.step(f"removing lab {name}"):
                await Lab(Layout(name, remembered.number), remembered, progress).destroy()
        if not state.names():
            leftovers.remove_shared()
            host.restore_tunables()
        state.remove_lock(name)
    return remembered is not None
