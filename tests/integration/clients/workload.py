"""The workload clients (tests/clients) as processes of this machine, all of one run: one folder of ledgers."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...parent import die_with_parent
from ..jars import UnavailableError, jars

_BUILD = Path(__file__).parents[2] / "clients" / "build.sh"
_PATIENCE = 240.0

GOOD, FAILED, LOST = 0, 1, 3


class Client:
    """One process of clients.sh. Its progress is in `printed`; it ends with the test run however that ends."""

    def __init__(self, command: list[str], environment: Mapping[str, str], printed: Path) -> None:
        self.name = printed.name
        self._printed = printed
        with printed.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **environment},
                text=True, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> tuple[int, Any]:
        """Wait for its end; gives the exit code and the JSON that it printed, None for nothing."""
        try:
            out, _ = self._process.communicate(timeout=_PATIENCE)
        finally:
            self.kill()
        return self._process.returncode, json.loads(out) if out else None

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self.running:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        return f"{self.name}: {self._printed.read_text(errors='replace')[-1500:]}"


class Workload:
    """The clients of one run. Ends what still runs when it is left."""

    def __init__(self, folder: Path, run: str, name_server: str, topic: str, mix: str) -> None:
        try:
            self._jar = Path(subprocess.run([_BUILD], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
        except subprocess.CalledProcessError as error:
            raise UnavailableError(f"the clients could not be built: {error}") from error
        self.ledger = folder / "ledger"
        self.ledger.mkdir(parents=True)
        self._folder = folder
        self._run = run
        self._common = ["--namesrv", name_server, "--topic", topic, "--mix", mix]
        self._started: list[Client] = []

    def __enter__(self) -> "Workload":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._started:
            client.kill()

    def topic(self, group: str) -> None:
        """Make the topics and groups on every master; returns once the name server tells the way to them."""
        self._expect(self._start("topic", *self._common, "--cluster", "DefaultCluster", "--group", group))

    def consume(self, group: str, *more: str) -> Client:
        """Start a consumer; returns once its queues are assigned."""
        client = self._start("consume", *self._common, "--group", group, *self._ledger(), *more)
        self.until((self.ledger / "ready").exists, client, "the consumer is ready")
        return client

    def produce(self, *more: str) -> Client:
        """Start a producer."""
        return self._start("produce", *self._common, "--run", self._run, *self._ledger(), *more)

    def stop(self) -> None:
        """Ask producers with a duration to end, and the consumer once it has everything."""
        (self.ledger / "stop").touch()

    def verify_store(self, group: str) -> Any:
        """Read what is stored, and the group's dead letters."""
        return self._expect(self._start("verify-store", *self._common, "--group", group, *self._ledger()))

    def check(self) -> tuple[int, Any]:
        """The account: exit code and JSON."""
        return self._start("check", "--run", self._run, *self._ledger(), "-o", "json").end()

    def until(self, condition: Callable[[], bool], client: Client, what: str) -> None:
        """Wait while the client works; fails with its last words."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert client.running and time.monotonic() < deadline, f"never came: {what}; {client.last_words()}"
            time.sleep(0.1)

    def probes(self) -> list[list[str]]:
        """Lines so far: time (ms since 1970), group, result, latency (ms)."""
        ledger = self.ledger / f"probes-{self._run}"
        text = ledger.read_text() if ledger.exists() else ""
        return [line.split("\t") for line in text.splitlines()]

    def _ledger(self) -> list[str]:
        return ["--ledger", str(self.ledger)]

    def _expect(self, client: Client) -> Any:
        code, told = client.end()
        assert code == GOOD, client.last_words()
        return told

    def _start(self, subcommand: str, *arguments: str) -> Client:
        command = [str(self._jar.with_name("clients.sh")), subcommand, *arguments]
        environment = {"LIBRARY": str(jars()), "JAVA_TOOL_OPTIONS": f"-Duser.home={self._folder}"}
        client = Client(command, environment, self._folder / f"{len(self._started):02d}-{subcommand}")
        self._started.append(client)
        return client
