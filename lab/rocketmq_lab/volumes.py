"""The lab's volumes: the driver of `lab/volumes` on every node, and its controller (see the README there)."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from .builds import VOLUMES
from .layout import Layout, NodeLayout
from .processes import Program
from .shell import clean_environment

NAME = "volumes"
NODE_LABEL = "lab.rocketmq.huanwei.io/node"
"""kubelet puts it on the Node once the driver has registered: from then on volumes can be made there."""


def program(layout: Layout) -> Path:
    return layout.bin / VOLUMES.name


def node_driver(layout: Layout, node: NodeLayout) -> Program:
    arguments: list[str | Path] = [
        "--node-name",
        node.name,
        "--state",
        node.state / NAME,
        "--kubelet-root",
        node.kubelet_root,
    ]
    return Program(node.name, NAME, [program(layout), "node", *arguments])


def controller(layout: Layout, place: str, kubeconfig: Path) -> Program:
    sockets = layout.state / "{node}" / NAME / "csi.sock"
    arguments: list[str | Path] = ["--kubeconfig", kubeconfig, "--driver-socket", sockets]
    return Program(place, NAME, [program(layout), "controller", *arguments])


def objects() -> list[tuple[str, dict[str, Any]]]:
    """(API path, object): the driver, the default StorageClass and the controller's rights."""
    documents = yaml.safe_load_all((VOLUMES.folder / "manifests.yaml").read_text())
    return [(_path(value), value) for value in documents]


def _path(value: dict[str, Any]) -> str:
    kind = value["kind"].lower()
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return f"/apis/{value['apiVersion']}/{plural}/{value['metadata']['name']}"


def detach(layout: Layout, folder: Path) -> None:
    """Unmount and let go of every volume whose file lies below `folder`; the files stay."""
    if program(layout).exists():
        command: list[str | Path] = [program(layout), "detach", "--state", folder]
        subprocess.run(command, check=False, env=clean_environment(), capture_output=True)
