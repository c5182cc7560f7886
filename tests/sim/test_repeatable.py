"""The seed is all there is: the same one tells the same story, to the last line."""

import subprocess
import sys
from pathlib import Path


def story(seed: int) -> str:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.sim", "--replay", str(seed)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60).stdout


def test_the_same_seed_tells_the_same_story() -> None:
    first = story(7)
    assert len(first.splitlines()) > 100
    assert first == story(7)
    assert first != story(8)
