"""What buildah is told, seen by a program that stands in for it."""

import os
from pathlib import Path

import pytest
from images.builder import buildah as module
from images.builder.buildah import Buildah


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the arguments of the last call, one a line."""
    file, program = tmp_path / "told", tmp_path / "bin" / "buildah"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {file}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "ENCLOSED", ())
    return file


def words_of(told: Path) -> list[str]:
    return told.read_text().splitlines()


async def test_a_build_pulls_nothing_and_uses_only_its_own_store(tmp_path: Path, told: Path) -> None:
    store = tmp_path / "store"
    await Buildah(store).build(
        "docker.io/x/y:1", Path("D"), Path("C"), contexts={"jars": Path("J")}, arguments={"V": "1"}
    )
    words = words_of(told)
    assert "--pull-never" in words
    assert words[words.index("--root") + 1] == str(store / "root")
    assert words[words.index("--runroot") + 1] == str(store / "run")
    assert words[words.index("--build-context") + 1] == "jars=J"
    assert words[words.index("--build-arg") + 1] == "V=1"
    assert words[words.index("--tag") + 1] == "docker.io/x/y:1"
    assert words[-1] == "C"
    registries = words_of(Path(words[words.index("--registries-conf") + 1]))
    assert registries == ["unqualified-search-registries = []"]


async def test_an_archive_carries_the_full_name(tmp_path: Path, told: Path) -> None:
    await Buildah(tmp_path / "store").save("docker.io/x/y:1", tmp_path / "y.tar")
    assert words_of(told)[-1] == f"docker-archive:{tmp_path / 'y.tar'}:docker.io/x/y:1"
