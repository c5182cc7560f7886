"""The control plane's programs, started so that each finds what it needs and none waits longer than it must."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from . import cgroups, control_config, dns, network, volumes
from .api import Api
from .certificates import Authority, Identity, write_private
from .control_config import ControlFiles
from .errors import LabError
from .layout import CLUSTER_DOMAIN, Layout
from .node_config import kubeconfig
from .processes import Processes, Program
from .progress import Progress

PLACE = network.CONTROL
KUBERNETES_PROGRAMS = (
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl", "coredns",
)  # fmt: skip
_ADMINISTRATOR = Identity("lab-admin", ("system:masters",))
_API_NAMES = (
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
    "localhost", "127.0.0.1",
)  # fmt: skip


class ControlPlane:
    """etcd, API server, controller manager, scheduler and CoreDNS of one lab."""

    def __init__(self, layout: Layout, processes: Processes) -> None:
        self._layout = layout
        self._processes = processes
        self.authority = Authority(layout.certificates)
        self.api = Api(layout, self.authority.pair, self.authority.issue("admin", _ADMINISTRATOR))

    def user_kubeconfig(self, path: Path, file: str, identity: Identity) -> Path:
        """Write a kubeconfig (mode 0600) for `identity`, whose certificate files are named `file`."""
        if not path.exists():
            text = kubeconfig(
                self._layout, self.authority.pair.certificate, identity.name, self.authority.issue(file, identity)
            )
            write_private(path, text.encode())
        return path

    def prepare(self, kubernetes: Path, volume_driver: Path) -> ControlFiles:
        """Programs, certificates and files; no process yet."""
        layout = self._layout
        link_programs(
            layout.bin, {**dict.fromkeys(KUBERNETES_PROGRAMS, kubernetes), volumes.program(layout).name: volume_driver}
        )
        layout.logs.mkdir(parents=True, exist_ok=True)
        (layout.state / "etcd").mkdir(mode=0o700, exist_ok=True)
        self.user_kubeconfig(layout.kubeconfig, "admin", _ADMINISTRATOR)
        files = self._files()
        files.audit_policy.write_text(control_config.audit_policy())
        dns = self._component("coredns")
        files.corefile.write_text(control_config.corefile(layout, dns))
        return files

    def _files(self) -> ControlFiles:
        layout, issue = self._layout, self.authority.issue
        front = Authority(layout.certificates / "front-proxy")
        hosts = (*_API_NAMES, layout.control_address, layout.api_service_address)
        return ControlFiles(
            authority=self.authority.pair,
            front_proxy=front.pair,
            front_proxy_client=front.issue("client", Identity(control_config.FRONT_PROXY)),
            serving=issue("apiserver", Identity("kube-apiserver", hosts=hosts)),
            kubelet_client=issue("kubelet-client", Identity("kube-apiserver-kubelet-client", ("system:masters",))),
            service_accounts=self.authority.signing_key("service-accounts"),
            audit_policy=layout.state / "audit-policy.json",
            controller_manager=self._component("kube-controller-manager"),
            scheduler=self._component("kube-scheduler"),
            corefile=layout.state / "Corefile",
            volumes=self.user_kubeconfig(
                layout.certificates / "lab-volumes.kubeconfig", "lab-volumes", Identity("lab-volumes")
            ),
        )

    def _component(self, name: str) -> Path:
        path = self._layout.certificates / f"{name}.kubeconfig"
        return self.user_kubeconfig(path, name, Identity(f"system:{name}"))

    async def start(self, files: ControlFiles, progress: Progress) -> None:
        """Start what does not run; returns when the API server is ready."""
        await network.ensure_control(self._layout)
        cgroups.make(f"{self._layout.cgroup}/{PLACE}/{cgroups.DAEMONS}")
        layout = self._layout
        self._ensure("etcd", ["etcd", *control_config.etcd(layout)])
        self._ensure("kube-apiserver", control_config.apiserver(layout, files))
        await self._wait_ready("API server", progress)
        self._ensure("kube-controller-manager", control_config.controller_manager(layout, files))
        self._ensure("kube-scheduler", control_config.scheduler(layout, files))
        self._processes.ensure(volumes.controller(layout, PLACE, files.volumes))
        await self._publish(volumes.objects())
        await self._start_dns(files, progress)

    async def _publish(self, objects: list[tuple[str, dict[str, Any]]]) -> None:
        for path, value in objects:
            await self.api.apply(path, value)

    async def _start_dns(self, files: ControlFiles, progress: Progress) -> None:
        """The server after its rights: refused at its first try, it would wait long before the next."""
        await self._publish(control_config.dns_objects(self._layout))
        self._ensure("coredns", ["-conf", str(files.corefile), "-quiet"])
        async with progress.step("waiting for the DNS", quiet=True):
            name = f"kubernetes.default.svc.{CLUSTER_DOMAIN}"
            while not await dns.answers(self._layout.control_address, name):
                self.check_alive()
                await asyncio.sleep(0.1)

    def _ensure(self, name: str, arguments: list[str]) -> None:
        argv: list[str | Path] = [*arguments]
        if name in KUBERNETES_PROGRAMS:
            argv = [self._layout.bin / name, *arguments]
        self._processes.ensure(Program(PLACE, name, argv))

    async def _wait_ready(self, what: str, progress: Progress, seconds: float = 600.0) -> None:
        if await self.api.is_ready():
            return
        async with progress.step(f"waiting for the {what}"):
            try:
                async with asyncio.timeout(seconds):
                    while not await self.api.is_ready():
                        self.check_alive()
                        await asyncio.sleep(0.1)
            except TimeoutError:
                log = self._processes.log(f"{PLACE}.kube-apiserver")
                raise LabError(f"The {what} is not ready after {seconds:.0f} s; its log is {log}.") from None

    def check_alive(self, place: str = PLACE) -> None:
        """LabError with the end of its log where a daemon of `place` has died."""
        for key in self._processes.recorded(place):
            if self._processes.pid(key) is None:
                tail = self._processes.tail(key)
                raise LabError(f"{key} has ended; the end of {self._processes.log(key)}:\n{tail}")


def link_programs(folder: Path, programs: dict[str, Path]) -> None:
    """Every Kubernetes program is the one binary under another name; `kubectl` is there for the user, too."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, binary in programs.items():
        link = folder / name
        if not link.is_symlink() or Path(os.readlink(link)) != binary:  # noqa: PTH115
            link.unlink(missing_ok=True)
            link.symlink_to(binary)


def renewed_nodes(leases: dict[str, Any], since: datetime) -> set[str]:
    """Names of the nodes whose kubelet has shown itself after `since`, from the LeaseList of kube-node-lease."""
    times = {item["metadata"]["name"]: item["spec"].get("renewTime", "") for item in leases["items"]}
    return {name for name, time in times.items() if time and datetime.fromisoformat(time) > since}


def ready_nodes(nodes: dict[str, Any]) -> set[str]:
    """Names of those of a NodeList that are Ready and whose volume driver has registered."""
    return {
        item["metadata"]["name"]
        for item in nodes["items"]
        if volumes.NODE_LABEL in item["metadata"].get("labels", {})
        and any(c["type"] == "Ready" and c["status"] == "True" for c in item["status"].get("conditions", []))
    }
