"""What images are made of and what the host fetches: the base file system, RocketMQ's jars, Python's wheels.

The host fetches because it has the certificates, mirrors and proxies that its owner set up; nothing of those
gets into an image or a build's arguments.
"""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from images.builder import inputs
from images.builder.commands import run
from images.builder.places import IMAGES, cache_root
from images.builder.store import forget_old, made_once

SUITE = "bookworm"
PYTHON = "3.11"
"""The Python of that Debian suite: the wheels must fit it, whatever Python the host has."""

MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux2010", "manylinux1")
NOT_NEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian")
REQUIREMENTS = IMAGES / "operator" / "requirements.lock"
JARS_POM = IMAGES / "rocketmq" / "pom.xml"


async def base_archive() -> Path:
    """A folder with `base.tar`: Debian's smallest installation, without manuals and translations."""
    key = inputs.digest([], ["base 2", SUITE, *NOT_NEEDED], IMAGES)

    async def make(folder: Path) -> None:
        excluded = [f"--dpkgopt=path-exclude=/{path}/*" for path in NOT_NEEDED]
        emptied = "rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/* $1/var/log/*.log $1/var/log/apt"
        # Laid out with a merged /usr from the start; converted later, it would need all of Perl for that.
        merged = ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--include=usr-is-merged"]
        command = ["mmdebstrap", "--variant=minbase", *merged, *excluded, f"--customize-hook={emptied}", SUITE]
        log = folder / "mmdebstrap.log"
        await run(f"fetching Debian {SUITE}", [*command, str(folder / "base.tar")], log)

    made = await made_once(cache_root() / f"image-base-{key}", make)
    forget_old(cache_root(), "image-base-*")
    return made


async def rocketmq_jars(version: str) -> Path:
    """A folder with `jars/*.jar`: all jars that the servers and tools of one RocketMQ release need."""
    key = inputs.digest([JARS_POM], [version], IMAGES)

    async def make(folder: Path) -> None:
        pom = shutil.copy(JARS_POM, folder / "pom.xml")
        command = [
            "mvn", "-q", "-B", "-f", pom, f"-Drocketmq.version={version}",
            f"-Drocketmq.line={version.split('.')[0]}",
            "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}",
        ]  # fmt: skip
        await run(f"fetching the jars of RocketMQ {version}", [*map(str, command)], folder / "mvn.log")

    return await made_once(cache_root() / f"image-jars-{version}-{key}", make)


async def operator_wheels() -> Path:
    """A folder with `wheels/*.whl`: exactly what the operator's lock names, for the image's Python."""
    machine = platform.machine()
    key = inputs.digest([REQUIREMENTS], [PYTHON, machine], IMAGES)

    async def make(folder: Path) -> None:
        platforms = [part for name in MANYLINUX for part in ("--platform", f"{name}_{machine}")]
        command = [
            sys.executable, "-m", "pip", "download", "-q", "--require-hashes", "--only-binary=:all:",
            "--python-version", PYTHON, "--implementation", "cp", *platforms,
            "--dest", str(folder / "wheels"), "--requirement", str(REQUIREMENTS),
        ]  # fmt: skip
        await run("fetching the operator's Python packages", command, folder / "pip.log")

    made = await made_once(cache_root() / f"image-wheels-{key}", make)
    forget_old(cache_root(), "image-wheels-*")
    return made
