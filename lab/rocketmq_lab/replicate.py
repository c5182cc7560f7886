"""Hand an image from one node's containerd to another's without reading or unpacking it again.

Layers, packed and unpacked, never change once they are committed: the other node gets hard links to the
same files, and its containerd is told about them through its own client. That takes a fraction of the time and no
space, and programs of all nodes share one page cache. Whatever cannot be handed on so goes by export and import.
"""

import asyncio
import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import LabError
from .images import add_file, blob, ctr, import_archive, present
from .layout import NodeLayout
from .shell import run

_SINGLE_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)


@dataclass(frozen=True)
class Blob:
    """A piece of content: its digest (`sha256:...`) and its size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True)
class Image:
    """What an image consists of. `chains` names the unpacked layers, lowest first, as snapshotters key them."""

    name: str
    media_type: str
    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]
    chains: tuple[str, ...]


async def spread(source: NodeLayout, targets: Iterable[NodeLayout], names: Iterable[str] | None = None) -> None:
    """Give `targets` the images of `source` (those in `names`, or all), wherever theirs are missing or others."""
    there = await present(source)
    wanted = [name for name in (names or there) if name in there and not name.startswith("sha256:")]
    async with asyncio.TaskGroup() as group:
        for target in targets:
            group.create_task(_give(source, target, {name: there[name] for name in wanted}))


async def _give(source: NodeLayout, target: NodeLayout, wanted: dict[str, str]) -> None:
    there = await present(target)
    for name, digest in wanted.items():
        if there.get(name) == digest:
            continue
        try:
            await hand_on(source, target, read_image(source, name, digest))
        except (LabError, OSError, KeyError, ValueError):
            await _export_import(source, target, name)


def read_image(source: NodeLayout, name: str, digest: str) -> Image:
    """The parts of image `name` as they lie in the content store; ValueError where it is for several platforms."""
    data = blob(source, digest).read_bytes()
    manifest = json.loads(data)
    if manifest.get("mediaType", _SINGLE_MANIFESTS[1]) not in _SINGLE_MANIFESTS or "layers" not in manifest:
        raise ValueError(f"{name} is no single manifest")
    config = manifest["config"]
    diff_ids = json.loads(blob(source, config["digest"]).read_bytes())["rootfs"]["diff_ids"]
    return Image(
        name=name,
        media_type=manifest.get("mediaType", _SINGLE_MANIFESTS[1]),
        manifest=Blob(digest, len(data)),
        config=Blob(config["digest"], config["size"]),
        layers=tuple(Blob(layer["digest"], layer["size"]) for layer in manifest["layers"]),
        chains=chain_ids(diff_ids),
    )


def chain_ids(diff_ids: list[str]) -> tuple[str, ...]:
    """Identity of each layer together with all below it (OCI image specification, config.md, "Layer ChainID")."""
    chains: list[str] = []
    for diff in diff_ids:
        joined = f"{chains[-1]} {diff}" if chains else ""
        chains.append(f"sha256:{hashlib.sha256(joined.encode()).hexdigest()}" if chains else diff)
    return tuple(chains)


async def hand_on(source: NodeLayout, target: NodeLayout, image: Image) -> None:
    """The image's record comes before its layers, so that what arrives is wanted and no clean-up takes it."""
    await _link_snapshots(source, target, image)
    with TemporaryDirectory(prefix="rocketmq-lab-") as folder:
        archive = Path(folder) / "image.tar"
        write_small_archive(image, source, archive)
        await import_archive(target, archive)
    for layer in image.layers:
        await _link_layer(source, target, layer)


async def _link_layer(source: NodeLayout, target: NodeLayout, layer: Blob) -> None:
    """containerd takes up a file that lies in its store under the right name; where it does not, it reads a copy."""
    link_file(blob(source, layer.digest), blob(target, layer.digest))
    expectations = ("--expected-digest", layer.digest, "--expected-size", str(layer.size))
    command = ctr(target, "content", "ingest", *expectations, f"lab-{layer.digest}")
    await run(*command, stdin=blob(source, layer.digest))


async def _link_snapshots(source: NodeLayout, target: NodeLayout, image: Image) -> None:
    rows = (await run(*ctr(target, "snapshots", "list"))).splitlines()[1:]
    there = {row.split()[0] for row in rows}
    folders = await _layer_folders(source, image)
    for index, chain in enumerate(image.chains):
        if chain not in there:
            parent = image.chains[index - 1 : index] if index else ()
            await _commit(target, chain, parent, folders[index])


async def _layer_folders(source: NodeLayout, image: Image) -> list[Path]:
    """Where the source keeps each unpacked layer, lowest first; found by asking for a view of them all."""
    key = f"lab-{image.chains[-1]}-{os.urandom(4).hex()}"
    await run(*ctr(source, "snapshots", "view", key, image.chains[-1]))
    try:
        folders = parse_lower_folders(await run(*ctr(source, "snapshots", "mounts", "/", key)))
    finally:
        await run(*ctr(source, "snapshots", "remove", key))
    if len(folders) != len(image.chains):
        raise ValueError(f"{image.name}: {len(image.chains)} layers in {len(folders)} folders")
    return folders


def parse_lower_folders(mount_command: str) -> list[Path]:
    """Folders in containerd's suggestion of a mount, lowest first: a bind mount of one, or an overlay of several."""
    lower = re.search(r"lowerdir=([^,\s]+)", mount_command)
    if lower:
        return [Path(folder) for folder in reversed(lower[1].split(":"))]
    return [Path(mount_command.split()[3])]


async def _commit(target: NodeLayout, chain: str, parent: tuple[str, ...], folder: Path) -> None:
    key = f"lab-{chain}-{os.urandom(4).hex()}"
    mount = await run(*ctr(target, "snapshots", "prepare", "--target", "/", key, *parent))
    upper = re.search(r"upperdir=([^,\s]+)", mount)
    destination = Path(upper[1]) if upper else Path(mount.split()[3])
    await run("cp", "--archive", "--link", f"{folder}/.", destination)
    await run(*ctr(target, "snapshots", "commit", chain, key))


def link_file(source: Path, target: Path) -> None:
    """A second name for the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.link(source, target)


def write_small_archive(image: Image, source: NodeLayout, path: Path) -> None:
    """An OCI archive of the image without its layers: enough to make containerd know it."""
    entry = {
        "mediaType": image.media_type,
        "digest": image.manifest.digest,
        "size": image.manifest.size,
        "annotations": {"io.containerd.image.name": image.name},
    }
    with tarfile.open(path, "w") as tar:
        add_file(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add_file(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        for part in (image.manifest, image.config):
            add_file(tar, "blobs/" + part.digest.replace(":", "/"), blob(source, part.digest).read_bytes())


async def _export_import(source: NodeLayout, target: NodeLayout, name: str) -> None:
    with TemporaryDirectory(prefix="rocketmq-lab-") as folder:
        archive = Path(folder) / "image.tar"
        await run(*ctr(source, "images", "export", archive, name))
        await import_archive(target, archive)
