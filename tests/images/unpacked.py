"""Built images, unpacked, and commands run in them as a pod would run them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENCLOSURE = Path(__file__).parent / "enclosure.sh"
REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 240.0
"""Seconds after which a command in an image counts as hung; the machine may be busy with much else."""


def why_not() -> str:
    """Why images cannot be run here; empty if they can."""
    if os.geteuid() != 0:
        return "running images needs root (namespaces)"
    missing = [program for program in ("unshare", "ip", "chroot") if shutil.which(program) is None]
    return f"missing: {', '.join(missing)}" if missing else ""


def built(name: str) -> Path:
    """The archive of an image, built now if it is not in the cache."""
    command = [sys.executable, "-m", "images.builder", "build", name]
    return Path(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


@dataclass(frozen=True)
class Unpacked:
    """An image as a folder, with its configuration as the archive states it."""

    root: Path
    config: dict[str, Any]
    size: int
    """Bytes of the archive."""

    @property
    def environment(self) -> dict[str, str]:
        """The environment that the image sets."""
        return dict(entry.split("=", 1) for entry in self.config["Env"])

    def run(
        self, script: str, *, user: str, writable: tuple[str, ...] = (), environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell script in the image's working directory; `writable` folders only, all else read-only."""
        given = {**self.environment, **(environment or {})}
        work = self.config.get("WorkingDir") or "/"
        command = ["bash", str(ENCLOSURE), str(self.root), ":".join(writable), user]
        command += ["/bin/bash", "-c", f"cd {work}\n{script}"]
        return subprocess.run(
            command,
            input="".join(f"{name}={value}\n" for name, value in given.items()),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


def unpack(archive: Path, root: Path) -> Unpacked:
    """Unpacks a docker archive, layer by layer, deletions included."""
    root.mkdir()
    with tarfile.open(archive) as outer:
        manifest = _json(outer, "manifest.json")[0]
        for name in manifest["Layers"]:
            member = outer.extractfile(name)
            assert member is not None
            with tarfile.open(fileobj=member) as layer:
                _apply(layer, root)
        config = _json(outer, manifest["Config"])["config"]
    return Unpacked(root, config, archive.stat().st_size)


def _apply(layer: tarfile.TarFile, root: Path) -> None:
    """Puts one layer over what is there; `.wh.NAME` says that NAME is deleted."""
    kept = []
    for member in layer.getmembers():
        path = Path(member.name)
        if path.name.startswith(".wh."):
            _remove(root / path.with_name(path.name.removeprefix(".wh.")))
        else:
            if (root / path).is_symlink() or (root / path).is_file():
                (root / path).unlink()
            kept.append(member)
    layer.extractall(root, members=kept, numeric_owner=True, filter="fully_trusted")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _json(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    assert file is not None
    return json.load(file)
