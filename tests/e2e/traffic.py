"""The official Java clients in the pod rocketmq-tools, sending and receiving all through an operation; then the account."""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from bench.ledgers import is_probe, longest_gap

from .kubectl import ROOT, Kubectl, until

Json = dict[str, Any]
HOME = "/tmp/clients"
TOOLS_NAMESPACE = "rocketmq-operator"
MIX = "plain=6,order=1,delay=1,transaction=1,retry=1"


class Traffic:
    """One run of producer and consumer. ``servers`` are names of name-server pods with ports, as clients are given them."""

    def __init__(
        self, kubectl: Kubectl, servers: str, run: str, *, cluster: str = "DefaultCluster", mix: str = MIX
    ) -> None:
        self._kubectl = kubectl
        self._servers = servers
        # A tools pod that lives longer than a test keeps the ledgers of earlier ones.
        self._run = f"{run}-{int(time.time())}"
        self._cluster = cluster
        self._mix = mix
        self._ledger = f"{HOME}/{self._run}"
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._said: dict[str, list[str]] = {}

    def start(self, *, rate: int, seconds: int) -> None:
        """Begin; the consumer is there before the first message is sent. ``seconds`` bounds the run, ``finish`` ends it earlier."""
        self._bring()
        common = ("--namesrv", self._servers, "--topic", "traffic")
        group = ("--group", self._run)
        self._clients(
            "topic",
            "--namesrv",
            self._servers,
            "--topic",
            "traffic",
            "--mix",
            self._mix,
            *group,
            "--cluster",
            self._cluster,
            "--queues",
            "4",
        )
        limit = str(seconds + 600)
        self._begin(
            "consume",
            *common,
            *group,
            "--mix",
            self._mix,
            "--ledger",
            self._ledger,
            "--until-quiet",
            "10",
            "--timeout",
            limit,
        )
        self._await_ready()
        self._begin(
            "produce", *common, "--run", self._run, "--mix", self._mix, "--ledger", self._ledger, "--rate", str(rate),
            "--duration", str(seconds), "--probe-groups",
        )  # fmt: skip

    def flows(self, at_least: int = 200) -> None:
        """Until so many are acknowledged: every client knows its topic's route, which it asks for once, and fails without."""
        until(self._acknowledged, lambda count: count >= at_least, 120)

    def finish(self, at_least: int) -> Json:
        """Stop sending once so many are acknowledged, let everything arrive: both summaries, and the account by key."""
        try:
            until(self._acknowledged, lambda count: count >= at_least, 900)
        except AssertionError as error:
            raise AssertionError(f"{error}; the producer said: {self._said['produce'][-5:]}") from None
        self._in_pod("touch", f"{self._ledger}/stop")
        found = {name: self._summary(name) for name in ("produce", "consume")}
        checked = self._clients("check", "--run", self._run, "--ledger", self._ledger, "-o", "json", failing=True)
        return {**found, "check": json.loads(checked.strip().splitlines()[-1]), "trouble": self._trouble()}

    def _trouble(self) -> dict[str, str]:
        """What went wrong with sends: how often, and in which seconds of the run (UTC at 0)."""
        intents = self._lines("intents")
        begun = dict(line.split("\t")[:2] for line in intents)
        first = min(map(int, begun.values()), default=0)
        times: dict[str, list[float]] = {}
        for line in (*self._lines("failed"), *self._lines("not-ok")):
            key, *words = line.split("\t")
            why = ("probe: " if is_probe(key) else "") + " ".join(words)[:120]
            times.setdefault(why, []).append((int(begun.get(key, first)) - first) / 1000)
        found = {why: f"{len(each)} from {min(each):.1f} to {max(each):.1f} s" for why, each in times.items()}
        gap = longest_gap(intents, self._lines("acknowledged"))
        shown = f"{gap.seconds:.1f} s at {gap.began - first / 1000:.1f} s"
        return {"0 s": time.strftime("%H:%M:%S", time.gmtime(first / 1000)), "longest gap": shown, **found}

    def _lines(self, ledger: str) -> list[str]:
        return self._in_pod("sh", "-c", f"cat {self._ledger}/{ledger}-{self._run}", failing=True).splitlines()

    def _acknowledged(self) -> int:
        return int(self._in_pod("sh", "-c", f"wc -l <{self._ledger}/acknowledged-{self._run}", failing=True) or 0)

    def leave(self) -> None:
        """End what still runs, whatever happened."""
        for process in self._processes.values():
            process.terminate()
            process.wait(timeout=30)
        self._in_pod("touch", f"{self._ledger}/stop", failing=True)

    def _bring(self) -> None:
        jar = Path(subprocess.check_output([str(ROOT / "tests/clients/build.sh")], text=True).strip())
        for file in (jar, jar.with_name("clients.sh")):
            there = f"{HOME}/{file.name}"
            command = f"mkdir -p {HOME} && cat >{there}.part && chmod 755 {there}.part && mv {there}.part {there}"
            with file.open("rb") as content:
                subprocess.run(
                    ["kubectl", "exec", "-i", "rocketmq-tools", "-n", TOOLS_NAMESPACE, "--", "sh", "-c", command],
                    stdin=content, env=self._kubectl.environment, check=True, timeout=120,
                )  # fmt: skip

    def _in_pod(self, *command: str, failing: bool = False, timeout: float = 180) -> str:
        run = subprocess.run(
            ["kubectl", "exec", "rocketmq-tools", "-n", TOOLS_NAMESPACE, "--", *command],
            env=self._kubectl.environment, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        assert failing or run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
        return run.stdout

    def _clients(self, *arguments: str, failing: bool = False) -> str:
        return self._in_pod(f"{HOME}/clients.sh", *arguments, failing=failing)

    def _begin(self, *arguments: str) -> None:
        command = ["kubectl", "exec", "rocketmq-tools", "-n", TOOLS_NAMESPACE, "--", f"{HOME}/clients.sh", *arguments]
        process = subprocess.Popen(
            command, env=self._kubectl.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines: list[str] = []
        # Read all the time: a full pipe would stop the client.
        threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True).start()
        self._processes[arguments[0]], self._said[arguments[0]] = process, lines

    def _await_ready(self) -> None:
        end = time.monotonic() + 90
        while self._in_pod("sh", "-c", f"test -e {self._ledger}/ready && echo ready", failing=True).strip() != "ready":
            assert time.monotonic() < end and self._processes["consume"].poll() is None, self._said["consume"]
            time.sleep(1)

    def _summary(self, name: str) -> Json:
        code = self._processes.pop(name).wait(timeout=900)
        said = [line for line in self._said[name] if line.startswith("{")]
        assert said, f"{name} ended with {code} and no summary: {self._said[name][-20:]}"
        found: Json = json.loads(said[-1])
        return {**found, "exitCode": code}
