"""One node: containerd, kubelet and kube-proxy in the node's own namespace and cgroup."""

import asyncio
import os
import shutil
import socket
from pathlib import Path

from . import cgroups, host, images, leftovers, mounts, network, node_config, volumes
from .certificates import Identity
from .controlplane import ControlPlane
from .errors import LabError
from .layout import Layout, NodeLayout
from .processes import Processes, Program


class Node:
    """Starts, kills and clears one node of a lab."""

    def __init__(self, layout: Layout, node: NodeLayout, processes: Processes) -> None:
        self.layout = node
        self._lab = layout
        self._processes = processes

    async def start(self, plane: ControlPlane, pause: Path) -> bool:
        """Start what does not run; returns when containerd answers. True where kubelet had to be started."""
        self._prepare(plane)
        await network.ensure_node(self._lab, self.layout)
        cgroups.make(f"{self.layout.cgroup}/{cgroups.DAEMONS}")
        config = self.layout.state / "containerd.toml"
        self._ensure("containerd", ["containerd", "--config", config, "--log-level", "warn"])
        await self._wait_containerd()
        if node_config.PAUSE_IMAGE not in await images.present(self.layout):
            await images.import_archive(self.layout, pause)
        is_new = self._ensure("kubelet", self._kubelet())
        self._processes.ensure(volumes.node_driver(self._lab, self.layout))
        self._ensure("kube-proxy", [self._lab.bin / "kube-proxy", f"--config={self.layout.state}/proxy.json"])
        return is_new

    def _ensure(self, name: str, argv: list[str | Path]) -> bool:
        return self._processes.ensure(Program(self.layout.name, name, argv))

    def _kubelet(self) -> list[str | Path]:
        node = self.layout
        return [
            self._lab.bin / "kubelet", f"--config={node.state}/kubelet.json",
            f"--kubeconfig={node.state}/kubelet.kubeconfig", f"--root-dir={node.kubelet_root}",
            f"--cert-dir={node.kubelet_root}/pki", f"--hostname-override={node.name}", f"--node-ip={node.address}",
        ]  # fmt: skip

    def _prepare(self, plane: ControlPlane) -> None:
        node = self.layout
        for folder in (node.state / "cni", node.kubelet_root, node.run):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_kubeconfigs(plane)
        serving = plane.authority.issue(
            f"{node.name}-serving", Identity(node.name, hosts=(node.name, node.address, "127.0.0.1"))
        )
        plugins = host.cni_plugins()
        if plugins is None:
            raise LabError("The CNI plugins are gone: apt-get install containernetworking-plugins.")
        authority = plane.authority.pair.certificate
        files = {
            "containerd.toml": node_config.containerd(node, plugins),
            "cni/lab.conflist": node_config.cni(node, f"rocketmq-lab-{self._lab.name}-{node.name}"),
            "kubelet.json": node_config.kubelet(self._lab, node, authority, serving),
            "proxy.json": node_config.proxy(self._lab, node, node.state / "proxy.kubeconfig"),
            "resolv.conf": f"nameserver {self._lab.control_address}\n",
        }
        for name, text in files.items():
            write_if_changed(node.state / name, text)

    def _write_kubeconfigs(self, plane: ControlPlane) -> None:
        node = self.layout
        plane.user_kubeconfig(
            node.state / "kubelet.kubeconfig", node.name, Identity(f"system:node:{node.name}", ("system:nodes",))
        )
        plane.user_kubeconfig(node.state / "proxy.kubeconfig", "kube-proxy", Identity("system:kube-proxy"))

    async def _wait_containerd(self, seconds: float = 300.0) -> None:
        key = f"{self.layout.name}.containerd"
        try:
            async with asyncio.timeout(seconds):
                while not _answers(self.layout.containerd_socket):
                    if self._processes.pid(key) is None:
                        raise LabError(f"{key} has ended:\n{self._processes.tail(key)}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise LabError(
                f"{key} does not answer after {seconds:.0f} s; its log: {self._processes.log(key)}"
            ) from None

    def power_off(self) -> None:
        """As a power cut: every process of the node dies at once, and with them mounts, addresses and devices."""
        cgroups.kill(self.layout.cgroup)
        for key in self._processes.recorded(self.layout.name):
            self._processes.end(key, grace=0.0)
        self._forget_shims()
        volumes.detach(self._lab, self.layout.state)
        mounts.unmount_below(self.layout.run)
        mounts.unmount_below(self.layout.state)
        network.remove_namespace(self.layout.namespace)
        shutil.rmtree(self.layout.run, ignore_errors=True)
        cgroups.remove(self.layout.cgroup)

    def _forget_shims(self) -> None:
        """A killed shim leaves its socket in a folder that all containerds of the machine share."""
        for file in self.layout.run.glob("containerd/io.containerd.runtime.v2.task/*/*/address"):
            path = Path(file.read_text().strip().removeprefix("unix://"))
            if path.parent == leftovers.SHIM_SOCKETS:
                path.unlink(missing_ok=True)


def write_if_changed(path: Path, text: str) -> None:
    """containerd watches its files: one that was only written again would make it read half of it."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
    return True
