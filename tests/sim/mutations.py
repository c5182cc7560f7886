"""``python -m tests.sim.mutations``: breaks one rule after the other in a copy, and counts the seeds until a history fails."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .broken_rules import ALL, CORE, Broken

ROOT = Path(__file__).parents[2]
FAILED = re.compile(r"seed ([\d.]+): \d+ events in \d+ s: ([\w-]+)")
DONE = re.compile(r"(\d+) histories, \d+ events")


def main() -> int:
    """0: each was found, but for those that say why not."""
    parser = argparse.ArgumentParser(prog="tests.sim.mutations", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many histories each, at most")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("names", nargs="*", help="only those whose names contain one of these")
    options = parser.parse_args()
    # So that the copy goes when this is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [each for each in ALL if not options.names or any(name in each.name for name in options.names)]
    lost = 0
    with tempfile.TemporaryDirectory(prefix="rocketmq-operator-sim-") as directory:
        root = Path(directory)
        _copy(root)
        for each in chosen:
            with broken(root, each):
                seed, by = _run(root, options.first, options.seeds, options.jobs)
            lost += not seed and not each.unfound
            told = f"seed {seed} | `{by}`" if seed else f"not in {by} | {each.unfound}"
            print(f"| {each.name} | {told} |", flush=True)
    return 1 if lost else 0


def _copy(root: Path) -> None:
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests/sim", root / "tests/sim", ignore=shutil.ignore_patterns("__pycache__"))
    for each in ("__init__.py", "parent.py"):
        shutil.copy(ROOT / "tests" / each, root / "tests")


@contextmanager
def broken(root: Path, rule: Broken) -> Iterator[None]:
    """Meanwhile the rule is broken there; ValueError if its text does not stand there exactly once."""
    path = root / CORE / rule.file
    whole = path.read_text()
    if whole.count(rule.old) != 1:
        raise ValueError(f"{rule.name}: its text stands {whole.count(rule.old)} times in {rule.file}")
    path.write_text(whole.replace(rule.old, rule.new))
    try:
        yield
    finally:
        path.write_text(whole)


def _run(root: Path, first: int, seeds: int, jobs: int) -> tuple[int, str]:
    """The seed that failed and the rule that saw it; or 0 and how many were run."""
    command = [sys.executable, "-m", "tests.sim", "--no-table", "--any-coverage"]
    command += ["--first", str(first), "--seeds", str(seeds), "--jobs", str(jobs)]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := FAILED.match(line):
                return int(found[1]), found[2]
            if found := DONE.match(line):
                return 0, found[1]
        return 0, "none: the simulator itself failed"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
