"""A short run of the simulator, so that the ordinary tests know it; ``make sim SEEDS=10000`` is the proof."""

import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = 40
LIMIT = 560
"""Seconds. Half a minute on a quiet machine; the rest is for a busy one."""


@pytest.mark.timeout(LIMIT + 20)
def test_a_short_run() -> None:
    """All rules hold in the first histories. It runs as a process of its own, in which the order of sets is fixed."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.sim", "--seeds", str(SEEDS), "--no-table"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=LIMIT)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
