"""The cluster that tests run on: the lab, or the one that E2E_KUBECONFIG names. The operator is installed as by a user."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .kubectl import ROOT, Kubectl
from .rolling import Namespace

LAB_NAME = os.environ.get("E2E_LAB_NAME", "e2e")
IMAGES = ("operator", "rocketmq-5.4.0", "rocketmq-5.3.3", "rocketmq-4.9.7")
"""The demo's, and releases before it, for upgrades."""
KEEP = bool(os.environ.get("E2E_KEEP"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(1500))


def missing() -> str:
    """What this machine lacks for the lab, and the way to get it."""
    if os.geteuid() != 0:
        return "root is needed for the lab: run `sudo make test`, or set E2E_KUBECONFIG to a cluster of your own"
    for program, package in (("go", "golang"), ("java", "openjdk-17-jdk-headless"), ("mvn", "maven")):
        if shutil.which(program) is None:
            return f"{program} is needed: apt-get install {package}"
    return ""


def _run(*command: str, timeout: float) -> str:
    environment = {**os.environ, "LAB_NAME": LAB_NAME}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=timeout, check=False
    )
    assert run.returncode == 0, f"{' '.join(command)} failed with {run.returncode}"
    return run.stdout


@pytest.fixture(scope="session")
def cluster() -> Iterator[Kubectl]:
    """A Kubernetes cluster that knows our images."""
    if own := os.environ.get("E2E_KUBECONFIG"):
        yield Kubectl(Path(own))
        return
    if why := missing():
        print(f"\n*** END-TO-END TESTS ARE NOT RUN: {why} ***", file=sys.stderr)
        pytest.skip(why)
    images = _run(sys.executable, "-m", "images.builder", "build", *IMAGES, timeout=1800).split()
    lab = str(ROOT / "lab/lab")
    try:
        if not KEEP:
            _run(lab, "down", timeout=300)  # what a run that was cut short left
        _run(lab, "up", timeout=1800)
        _run(lab, "load", *images, timeout=600)
        kubeconfig = Path(_run(lab, "kubeconfig", timeout=30).strip())
        yield Kubectl(kubeconfig, str(kubeconfig.parent / "bin"))
    finally:
        if not KEEP:
            _run(lab, "down", timeout=300)


@pytest.fixture(scope="session")
def kubectl(cluster: Kubectl) -> Kubectl:
    """The cluster with name servers and the operator, by the tutorial's first four steps."""
    cluster.namespace("rocketmq-operator")
    for name in ("00-namesrv", "01-resources", "02-rbac", "03-deploymentWithConfig"):
        cluster.file(f"deploy/{name}.yaml")
    for deployment in ("rocketmq-namesrv", "rocketmq-operator"):
        cluster(
            "rollout", "status", f"deployment/{deployment}", "-n", "rocketmq-operator", "--timeout=240s", timeout=300
        )
    return cluster


@pytest.fixture(scope="module")
def place(kubectl: Kubectl, request: pytest.FixtureRequest) -> Namespace:
    """The namespace that a module calls NS."""
    return Namespace(kubectl, request.module.NS)
