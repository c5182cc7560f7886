"""One API server for all tests here; each test has a namespace of its own."""

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.limits import Limits
from rocketmq_operator.kube.resources import NAMESPACE
from rocketmq_operator.kube.types import Ref

from ..apiserver import ApiServer, UnavailableError, kubernetes

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder: Path = tmp_path_factory.mktemp("apiserver")
    try:
        server = ApiServer(folder, kubernetes())
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against a real API server: {error}")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
async def client(api: ApiServer) -> AsyncIterator[Client]:
    impatient = Limits(rate=5000, in_flight=32, now=time.monotonic)
    async with Client.from_environment(kubeconfig=api.kubeconfig(), limits=impatient) as found:
        yield found


@pytest.fixture
async def namespace(client: Client) -> AsyncIterator[str]:
    name = f"test-{next(_numbers)}"
    await client.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    await client.delete(Ref(NAMESPACE, None, name))
