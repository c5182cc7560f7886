"""The lab's network: a switch in a namespace of its own, and one cable from it to every machine.

  host ──┐            The bridge `switch` lives in the namespace `fabric`, not on the host, so that the host's
control ─┤ fabric     packet filter never sees the lab's traffic and nothing of the host's has to be changed.
  node1 ─┤            A node is cut off by taking its port down.
  node2 ─┘
"""

# ruff: noqa: ASYNC240 - these are files of /proc, /sys and /run, in memory

import contextlib
import json
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

from .layout import Layout, NodeLayout
from .mounts import is_mount_point, unmount
from .shell import in_namespace, run

FABRIC = "fabric"
CONTROL = "control"
_SWITCH = "switch"


@contextlib.asynccontextmanager
async def _furnished_once(path: Path) -> AsyncIterator[bool]:
    """True to a caller who has to furnish the namespace that the file `path` holds: it is new, and has only `lo`.

    A namespace whose furnishing was interrupted is no use: it is thrown away, and made again.
    """
    if is_mount_point(path) and _done(path).exists():
        yield False
        return
    remove_namespace(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    await run("unshare", f"--net={path}", "true")
    await _ip(path, ["link set lo up"])
    yield True
    _done(path).touch()


def _done(path: Path) -> Path:
    return path.with_name(f"{path.name}.furnished")


def remove_namespace(path: Path) -> None:
    """Delete the namespace with every device in it; nothing where it is gone already."""
    _done(path).unlink(missing_ok=True)
    unmount(path)
    path.unlink(missing_ok=True)


async def ensure_fabric(layout: Layout) -> None:
    """The switch, the host's port to it and the host's routes to the pods."""
    fabric = layout.namespace(FABRIC)
    async with _furnished_once(fabric) as is_new:
        if not is_new:
            return
        await run("ip", "link", "delete", layout.host_device, check=False)
        await _ip(fabric, [f"link add {_SWITCH} type bridge forward_delay 0", f"link set {_SWITCH} up"])
        await _ip(None, [
            f"link add {layout.host_device} type veth peer name host netns {fabric}",
            f"addr add {layout.host_address}/{layout.machines_prefix} dev {layout.host_device}",
            f"link set {layout.host_device} up",
            *_pod_routes(layout, None),
        ])  # fmt: skip
        await _ip(fabric, [f"link set host master {_SWITCH} up"])


async def ensure_control(layout: Layout) -> None:
    """The control plane's machine."""
    namespace = layout.namespace(CONTROL)
    async with _furnished_once(namespace) as is_new:
        if is_new:
            await _plug(layout, CONTROL, layout.control_address)
            await _ip(namespace, _pod_routes(layout, None))


async def ensure_node(layout: Layout, node: NodeLayout) -> None:
    """One node's machine; it forwards, for its pods live behind it."""
    async with _furnished_once(node.namespace) as is_new:
        if is_new:
            await _plug(layout, node.name, node.address)
            await _ip(node.namespace, _pod_routes(layout, node))
            await run(*in_namespace(node.namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1"))


async def set_port(layout: Layout, place: str, up: bool) -> None:
    """Take a machine's cable out of the switch, or put it back."""
    await _ip(layout.namespace(FABRIC), [f"link set {place} {'up' if up else 'down'}"])


async def host_networks() -> list[IPv4Network]:
    """Every IPv4 network that the host has a route to, in any table."""
    routes = json.loads(await run("ip", "-json", "-4", "route", "show", "table", "all") or "[]")
    names = [str(route["dst"]) for route in routes if "dst" in route]
    return [IPv4Network(name, strict=False) for name in names if name[0].isdigit()]


async def remove_all(layout: Layout) -> None:
    """Delete the switch, every machine's network and the host's device with its routes."""
    folder = layout.run / "net"
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        remove_namespace(path)
    await run("ip", "link", "delete", layout.host_device, check=False)


async def _plug(layout: Layout, place: str, address: str) -> None:
    namespace = layout.namespace(place)
    fabric = layout.namespace(FABRIC)
    await run(*in_namespace(fabric, "ip", "link", "delete", place), check=False)
    await _ip(fabric, [
        f"link add {place} type veth peer name eth0 netns {namespace}",
        f"link set {place} master {_SWITCH} up",
    ])  # fmt: skip
    await _ip(namespace, [f"addr add {address}/{layout.machines_prefix} dev eth0", "link set eth0 up"])


def _pod_routes(layout: Layout, own: NodeLayout | None) -> list[str]:
    return [f"route add {node.pods} via {node.address}" for node in layout.all_nodes() if node != own]


async def _ip(namespace: Path | None, lines: list[str]) -> None:
    batch = ["ip", "-batch", "-"]
    argv = in_namespace(namespace, *batch) if namespace else batch
    await run(*argv, stdin="\n".join(lines) + "\n")
