"""Builds images that are not in the cache yet."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from images.builder import sources
from images.builder.buildah import Buildah
from images.builder.catalog import BASE_IMAGE, Image
from images.builder.commands import BuildError, run, say
from images.builder.places import cache_root
from images.builder.store import forget_old, made_once, only_one

TOOLS = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "mvn": "maven", "unshare": "util-linux"}
"""Program -> Debian package."""


def archive_of(image: Image) -> Path:
    """Where the archive of this state of the image is, or will be."""
    return cache_root() / f"images-{image.name}-{image.key()}" / f"{image.name}.tar"


async def build_all(images: Sequence[Image]) -> list[Path]:
    """The archives of `images`, in their order; builds those that are missing.

    Raises BuildError when something failed or this machine cannot build images.
    """
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        frozen = [image.frozen(Path(folder) / image.name) for image in images]
        archives = [archive_of(image) for image in frozen]
        missing = [image for image in frozen if not archive_of(image).is_file()]
        if missing:
            await _have_tools()
            await _build(missing)
    return archives


async def _build(images: Sequence[Image]) -> None:
    buildah = Buildah(cache_root() / "buildah")
    fetched = await _fetch(images)
    async with only_one(cache_root() / ".images.lock", "building an image"):
        await _have_base(buildah)
    for image in images:
        # buildah's mounts are in namespaces of their own, of which its book-keeping knows nothing: one at a time.
        async with only_one(cache_root() / ".images.lock", "building an image"):
            await _build_one(buildah, image, fetched[image.name])


async def _fetch(images: Sequence[Image]) -> dict[str, dict[str, Path]]:
    """All that the builds need from outside, fetched side by side: image name -> context name -> folder."""

    async def contexts_of(image: Image) -> dict[str, Path]:
        return {name: await fetch() for name, fetch in image.contexts.items()}

    async with asyncio.TaskGroup() as group:
        group.create_task(sources.base_archive())
        running = {image.name: group.create_task(contexts_of(image)) for image in images}
    return {name: task.result() for name, task in running.items()}


async def _have_base(buildah: Buildah) -> None:
    """Puts the base image into buildah's store, unless this very one was put there before."""
    folder = await sources.base_archive()

    async def make(stamp: Path) -> None:
        await buildah.import_base(BASE_IMAGE, folder / "base.tar", stamp)

    await made_once(buildah.folder / f"has-{folder.name}", make)


async def _build_one(buildah: Buildah, image: Image, contexts: dict[str, Path]) -> None:
    archive = archive_of(image)

    async def make(folder: Path) -> None:
        await buildah.build(
            image.reference, image.dockerfile, image.context, contexts=contexts, arguments=image.arguments
        )
        await buildah.save(image.reference, folder / archive.name)

    await made_once(archive.parent, make)
    forget_old(cache_root(), f"images-{image.name}-*")


async def _have_tools() -> None:
    if os.geteuid() != 0:
        raise BuildError(
            "building images here needs root (mmdebstrap, buildah); as an ordinary user build them with docker: "
            "docs/images.md, 'With docker'"
        )
    packages = sorted({package for program, package in TOOLS.items() if shutil.which(program) is None})
    if not packages:
        return
    if shutil.which("apt-get") is None:
        raise BuildError(f"missing programs; install the packages: {' '.join(packages)}")
    say(f"missing here, so installed from Debian: {' '.join(packages)}")
    log = cache_root() / "images-apt.log"
    await run("updating the package lists", ["apt-get", "update", "-q"], log)
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    await run("installing", install, log, environment={"DEBIAN_FRONTEND": "noninteractive"})
