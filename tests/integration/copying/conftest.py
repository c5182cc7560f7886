"""Real brokers of each version, for the tests of copies and their logs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..jars import VERSION
from ..servers import Servers, UnavailableError

VERSIONS = [VERSION, *os.environ.get("ROCKETMQ_VERSIONS", "").replace(",", " ").split()]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def servers(tmp_path: Path, version: str) -> Iterator[Servers]:
    try:
        made = Servers(tmp_path, version)
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against RocketMQ {version}: {error}")
    with made:
        yield made
