"""A real kube-apiserver on a real etcd, on loopback: no kubelet, no controller, only the API.

Its processes die with the test run however that ends, and its files are in a folder that the caller removes.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ..parent import die_with_parent

LAB = Path(__file__).parents[2] / "lab"
ETCD = shutil.which("etcd") or "/usr/bin/etcd"
PATIENCE = 90.0

ADMIN = "admin-of-the-test"
NOBODY = "nobody-of-the-test"


class UnavailableError(Exception):
    """What an API server needs is not on this machine; the text says how to get it."""


def kubernetes() -> Path:
    """The lab's Kubernetes binary, which the lab builds once (some minutes) and caches; KUBERNETES_BINARY names another."""
    if given := os.environ.get("KUBERNETES_BINARY"):
        return Path(given)
    if str(LAB) not in sys.path:
        sys.path.insert(0, str(LAB))
    from rocketmq_lab.builds import KUBERNETES, ensure_built
    from rocketmq_lab.errors import LabError
    from rocketmq_lab.progress import Progress

    try:
        return asyncio.run(ensure_built(KUBERNETES, Progress()))
    except LabError as error:
        raise UnavailableError(str(error)) from error


class ApiServer:
    """etcd and kube-apiserver; ``url`` with the certificate authority ``authority`` (PEM file)."""

    def __init__(self, folder: Path, binary: Path) -> None:
        if not Path(ETCD).exists():
            raise UnavailableError("etcd is missing: apt-get install etcd-server")
        self._folder = folder
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.authority = folder / "certificates" / "apiserver.crt"
        self._program = folder / "kube-apiserver"
        self._program.symlink_to(binary)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Both programs, until the API answers."""
        self._write_credentials()
        self._run("etcd", self._etcd())
        _until(lambda: self._etcd_call("maintenance/status") is not None, "etcd", self._log("etcd"))
        self.launch_api()
        self.wait_for_api()

    def launch_api(self) -> None:
        """kube-apiserver alone, on the etcd that runs. Only from the main thread: the process ends with its thread."""
        self._run("kube-apiserver", self._api())

    def wait_for_api(self) -> None:
        """Return once it answers."""
        _until(self._ready, "kube-apiserver", self._log("kube-apiserver"))

    def stop_api(self, number: int = signal.SIGKILL) -> None:
        """End kube-apiserver alone."""
        self._end("kube-apiserver", number)

    def stop(self) -> None:
        """End both."""
        for name in list(self._processes):
            self._end(name, signal.SIGKILL)

    def compact(self) -> int:
        """Forget every revision of etcd but the present one; returns that."""
        status = self._etcd_call("maintenance/status")
        assert status is not None
        revision = int(status["header"]["revision"])
        assert self._etcd_call("kv/compaction", {"revision": str(revision), "physical": True}) is not None
        return revision

    def kubeconfig(self, token: str = ADMIN, *, server: str | None = None) -> Path:
        """A kubeconfig file for one of the users; ``server`` where something stands between."""
        path = self._folder / f"kubeconfig-{token}-{abs(hash(server))}"
        cluster = {"server": server or self.url, "certificate-authority": str(self.authority)}
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "clusters": [{"name": "test", "cluster": cluster}],
                    "users": [{"name": "test", "user": {"token": token}}],
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                }
            )
        )
        return path

    def audit(self) -> list[dict[str, Any]]:
        """Every request that has been answered so far."""
        path = self._folder / "audit.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _write_credentials(self) -> None:
        tokens = f'{ADMIN},admin,1,"system:masters"\n{NOBODY},nobody,2\n'
        (self._folder / "tokens.csv").write_text(tokens)
        key = self._folder / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata"}],
        }
        (self._folder / "audit.yaml").write_text(json.dumps(policy))

    def _etcd(self) -> Sequence[str]:
        peer = f"http://127.0.0.1:{free_port()}"
        return [
            ETCD, f"--data-dir={self._folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls={self._etcd_url}", f"--advertise-client-urls={self._etcd_url}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
        ]  # fmt: skip

    def _api(self) -> Sequence[str]:
        key = self._folder / "accounts.key"
        return [
            str(self._program), f"--etcd-servers={self._etcd_url}", "--bind-address=127.0.0.1",
            f"--secure-port={self.port}", "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none", f"--cert-dir={self.authority.parent}",
            "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={key}", f"--service-account-key-file={key}",
            f"--token-auth-file={self._folder / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount", "--profiling=false",
            f"--audit-policy-file={self._folder / 'audit.yaml'}", f"--audit-log-path={self._folder / 'audit.log'}",
        ]  # fmt: skip

    def _run(self, name: str, command: Sequence[str]) -> None:
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent
            )

    def _end(self, name: str, number: int) -> None:
        process = self._processes.pop(name, None)
        if process is not None:
            process.send_signal(number)
            process.wait(timeout=30)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _ready(self) -> bool:
        if not self.authority.exists():
            return False
        command = ["curl", "-sf", "--cacert", str(self.authority), "-K", "-", f"{self.url}/readyz"]
        header = f'header = "Authorization: Bearer {ADMIN}"'.encode()
        return subprocess.run(command, input=header, capture_output=True, check=False).returncode == 0

    def _etcd_call(self, path: str, body: object = None) -> dict[str, Any] | None:
        request = urllib.request.Request(f"{self._etcd_url}/v3/{path}", data=json.dumps(body or {}).encode())
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
        return None


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until(ready: Any, what: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{what} did not start within {PATIENCE:g} s: {tail}")
        time.sleep(0.1)
