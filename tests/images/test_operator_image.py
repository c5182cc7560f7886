"""The operator's image, unpacked and started as a pod would start it: numeric user, read-only root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from images.builder.catalog import operator_version

from .unpacked import Unpacked, built, unpack, why_not

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

USER = "65532:65532"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpacked]:
    unpacked = unpack(built("operator"), tmp_path_factory.mktemp("image") / "root")
    yield unpacked
    subprocess.run(["rm", "-rf", "--one-file-system", str(unpacked.root)], check=True)


def test_kubernetes_can_tell_that_the_user_is_not_root(image: Unpacked) -> None:
    assert image.config["User"] == USER


def test_the_entry_point_starts_on_a_read_only_root(image: Unpacked) -> None:
    assert image.config["Entrypoint"] == ["rocketmq-operator"]
    seen = image.run("id -u; touch /tmp/x && ! touch /x 2>/dev/null && rocketmq-operator --help", user=USER)
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout.startswith("65532\n")
    assert "usage" in seen.stdout.lower()


def test_it_is_the_version_that_its_tag_says(image: Unpacked) -> None:
    code = "import importlib.metadata as m; print(m.version('rocketmq-operator'))"
    assert image.run(f'python3 -c "{code}"', user=USER).stdout.strip() == operator_version()


def test_the_plugin_is_there_too(image: Unpacked) -> None:
    assert image.run("kubectl-rocketmq --help", user=USER).returncode == 0


def test_everything_is_compiled(image: Unpacked) -> None:
    for folder in ("app", "opt/venv/lib"):
        sources = [file for file in (image.root / folder).rglob("*.py") if "__pycache__" not in file.parts]
        assert sources
        missing = [
            file for file in sources if not list((file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc"))
        ]
        assert missing == []


def test_nothing_that_installs_software_is_in_it(image: Unpacked) -> None:
    seen = image.run("command -v pip pip3; python3 -c 'import pip'; python3 -c 'import setuptools'", user=USER)
    assert seen.stdout == ""
    assert seen.stderr.count("ModuleNotFoundError") == 2


def test_the_sources_are_the_last_layer_and_small(image: Unpacked) -> None:
    total = sum(file.stat().st_size for file in (image.root / "app").rglob("*") if file.is_file())
    assert total < 10 * 1024**2
