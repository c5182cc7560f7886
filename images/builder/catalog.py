"""The images there are: names, Dockerfiles, and all that each depends on."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from images.builder import inputs, sources
from images.builder.places import IMAGES, REPOSITORY

DEFAULT_ROCKETMQ = "5.4.0"
ROCKETMQ_VERSIONS = ("5.3.3", DEFAULT_ROCKETMQ, "5.5.0", "4.9.7")
REGISTRY = "docker.io"
BASE_IMAGE = f"{REGISTRY}/library/debian:bookworm-slim"


@dataclass(frozen=True)
class Image:
    """One image: `name` is its short name here and its archive's, `reference` its full name in a cluster."""

    name: str
    reference: str
    dockerfile: Path
    context: Path
    depends_on: tuple[Path, ...]
    """Files and folders that, changed, make the image another one."""
    arguments: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, Callable[[], Awaitable[Path]]] = field(default_factory=dict)
    """Named folders that replace the Dockerfile's fetching stages, made when they are needed."""
    by_default: bool = False
    root: Path = REPOSITORY
    """What all paths above lie below."""

    def key(self) -> str:
        """The hash that names this state of the image in the cache."""
        fetched = Path(sources.__file__).read_text()
        words = [self.reference, fetched, *(f"{name}={value}" for name, value in sorted(self.arguments.items()))]
        return inputs.digest(self.depends_on, words, self.root)

    def frozen(self, root: Path) -> Image:
        """The same image made from copies below `root`: edits during a build change neither key nor content."""
        for path in self.depends_on:
            for file in inputs.files_below(path):
                copy = root / file.relative_to(self.root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, copy)

        def moved(path: Path) -> Path:
            return root / path.relative_to(self.root)

        return replace(
            self,
            root=root,
            dockerfile=moved(self.dockerfile),
            context=moved(self.context),
            depends_on=tuple(map(moved, self.depends_on)),
        )


def operator_version() -> str:
    """The version that pyproject.toml states."""
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    return str(version)


def rocketmq(version: str, *, extras: bool = True) -> Image:
    """The RocketMQ image of one release.

    Without `extras` it holds only what the official image holds, and has its name: for tests that the operator
    needs nothing of ours.
    """
    folder = IMAGES / "rocketmq"
    return Image(
        name=f"rocketmq-{version}" if extras else f"apache-{version}",
        reference=f"{REGISTRY}/{'rocketmq-operator' if extras else 'apache'}/rocketmq:{version}",
        dockerfile=folder / "Dockerfile",
        context=folder,
        depends_on=(folder / "Dockerfile", sources.JARS_POM, folder / "bin", folder / "conf"),
        arguments={"ROCKETMQ_VERSION": version, "EXTRAS": str(extras).lower()},
        contexts={"jars": lambda: sources.rocketmq_jars(version)},
        by_default=extras and version == DEFAULT_ROCKETMQ,
    )


def operator() -> Image:
    """The operator's image, which changes with every edit of the sources."""
    folder = IMAGES / "operator"
    return Image(
        name="operator",
        reference=f"{REGISTRY}/rocketmq-operator/operator:{operator_version()}",
        dockerfile=folder / "Dockerfile",
        context=REPOSITORY,
        depends_on=(folder, REPOSITORY / "src", REPOSITORY / "pyproject.toml"),
        contexts={"wheels": sources.operator_wheels},
        by_default=True,
    )


def all_images() -> dict[str, Image]:
    """Every image by its short name, in the order in which they are built."""
    releases = [rocketmq(version) for version in ROCKETMQ_VERSIONS]
    images = [*releases, rocketmq(DEFAULT_ROCKETMQ, extras=False), operator()]
    return {image.name: image for image in images}
