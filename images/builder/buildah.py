"""buildah, with a store of its own under the cache, so that nothing of the machine's own images is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images.builder.commands import run

# Everything runs in a mount namespace and a process namespace that end with the command: a build that is
# killed leaves neither a mount nor a process.
ENCLOSED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")


@dataclass(frozen=True)
class Buildah:
    """Runs buildah commands on the store in `folder`; their output goes to `folder/logs`."""

    folder: Path

    @property
    def _command(self) -> tuple[str, ...]:
        store = ("--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"))
        policy = ("--registries-conf", str(self._registries()))
        return (*ENCLOSED, "buildah", "--storage-driver", "overlay", *store, *policy)

    def _registries(self) -> Path:
        """A registry configuration that names no registry: all names are written out, and nothing is pulled."""
        return self._file("registries.conf", "unqualified-search-registries = []\n")

    def _policy(self) -> Path:
        return self._file("policy.json", json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))

    def _file(self, name: str, text: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / name
        if not file.exists():
            file.write_text(text)
        return file

    async def build(
        self,
        image: str,
        dockerfile: Path,
        context: Path,
        *,
        contexts: Mapping[str, Path],
        arguments: Mapping[str, str],
    ) -> None:
        """Builds `image` from local images only; layers that did not change come from the store."""
        named = [part for name, path in contexts.items() for part in ("--build-context", f"{name}={path}")]
        given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
        command = [
            *self._command, "bud", "--signature-policy", str(self._policy()), "--isolation", "chroot",
            "--network", "host", "--pull-never", "--layers", "--format", "docker", *named, *given,
            "--file", str(dockerfile), "--tag", image, str(context),
        ]  # fmt: skip
        await run(f"building {image}", command, self._log("build", image))

    async def import_base(self, image: str, archive: Path, work: Path) -> None:
        """Makes `image` from a file-system archive (tar)."""
        dockerfile = work / "Dockerfile"
        dockerfile.write_text(f'FROM scratch\nADD {archive.name} /\nCMD ["bash"]\n')
        await self.build(image, dockerfile, archive.parent, contexts={}, arguments={})

    async def save(self, image: str, archive: Path) -> None:
        """Writes `image` as a docker archive, layers uncompressed, which is what imports fastest.

        The archive must not exist yet.
        """
        policy = ("--signature-policy", str(self._policy()))
        command = [*self._command, "push", *policy, image, f"docker-archive:{archive}:{image}"]
        await run(f"writing {archive.name}", command, self._log("save", image))

    def _log(self, step: str, image: str) -> Path:
        return self.folder / "logs" / f"{step}-{image.replace('/', '_').replace(':', '_')}.log"
