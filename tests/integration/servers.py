"""Real RocketMQ servers on loopback, as small Java processes, for tests.

    with Servers(tmp_path) as servers:
        ns = servers.name_server()
        broker = servers.broker("broker-0", [ns])
        servers.wait()
        ... ns.address, broker.address ...

Each server has a folder, free ports and a pid of its own, and ends with the test run however that ends.
"""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..parent import die_with_parent
from .jars import VERSION, UnavailableError, jars

__all__ = ["Server", "Servers", "UnavailableError"]

_PATIENCE = 90.0
_JAVA = (
    "java", "-Xms48m", "-Xmx128m", "-XX:MaxDirectMemorySize=128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData", "--add-opens", "java.base/java.lang=ALL-UNNAMED",
    # 4.9 unmaps files by reflection: without these, deleting a topic fails on Java 17.
    "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens", "java.base/jdk.internal.ref=ALL-UNNAMED",
)  # fmt: skip
_NAME_SERVER = "org.apache.rocketmq.namesrv.NamesrvStartup"
_BROKER = "org.apache.rocketmq.broker.BrokerStartup"
_TOOLS = "org.apache.rocketmq.tools.command.MQAdminStartup"
_LOGGING = """<configuration><statusListener class="org.apache.rocketmq.logging.ch.qos.logback.core.status.NopStatusListener"/>
<appender name="FILE" class="org.apache.rocketmq.logging.ch.qos.logback.core.FileAppender"><file>{file}</file>
<encoder><pattern>%d %level %logger - %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="FILE"/></root></configuration>
"""


class Server:
    """One process. `address` is "host:port"; `java` are more options for its Java."""

    def __init__(
        self,
        name: str,
        main_class: str,
        port: int,
        folder: Path,
        settings: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        java: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.port = port
        self.host = host
        self.address = f"{host}:{port}"
        self._java = tuple(java)
        self.controller_address: str | None = None
        self.folder = folder
        self._main_class = main_class
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self.config_file = folder / "server.conf"
        self.config_file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        configure_logging(folder)

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    def start(self, classpath: Path) -> None:
        """Start the process; `wait` tells when it listens."""
        command = [*_JAVA, *self._properties(), "-cp", f"{classpath}/*", self._main_class, "-c", str(self.config_file)]
        environment = {**os.environ, "ROCKETMQ_HOME": str(self.folder)}
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=self.folder,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    def _properties(self) -> list[str]:
        logging = f"-Drmq.logback.configurationFile={self.folder / 'logging.xml'}"
        return [f"-Duser.home={self.folder}", logging, *self._java]

    def wait(self) -> None:
        """Until the port is open; fails with the process's last words."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} does not listen on {self.port}: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what the process printed and logged."""
        files = [self.folder / "output", self.folder / "server.log"]
        return "\n".join(file.read_text(errors="replace")[-1500:] for file in files if file.exists())

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal (SIGSTOP makes it hang)."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once, and wait for it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None


class Servers:
    """All servers of one test run, under one folder."""

    def __init__(self, folder: Path, version: str = VERSION) -> None:
        self._folder = folder
        self._classpath = jars(version)
        self._servers: list[Server] = []
        self._numbers = itertools.count(1)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def name_server(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        name: str = "namesrv",
        controller: bool = False,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> Server:
        """Start a name server; with `controller` it is a lone controller too, at `controller_address`.

        One with a `host` of its own (any 127.x.y.z; from 5.0 on) listens there only, so that several can share a `port`.
        """
        port, folder = port or free_port(), self._next_folder(name)
        own = {
            "listenPort": str(port),
            "kvConfigPath": str(folder / "kv.json"),
            "configStorePath": str(folder / "namesrv.properties"),
        }
        address = f"127.0.0.1:{free_port()}" if controller else None
        if address is not None:
            own |= {
                "enableControllerInNamesrv": "true",
                "controllerDLegerGroup": "controllers",
                "controllerDLegerPeers": f"n0-{address}",
                "controllerDLegerSelfId": "n0",
                "controllerStorePath": str(folder / "controller"),
            }
        if host != "127.0.0.1":
            own["bindAddress"] = host
        server = Server(name, _NAME_SERVER, port, folder, own | dict(settings or {}), host=host)
        server.controller_address = address
        return self._start(server)

    def broker(
        self,
        name: str,
        name_servers: Iterable[Server],
        settings: Mapping[str, str] | None = None,
        *,
        broker_id: int = 0,
        cluster: str = "DefaultCluster",
        java: Sequence[str] = (),
    ) -> Server:
        """Start a broker: id 0 is a master, others are slaves."""
        folder = self._next_folder(f"{name}-{broker_id}")
        port = free_broker_port()
        own = {
            "brokerClusterName": cluster,
            "brokerName": name,
            "brokerId": str(broker_id),
            "brokerRole": "ASYNC_MASTER" if broker_id == 0 else "SLAVE",
            "brokerIP1": "127.0.0.1",
            "brokerIP2": "127.0.0.1",
            "listenPort": str(port),
            "haListenPort": str(free_port()),
            "namesrvAddr": ";".join(server.address for server in name_servers),
            "storePathRootDir": str(folder / "store"),
            "mappedFileSizeCommitLog": str(16 << 20),
            "mappedFileSizeConsumeQueue": "600000",
            "haSendHeartbeatInterval": "1000",
            # At its default of a second a broker that does nothing takes a fifth of a processor (TimerWheel.flush).
            "timerFlushIntervalMs": "10000",
        }
        own |= dict(settings or {})
        host, port = own["brokerIP1"], int(own["listenPort"])
        return self._start(Server(f"{name}-{broker_id}", _BROKER, port, folder, own, host=host, java=java))

    def restart(self, server: Server) -> None:
        """Start a server again that was killed, with the files it has."""
        server.start(self._classpath)

    def wait(self) -> None:
        """Until all servers listen."""
        for server in self._servers:
            server.wait()

    def mqadmin(self, *arguments: str) -> str:
        """What RocketMQ's own tool prints."""
        folder = self._next_folder("mqadmin")
        folder.mkdir(parents=True)
        configure_logging(folder)
        properties = [f"-Duser.home={folder}", f"-Drmq.logback.configurationFile={folder / 'logging.xml'}"]
        command = [*_JAVA, *properties, "-cp", f"{self._classpath}/*"]
        command += [_TOOLS, *arguments]
        environment = {**os.environ, "ROCKETMQ_HOME": str(folder)}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, env=environment, cwd=folder, check=True,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        """End all servers."""
        for server in self._servers:
            server.kill()
        self._servers.clear()

    def _next_folder(self, name: str) -> Path:
        return self._folder / f"{next(self._numbers):02d}-{name}"

    def _start(self, server: Server) -> Server:
        self._servers.append(server)
        server.start(self._classpath)
        return server


def configure_logging(folder: Path) -> None:
    """Warnings into a file. 5.x reads the file that a property names; 4.9 insists on files of its own, with the class
    names of plain logback."""
    text = _LOGGING.format(file=folder / "server.log")
    (folder / "logging.xml").write_text(text)
    (folder / "conf").mkdir()
    for part in ("namesrv", "broker", "tools"):
        plain = text.replace("org.apache.rocketmq.logging.ch.qos", "ch.qos")
        (folder / "conf" / f"logback_{part}.xml").write_text(plain)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_broker_port() -> int:
    """A free port with another free one two below it: brokers listen there too (the "VIP channel")."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port - 2))
            return port
