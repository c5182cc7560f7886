"""Images in the nodes' containerd: the lab has no registry, so tar files are imported."""

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import LabError
from .layout import NodeLayout
from .shell import run


@dataclass(frozen=True)
class Archive:
    """An image tar: `names` in full (docker.io/library/x:1), `config` the digest that identifies the image."""

    path: Path
    names: tuple[str, ...]
    config: str


def full_name(name: str) -> str:
    """`busybox` -> `docker.io/library/busybox:latest`, as containerd and the CRI spell it."""
    head, _, rest = name.partition("/")
    if not rest:
        name = f"docker.io/library/{name}"
    elif "." not in head and ":" not in head and head != "localhost":
        name = f"docker.io/{name}"
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def read_archive(path: Path) -> list[Archive]:
    """The images of a docker-archive or OCI tar, without unpacking it; LabError where it is neither."""
    try:
        with tarfile.open(path) as tar:
            names = set(tar.getnames())
            if "manifest.json" in names:
                return [_docker(path, tar, entry) for entry in _json(tar, "manifest.json")]
            if "index.json" in names:
                return [_oci(path, tar, entry) for entry in _json(tar, "index.json")["manifests"]]
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise LabError(f"{path} cannot be read as an image archive: {error}.") from error
    raise LabError(f"{path} is no image archive: it has neither manifest.json nor index.json.")


def _docker(path: Path, tar: tarfile.TarFile, entry: dict[str, Any]) -> Archive:
    config = hashlib.sha256(_read(tar, entry["Config"])).hexdigest()
    return _named(path, tuple(full_name(name) for name in entry.get("RepoTags") or []), f"sha256:{config}")


def _oci(path: Path, tar: tarfile.TarFile, entry: dict[str, Any]) -> Archive:
    manifest = _json(tar, "blobs/" + entry["digest"].replace(":", "/"))
    notes = entry.get("annotations", {})
    name = notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
    return _named(path, (full_name(name),) if name else (), manifest["config"]["digest"])


def _named(path: Path, names: tuple[str, ...], config: str) -> Archive:
    if not names:
        raise LabError(f"{path} holds an image without a name: tag it before saving it (NAME:TAG).")
    return Archive(path, names, config)


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member.read()


def _json(tar: tarfile.TarFile, name: str) -> Any:
    return json.loads(_read(tar, name))


def ctr(node: NodeLayout, *arguments: str | Path) -> list[str | Path]:
    """containerd's own client, in the namespace that the CRI uses."""
    return ["ctr", "--address", node.containerd_socket, "--namespace", "k8s.io", *arguments]


async def present(node: NodeLayout) -> dict[str, str]:
    """Image name -> digest of its manifest, as containerd lists them."""
    rows = (await run(*ctr(node, "images", "list"))).splitlines()[1:]
    return {fields[0]: fields[2] for fields in map(str.split, rows) if len(fields) > 2}


def blob(node: NodeLayout, digest: str) -> Path:
    """Where containerd keeps the content `digest` (`sha256:...`)."""
    return node.containerd_root / "io.containerd.content.v1.content/blobs" / digest.replace(":", "/")


def config_of(node: NodeLayout, manifest: str) -> str | None:
    """The image's identity behind a manifest's digest; None where the node holds no such manifest."""
    try:
        return str(json.loads(blob(node, manifest).read_bytes())["config"]["digest"])
    except (OSError, ValueError, KeyError):
        return None


async def has(node: NodeLayout, archive: Archive) -> bool:
    """Whether the node holds this very image under all its names."""
    there = await present(node)
    return all(config_of(node, there.get(name, "")) == archive.config for name in archive.names)


async def import_archive(node: NodeLayout, path: Path) -> None:
    """Import and unpack every image of the tar."""
    await run(*ctr(node, "images", "import", path))


def write_program_archive(program: Path, target: Path, name: str, user: str = "65535:65535") -> None:
    """An image FROM scratch that holds one static program, as a docker-archive tar; the same bytes every time."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        add_file(tar, program.name, program.read_bytes(), 0o755)
    layer_id = hashlib.sha256(layer.getvalue()).hexdigest()
    config = json.dumps({
        "architecture": _architecture(), "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"], "User": user},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
    }).encode()  # fmt: skip
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{layer_id}/layer.tar"]}]
    with tarfile.open(target, "w") as tar:
        add_file(tar, config_name, config)
        add_file(tar, f"{layer_id}/layer.tar", layer.getvalue())
        add_file(tar, "manifest.json", json.dumps(manifest).encode())


def add_file(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    """Put `data` under `name` into the tar."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
