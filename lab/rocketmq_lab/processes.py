"""Daemons of the lab: started in their own session, recorded by id and start time, ended by that record.

A process id alone may belong to somebody else by the time it is used; with the start time (field 22 of
/proc/PID/stat, in clock ticks since boot) it is unique until the machine starts again.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cgroups
from .layout import Layout
from .shell import clean_environment, in_namespace

_ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"'


@dataclass(frozen=True)
class Program:
    """A daemon at a place (`control` or a node). `argv` starts with the program's path."""

    place: str
    name: str
    argv: Sequence[str | Path]

    @property
    def key(self) -> str:
        return f"{self.place}.{self.name}"


@dataclass(frozen=True)
class Stat:
    """What /proc/PID/stat says: one letter of state, and the start time in clock ticks since boot."""

    state: str
    started: int


def parse_stat(text: str) -> Stat:
    """proc_pid_stat(5). The name in parentheses may itself hold spaces and parentheses."""
    fields = text.rpartition(")")[2].split()
    return Stat(state=fields[0], started=int(fields[19]))


def read_stat(pid: int) -> Stat | None:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (OSError, IndexError, ValueError):
        return None


class Processes:
    """The lab's daemons, by their records in `run/processes/` and logs in `state/logs/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._records = layout.run / "processes"

    def log(self, key: str) -> Path:
        return self._layout.logs / f"{key}.log"

    def pid(self, key: str) -> int | None:
        """The id of a daemon that runs; None where it was never started, has ended, or is another's by now."""
        try:
            record = json.loads((self._records / key).read_text())
        except (OSError, ValueError):
            return None
        stat = read_stat(record["pid"])
        alive = stat is not None and stat.state not in "ZX" and stat.started == record["started"]
        return int(record["pid"]) if alive else None

    def recorded(self, place: str | None = None) -> list[str]:
        """Names of all recorded daemons (`node1.kubelet`), dead or alive, of one place or of all."""
        names = sorted(path.name for path in self._records.glob("*.*")) if self._records.is_dir() else []
        return [name for name in names if place in (None, name.split(".")[0])]

    def ensure(self, program: Program) -> bool:
        """Start `program` in its place's namespace and cgroup unless it runs; True where it was started."""
        if self.pid(program.key) is not None:
            return False
        self._layout.logs.mkdir(parents=True, exist_ok=True)
        self._records.mkdir(parents=True, exist_ok=True)
        namespace = self._layout.namespace(program.place)
        enter = cgroups.join_files(f"{self._layout.cgroup}/{program.place}/{cgroups.DAEMONS}")
        with self.log(program.key).open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _ENTER, "enter", *map(str, enter), "--", *in_namespace(namespace, *program.argv)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                cwd="/",
                start_new_session=True,
            )
        stat = read_stat(process.pid)
        record = {"pid": process.pid, "started": stat.started if stat else 0}
        (self._records / program.key).write_text(json.dumps(record))
        _CHILDREN.append(process)
        return True

    def end(self, key: str, grace: float = 5.0) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; nothing where it does not run."""
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
            pid = self.pid(key)
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            end = time.monotonic() + patience
            while self.pid(key) is not None and time.monotonic() < end:
                time.sleep(0.02)
        self.forget(key)

    def forget(self, key: str) -> None:
        (self._records / key).unlink(missing_ok=True)

    def forget_all(self) -> None:
        """Drop every record: what they tell of ended with the machine."""
        for key in self.recorded():
            self.forget(key)

    def forget_dead(self, place: str) -> list[str]:
        """Drop the records of daemons that have ended, before they are started again; their names.

        Else a record of an earlier start would pass for a daemon of this one that has died.
        """
        dead = [key for key in self.recorded(place) if self.pid(key) is None]
        for key in dead:
            self.forget(key)
        return dead

    def tail(self, key: str, lines: int = 12) -> str:
        """The end of a daemon's log, for an error message."""
        try:
            with self.log(key).open("rb") as log:
                log.seek(max(0, self.log(key).stat().st_size - 8000))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


_CHILDREN: list[subprocess.Popen[bytes]] = []
"""Kept so that Python neither waits for the daemons nor warns that it does not."""
