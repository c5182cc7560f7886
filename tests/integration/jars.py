"""RocketMQ's own jars, from Maven Central, cached outside the tree for all who run its servers."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSION = "5.4.0"
_PATIENCE = 900.0

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rocketmq-operator</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""
_DEPENDENCY = (
    "<dependency><groupId>org.apache.rocketmq</groupId><artifactId>rocketmq-{part}</artifactId>"
    "<version>{version}</version></dependency>"
)


class UnavailableError(Exception):
    """What RocketMQ's servers need is not on this machine; the text says how to get it."""


def jars(version: str = VERSION) -> Path:
    """The folder with all jars of name server, broker, controller and tools; fetched once."""
    if shutil.which("java") is None:
        raise UnavailableError("java is missing: apt-get install openjdk-17-jre-headless")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rocketmq-operator"
    folder = cache / f"rocketmq-jars-{version}"
    cache.mkdir(parents=True, exist_ok=True)
    with _lock(cache / f"rocketmq-jars-{version}.lock"):
        if not folder.exists():
            _fetch(version, folder)
    return folder


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One fetches, the others wait. The lock ends with its holder, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(version: str, folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise UnavailableError("maven is missing: apt-get install maven")
    part = folder.with_suffix(f"{folder.suffix}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    dependencies = "".join(_DEPENDENCY.format(part=name, version=version) for name in ("namesrv", "broker", "tools"))
    (part / "pom.xml").write_text(_POM.format(dependencies=dependencies))
    command = ["mvn", "-q", "-B", "-f", str(part / "pom.xml"), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise UnavailableError(f"maven could not fetch RocketMQ {version}: {done.stdout[-500:]}")
    part.rename(folder)
