"""A slave that the operator's own entry script starts, as in a pod, next to real servers on loopback."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from rocketmq_operator.core.build import scripts

from ...parent import die_with_parent
from ..servers import Server, configure_logging, free_broker_port, free_port

_PATIENCE = 90.0


class Slave:
    """Member 1 of group broker-0. `master` is member 0; `jars` the folder of the version's jars; `settings` broker.conf's."""

    def __init__(self, folder: Path, jars: Path, name_server: Server, master: Server, settings: dict[str, str]) -> None:
        self.port = free_broker_port()
        self.address = f"127.0.0.1:{self.port}"
        self.root = folder
        self.home = folder / "home" / "rocketmq"
        self.intent = {
            "brokerPermission": "6",
            "initialized": "true",
            "nameServers": name_server.address,
            "members": "2",
        }
        self._master = master.address
        self._ports = {"listenPort": str(self.port), "haListenPort": str(free_port())}
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True)
        configure_logging(self.home)
        (self.home / "lib").symlink_to(jars)
        (folder / "dev").mkdir()

    @property
    def store(self) -> Path:
        """The volume."""
        return self.root / "var/lib/rocketmq/store"

    @property
    def said(self) -> str:
        """What script and broker printed since the last start."""
        return (self.root / "output").read_text(errors="replace")

    def start(self) -> None:
        """Start the script, which becomes the broker."""
        etc = self.root / "etc/rocketmq-operator"
        (etc / "config").mkdir(parents=True, exist_ok=True)
        (etc / "intent").mkdir(parents=True, exist_ok=True)
        for name, text in {
            **self._files(),
            **{f"../intent/{key}": value for key, value in self.intent.items()},
        }.items():
            (etc / "config" / name).write_text(text)
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        environment = {
            "PATH": os.environ["PATH"],
            "ROCKETMQ_HOME": str(self.home),
            "ENTRY_ROOT": str(self.root),
            "ENTRY_MASTER": self._master,
            "POD_NAME": "c-0-1",
            "POD_IP": "127.0.0.1",
            "GROUP": "0",
            "MEMORY_LIMIT_MIB": "400",
        }
        (self.home / "bin").mkdir(exist_ok=True)
        with (self.root / "output").open("wb") as output:
            self._process = subprocess.Popen(
                ["bash", str(etc / "config/broker.sh")], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=environment, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    def _files(self) -> dict[str, str]:
        lines = ["brokerName=@BROKER_NAME@", "brokerId=@BROKER_ID@", "brokerRole=@BROKER_ROLE@"]
        lines += [f"{key}={value}" for key, value in {**self._ports, **self._settings}.items()]
        own: dict[str, str | list[str]] = {
            "CLUSTER_UID": "uid-1", "BROKER_NAME_PREFIX": "broker", "REPLICATION_MODE": "SYNC", "ON_LOST_VOLUME": "Refuse",
            "ADOPT_CLUSTER_UID": "-", "FENCE_GRACE_SECONDS": "30", "JVM_HEAP": "",
            "JVM_OPTIONS": [
                f"-Drmq.logback.configurationFile={self.home / 'logging.xml'}", "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED",
            ],
        }  # fmt: skip
        return {
            "broker.sh": scripts.BROKER,
            "replica.sh": scripts.REPLICA,
            "common.sh": scripts.COMMON,
            "settings": scripts.settings(own),
            "broker.conf": "\n".join([*lines, ""]),
        }

    def wait(self) -> None:
        """Until the broker listens."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise AssertionError(f"the slave does not listen: {self.said[-3000:]}")

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        assert self._process is not None
        return self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """End it at once, as a node that dies does."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def lose_volume(self) -> None:
        """An empty volume, as a claim made anew gives."""
        shutil.rmtree(self.store)
