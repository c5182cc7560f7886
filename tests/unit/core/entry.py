"""A make-believe pod around the real entry scripts: directories, a java that only tells how it was started."""

import os
import subprocess
from pathlib import Path

from rocketmq_operator.core.build import scripts

JAVA = """#!/bin/bash
if [ "$1" = -version ]; then echo 'openjdk version "%s"' >&2; exit 0; fi
printf '%%s\\n' "$@"
"""

SETTINGS: dict[str, str | list[str]] = {
    "CLUSTER_UID": "uid-1",
    "BROKER_NAME_PREFIX": "broker",
    "REPLICATION_MODE": "SYNC",
    "ON_LOST_VOLUME": "Refuse",
    "ADOPT_CLUSTER_UID": "-",
    "FENCE_GRACE_SECONDS": "30",
    "JVM_HEAP": "",
    "JVM_OPTIONS": ["-Dwith=a space"],
}


class Pod:
    """One pod; change its parts between starts, as the world does."""

    def __init__(self, root: Path, *, version: str = "5.4.0", java: str = "17.0.1") -> None:
        self.root = root
        self.master = ""
        self.memory_mib = 1000
        self.home = root / "home" / f"rocketmq-{version}"
        self.intent = {
            "brokerPermission": "6",
            "initialized": "false",
            "nameServers": "",
            "nameServersDns": "",
            "members": "2",
            "inSyncReplicas": "2",
        }
        self.settings: dict[str, str | list[str]] = dict(SETTINGS)
        self.conf = "#header\nbrokerName=@BROKER_NAME@\nbrokerId=@BROKER_ID@\nbrokerRole=@BROKER_ROLE@\n"
        for path in (
            self.home / "lib",
            self.home / "conf",
            self.home / "bin",
            root / "java" / "bin",
            root / "dev",
            root / "etc",
        ):
            path.mkdir(parents=True)
        for part in ("broker", "namesrv", "client"):
            (self.home / "lib" / f"rocketmq-{part}-{version}.jar").touch()
        program = root / "java" / "bin" / "java"
        program.write_text(JAVA % java)
        program.chmod(0o755)

    def runs_on(self, seconds: int) -> None:
        """Let the make-believe java run for a while; it has 17 as its version."""
        program = self.root / "java" / "bin" / "java"
        program.write_text(
            f'#!/bin/bash\n[ "$1" != -version ] || {{ echo \'version "17"\' >&2; exit 0; }}\nsleep {seconds}\n'
        )

    @property
    def store(self) -> Path:
        """The volume."""
        return self.root / "var/lib/rocketmq/store"

    @property
    def broker_conf(self) -> str:
        """What the last start generated."""
        return (self.home / "conf/broker.conf").read_text()

    @property
    def last_words(self) -> str:
        """The termination message."""
        path = self.root / "dev/termination-log"
        return path.read_text() if path.exists() else ""

    def write_messages(self) -> None:
        """Leave a commit log behind, as a broker does."""
        (self.store / "commitlog").mkdir(parents=True, exist_ok=True)
        (self.store / "commitlog/00000000000000000000").write_text("x")

    def start(
        self, member: int = 0, script: str = "broker.sh", seconds: float = 20
    ) -> subprocess.CompletedProcess[str]:
        """Run the entry script once."""
        config, intent = self.root / "etc/rocketmq-operator/config", self.root / "etc/rocketmq-operator/intent"
        config.mkdir(parents=True, exist_ok=True)
        intent.mkdir(parents=True, exist_ok=True)
        for name, text in {
            "broker.sh": scripts.BROKER,
            "replica.sh": scripts.REPLICA,
            "name-server.sh": scripts.NAME_SERVER,
            "common.sh": scripts.COMMON,
            "settings": scripts.settings(self.settings),
            "broker.conf": self.conf,
            "namesrv.conf": "listenPort=9876\n",
        }.items():
            (config / name).write_text(text)
        for name, text in self.intent.items():
            (intent / name).write_text(text)
        (self.root / "etc/hosts").write_text(
            f"127.0.0.1 localhost\n10.1.2.3 c-0-{member}.c-broker.ns.svc.cluster.local c-0-{member}\n"
        )
        environment = {
            "PATH": os.environ["PATH"],
            "JAVA_HOME": str(self.root / "java"),
            "ROCKETMQ_HOME": str(self.home),
            "ENTRY_ROOT": str(self.root),
            "POD_NAME": f"c-0-{member}",
            "POD_IP": "10.1.2.3",
            "GROUP": "0",
            "ENTRY_MASTER": self.master,
            "MEMORY_LIMIT_MIB": str(self.memory_mib),
        }
        command = ["bash", str(config / script)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
