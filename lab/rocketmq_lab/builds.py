"""Go programs of the lab, built once for each state of their inputs and kept outside the checkout."""

import asyncio
import fcntl
import hashlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError
from .progress import Progress
from .shell import run

LAB_FOLDER = Path(__file__).resolve().parent.parent
KUBERNETES_VERSION = "v1.34.4"
_VERSION_FLAGS = (
    f"-X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION} "
    f"-X k8s.io/client-go/pkg/version.gitVersion={KUBERNETES_VERSION}"
)


@dataclass(frozen=True)
class GoProgram:
    """A main package in `folder`, which is a module of its own; `title` says what is built and how long it takes."""

    name: str
    folder: Path
    title: str
    linker_flags: str = ""
    flags: tuple[str, ...] = field(default=("-trimpath",))

    def inputs(self) -> list[Path]:
        """Everything in the folder that the result depends on, tests aside."""
        files = [p for p in self.folder.rglob("*") if p.suffix == ".go" or p.name in ("go.mod", "go.sum")]
        return sorted(p for p in files if not p.name.endswith("_test.go"))


KUBERNETES = GoProgram(
    "labkube", LAB_FOLDER / "kubernetes", "building Kubernetes from source, once (up to 10 min)", _VERSION_FLAGS
)
PAUSE = GoProgram("pause", LAB_FOLDER / "pause", "building the pause program")
VOLUMES = GoProgram("lab-volumes", LAB_FOLDER / "volumes", "building the volume driver, once (up to 2 min)")


def cache_root() -> Path:
    """Build outputs of the whole project: `${XDG_CACHE_HOME:-~/.cache}/rocketmq-operator`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rocketmq-operator"


def digest(program: GoProgram, go_version: str) -> str:
    """Twelve hex digits that change with any input: sources, module versions, flags, compiler."""
    total = hashlib.sha256(f"{go_version}\0{program.linker_flags}\0{program.flags}".encode())
    for path in program.inputs():
        total.update(f"\0{path.relative_to(program.folder)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


async def ensure_built(program: GoProgram, progress: Progress) -> Path:
    """The program's binary, from the cache or freshly built. Two callers at once build it one after the other."""
    go = _find_go()
    version = (await run(go, "env", "GOVERSION", environment=_environment())).strip()
    folder = cache_root() / f"{program.name}-{digest(program, version)}"
    binary = folder / program.name
    if binary.exists():
        return binary
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        async with progress.step(program.title):
            while not _try_lock(lock.fileno()):
                await _pause()
            if not binary.exists():
                await _build(program, go, binary)
    return binary


async def _build(program: GoProgram, go: str, binary: Path) -> None:
    fresh = binary.with_suffix(f".{os.getpid()}")
    flags = f"-s -w {program.linker_flags}".strip()
    try:
        await run(
            "nice", go, "build", *program.flags, "-ldflags", flags, "-o", fresh, ".",
            cwd=program.folder, environment=_environment(),
        )  # fmt: skip
        fresh.rename(binary)
    finally:
        fresh.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """The user's own settings (module proxy, caches), without cgo: the result must run in an empty image."""
    return {**os.environ, "CGO_ENABLED": "0"}


def _find_go() -> str:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        raise LabError("Go is missing: install Go 1.24 or newer from https://go.dev/dl/ and put it on the PATH.")
    return go


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _pause() -> None:
    await asyncio.sleep(0.5)
