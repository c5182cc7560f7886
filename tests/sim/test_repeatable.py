"""The seed is all there is: the same one tells the same story, to the last line."""

import subprocess
import sys
from pathlib import Path

import pytest

from . import branches


def story(seed: int, *options: str) -> str:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.sim", "--replay", str(seed), *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60).stdout


LEAVES = """
from tests.sim import run

found = run.tree(7)
by_name = {leaf.name: leaf for leaf in found}
for leaf in by_name["7.000"], by_name["7.11c"], by_name["7.005"]:
    alone = run.one(leaf.name)
    print(leaf.name, leaf.problem == alone.problem, leaf.virtual == alone.virtual, leaf.events, alone.events)
print(len(found), len({leaf.virtual for leaf in found}))
"""


@pytest.mark.timeout(320)
def test_a_branch_of_a_history_comes_again_by_its_name() -> None:
    """Those of a tree, which have their beginning in common, and each by itself."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LEAVES], cwd=root, capture_output=True, text=True, timeout=300, check=True
    )
    *leaves, ends = done.stdout.splitlines()
    assert leaves == [f"7.{ways} True True 50 50" for ways in ("000", "11c", "005")]
    assert ends == f"{branches.LEAVES} {branches.LEAVES}"


def test_the_same_seed_tells_the_same_story() -> None:
    first = story(7)
    assert len(first.splitlines()) > 100
    assert first == story(7)
    assert first != story(8)


def test_a_history_of_few_events_is_the_beginning_of_the_whole_one() -> None:
    begun, _, rest = story(8, "--events", "1").partition("from here on all is quiet")
    assert "staged:" in begun and rest.endswith("all rules held\n")
    assert story(8).startswith(begun.rpartition("\n")[0])
