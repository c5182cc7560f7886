"""The machine under the lab: what it must have, what is installed on it, and the settings put back at the end."""

# ruff: noqa: ASYNC240 - these are files of /proc, /sys and /run, in memory

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from . import leftovers
from .errors import LabError
from .layout import STATE_ROOT
from .progress import Progress
from .shell import have, run

PACKAGES = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "socat": "socat",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "sysctl": "procps",
    "mkfs.xfs": "xfsprogs",
}
"""Program -> Debian package that brings it."""
_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_CNI_PLUGINS = ("bridge", "host-local", "loopback")
_POLICY = Path("/usr/sbin/policy-rc.d")

TUNABLES = (
    "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
)  # fmt: skip
"""Settings of the whole machine that kubelet changes at its start."""


def cni_plugins() -> Path | None:
    """The folder that holds the CNI plugins."""
    complete = (f for f in _CNI_FOLDERS if all((f / plugin).exists() for plugin in _CNI_PLUGINS))
    return next(complete, None)


def missing_packages() -> list[str]:
    packages = {package for program, package in PACKAGES.items() if not have(program)}
    return sorted(packages | ({"containernetworking-plugins"} if cni_plugins() is None else set()))


async def check() -> None:
    """LabError with everything that this machine lacks and that no package brings."""
    problems: list[str] = []
    if os.geteuid() != 0:
        raise LabError("The lab needs root (namespaces, mounts, cgroups): run it with sudo, or as root.")
    if shutil.which("go") is None and not Path("/usr/local/go/bin/go").exists():
        problems.append("Go is missing: install Go 1.24 or newer from https://go.dev/dl/ and put it on the PATH.")
    if missing_packages() and not have("apt-get"):
        problems.append(f"These are missing, and there is no apt-get: {', '.join(missing_packages())}.")
    problems += _missing_controllers()
    if leftovers.foreign_kubelet():
        problems.append("a kubelet runs on this machine already: use its cluster, or a machine without one.")
    if have("unshare") and have("ip"):
        problems += await _missing_kernel_features()
    if problems:
        raise LabError("This machine cannot carry the lab:\n" + "\n".join(f"  - {p}" for p in problems))


def _missing_controllers() -> list[str]:
    v2 = Path("/sys/fs/cgroup/cgroup.controllers")
    rows = Path("/proc/cgroups").read_text().splitlines() if Path("/proc/cgroups").exists() else []
    there = v2.read_text().split() if v2.exists() else [r.split()[0] for r in rows[1:] if r.split()[-1] == "1"]
    lacking = [name for name in ("cpu", "cpuset", "memory", "pids") if name not in there]
    advice = "boot the kernel with cgroup_enable=memory, or give the container its cgroups (--cgroupns=host)"
    return [f"cgroup controllers are missing: {', '.join(lacking)}; {advice}."] if lacking else []


async def _missing_kernel_features() -> list[str]:
    """Tries each feature in a throw-away namespace; a module that is not loaded yet is loaded by the try."""
    tries = {
        "network namespaces": "true",
        "veth devices (module veth)": "ip link add name one type veth peer name two",
        "bridges (module bridge)": "ip link add name one type bridge",
    }
    if have("nft"):
        tries["nftables (module nf_tables)"] = "nft add table ip lab"
    problems = []
    for feature, command in tries.items():
        try:
            await run("unshare", "--net", "sh", "-c", command)
        except LabError:
            problems.append(f"the kernel does not offer {feature}: load the module or use a stock Debian kernel.")
    for system in ("overlay", "xfs"):
        if not await _has_file_system(system):
            problems.append(f"the kernel does not offer the file system {system}: modprobe {system}.")
    if not Path("/dev/loop-control").exists():
        problems.append("there is no /dev/loop-control: modprobe loop, or start the container with --privileged.")
    return problems


async def _has_file_system(name: str) -> bool:
    systems = Path("/proc/filesystems")
    if f"\t{name}\n" not in systems.read_text() and have("modprobe"):
        await run("modprobe", name, check=False)
    return f"\t{name}\n" in systems.read_text()


async def install_packages(progress: Progress) -> None:
    """apt-get what is missing, without letting the packages start services of their own."""
    packages = missing_packages()
    if not packages:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    async with progress.step(f"installing {' '.join(packages)}"):
        with _no_services():
            await run("apt-get", "update", "-qq", environment=environment)
            command = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
            await run(*command, *packages, environment=environment)
    if still := missing_packages():
        raise LabError(f"apt-get installed everything, but these are still not found: {', '.join(still)}.")


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """Debian starts a package's service unless this script forbids it (policy-rc.d, 101: not allowed)."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def remember_tunables(root: Path = STATE_ROOT, proc: Path = Path("/proc/sys")) -> None:
    """Keep the machine's settings, unless another lab has done so already."""
    file = root / "host-settings.json"
    if not file.exists():
        root.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({t: (proc / t).read_text().strip() for t in TUNABLES if (proc / t).exists()}))


def restore_tunables(root: Path = STATE_ROOT, proc: Path = Path("/proc/sys")) -> None:
    """Put the machine's settings back; for the last lab that goes."""
    file = root / "host-settings.json"
    if not file.exists():
        return
    for name, value in json.loads(file.read_text()).items():
        if (proc / name).read_text().strip() != value:
            (proc / name).write_text(value)
    file.unlink()
