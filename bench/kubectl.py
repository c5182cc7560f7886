"""kubectl as the benchmarks use it: one cluster, JSON in and out."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from .commands import BenchError, Cost, cost, run

Json = dict[str, Any]

PROGRAMS = Path(__file__).parents[1] / ".venv" / "bin"
"""Where the kubectl plugin of this checkout is."""


class Kubectl:
    """One Kubernetes cluster, by its kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        # A lab brings its own kubectl, which lies beside its kubeconfig.
        places = [str(PROGRAMS), str(kubeconfig.parent / "bin"), os.environ.get("PATH", "")]
        self.environment = {"KUBECONFIG": str(kubeconfig), "PATH": ":".join(places)}

    async def __call__(self, *words: str, stdin: bytes | None = None, seconds: float = 120.0) -> str:
        """kubectl's standard output; BenchError where it fails."""
        return await run(["kubectl", *words], stdin=stdin, environment=self.environment, seconds=seconds)

    async def open(self, *words: str) -> asyncio.subprocess.Process:
        """kubectl as a running process to talk to; the caller ends it."""
        return await asyncio.create_subprocess_exec(
            "kubectl",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **self.environment},
        )

    async def json(self, *words: str) -> Any:
        """The answer of a command that takes `-o json`."""
        return json.loads(await self(*words, "-o", "json"))

    async def apply(self, objects: Sequence[Json], *, server_side: bool = False) -> None:
        """Create or change all objects by one command."""
        words = ["apply", "-f", "-", *(["--server-side"] if server_side else [])]
        await self(*words, stdin=as_list(objects))

    async def delete(self, objects: Sequence[Json]) -> None:
        """Delete the objects without waiting for their end; those that are gone are no error."""
        await self("delete", "-f", "-", "--ignore-not-found", "--wait=false", stdin=as_list(objects))

    async def cost(self, *words: str) -> Cost:
        """What a kubectl command costs on this machine, as a whole process."""
        return await cost(["kubectl", *words], environment=self.environment)

    @asynccontextmanager
    async def namespace(self, purpose: str) -> AsyncIterator[str]:
        """A new namespace, deleted with all in it at the end, also when interrupted."""
        name = f"bench-{purpose}-{token_hex(3)}"
        await self("create", "namespace", name)
        try:
            yield name
        finally:
            await self("delete", "pods", "--all", "-n", name, "--force", "--grace-period=0", "--wait=false")
            await self("delete", "namespace", name, "--timeout=240s", seconds=250)

    async def exists(self, *words: str) -> bool:
        """Whether `kubectl get` finds it."""
        try:
            await self("get", *words, "-o", "name")
        except BenchError:
            return False
        return True


def as_list(objects: Sequence[Json]) -> bytes:
    """Several objects in one document."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()
