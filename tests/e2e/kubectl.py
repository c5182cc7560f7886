"""kubectl as tests use it: commands in, JSON out, waiting with the last state told."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


class RefusedError(AssertionError):
    """A kubectl command failed; ``stderr`` is what it said."""

    def __init__(self, command: str, stderr: str) -> None:
        super().__init__(f"{command}: {stderr}")
        self.stderr = stderr


class Kubectl:
    """One cluster."""

    def __init__(self, kubeconfig: Path, path: str = "") -> None:
        plugins = ROOT / ".venv/bin"
        self.environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "PATH": f"{path}:{plugins}:{os.environ['PATH']}".lstrip(":"),
        }

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Run kubectl; its output, or RefusedError."""
        run = subprocess.run(
            ["kubectl", *arguments],
            input=stdin,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if run.returncode:
            raise RefusedError("kubectl " + " ".join(arguments), run.stderr.strip())
        return run.stdout

    def json(self, *arguments: str) -> Any:
        """Run kubectl with ``-o json``."""
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, *objects: Json, dry_run: bool = False) -> None:
        """Apply objects; RefusedError with the API server's words if it refuses."""
        flags = ["--dry-run=server"] if dry_run else []
        self("apply", "--server-side", "--force-conflicts", *flags, "-f", "-", stdin=yaml.safe_dump_all(objects))

    def file(self, name: str) -> None:
        """Apply a file of the project, as the tutorial does."""
        self("apply", "-f", str(ROOT / name))

    def condition(self, kind: str, name: str, namespace: str, type_: str) -> Json:
        """A condition of a resource; empty if it has none yet."""
        found = self.json("get", kind, name, "-n", namespace)
        conditions = found.get("status", {}).get("conditions", [])
        return next((each for each in conditions if each["type"] == type_), {})

    def wait_ready(self, kind: str, name: str, namespace: str, seconds: float = 240) -> None:
        """Until condition Ready is True."""
        until(
            lambda: self.condition(kind, name, namespace, "Ready"), lambda found: found.get("status") == "True", seconds
        )

    def wait_reason(self, name: str, namespace: str, reason: str, seconds: float = 90) -> Json:
        """Until Degraded is True for that reason; the condition."""
        found: Json = until(
            lambda: self.condition("brokercluster", name, namespace, "Degraded"),
            lambda condition: condition.get("status") == "True" and condition.get("reason") == reason,
            seconds,
        )
        return found

    def pods(self, namespace: str, selector: str = "") -> dict[str, Json]:
        """Pods by name."""
        found = self.json("get", "pods", "-n", namespace, *(["-l", selector] if selector else []))
        return {each["metadata"]["name"]: each for each in found["items"]}

    def namespace(self, name: str) -> str:
        """A namespace under Pod Security ``restricted``."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        return name


def until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float) -> Any:
    """Look each second until what is seen is good; fails with what was seen last."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if good(seen):
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"not so within {seconds:g} s; last seen: {seen}")
        time.sleep(1)
