"""``python -m tests.sim``: many histories, or one told in full."""

import argparse
import os
import sys
import time
from collections import Counter
from functools import partial

from . import coverage, run
from .driver.plot import EVENTS

TOLD_LINES = 400


def main() -> int:
    """0: all rules held and everything that must happen did."""
    parser = argparse.ArgumentParser(prog="tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--branch", action="store_true", help="trees of histories: those of a seed have their beginning in common"
    )
    parser.add_argument(
        "--replay", help="tell the story of this one instead: a seed, or a seed and its ways, as in 17.21"
    )
    parser.add_argument(
        "--events",
        type=int,
        default=EVENTS,
        help="how many events a history has: 1 is little more than its staged play",
    )
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--no-table", action="store_true", help="do not print the coverage table")
    parser.add_argument("--any-coverage", action="store_true", help="do not ask whether everything happened")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of text is chance, too: the seed must be all there is.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.sim", *sys.argv[1:]])
    if options.branch and options.events < EVENTS:
        parser.error("histories of few events have no branches")
    return _replay(options.replay, options.events) if options.replay is not None else _many(options)


def _replay(name: str, events: int) -> int:
    result = run.one(name, keep_story=True, length=events)
    for at, words in result.story:
        print(f"{at:10.3f}  {words}")
    _judge(result)
    return 1 if result.problem else 0


def _judge(result: run.Result) -> None:
    print(f"seed {result.name}: {result.events} events in {result.virtual:.0f} s: {result.problem or 'all rules held'}")


def _many(options: argparse.Namespace) -> int:
    began, told = time.monotonic(), time.monotonic()
    seen: Counter[str] = Counter()
    failed: list[run.Result] = []
    done, events, cpu = 0, 0, 0.0
    many = run.many_trees if options.branch else partial(run.many, length=options.events)
    for result in many(options.first, options.seeds, options.jobs):
        done, events, cpu = done + 1, events + result.events, cpu + result.cpu
        seen += result.seen
        if result.problem:
            failed.append(result)
            _judge(result)
            if not options.keep_going:
                break
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"{done} histories, {done / (told - began):.1f}/s", flush=True)
    spent = time.monotonic() - began
    if not options.no_table:
        print("\n".join(coverage.table(seen)))
    once = sum(seen[each] for each in seen if each.startswith("event/world/"))
    print(
        f"{done} histories, {events} events ({once} different), {done / spent:.1f} histories/s, {cpu / done * 1000:.0f} ms CPU each, {len(failed)} failed"
    )
    judged = done >= coverage.ENOUGH and options.events >= EVENTS and not options.any_coverage
    return _verdict(options, failed, coverage.missing(seen) if judged else [])


def _verdict(options: argparse.Namespace, failed: list[run.Result], missing: list[str]) -> int:
    if failed:
        print(f"the end of the story of seed {failed[0].name}; all of it: make sim-replay SEED={failed[0].name}")
        for at, words in run.one(failed[0].name, keep_story=True, length=options.events).story[-TOLD_LINES:]:
            print(f"{at:10.3f}  {words}")
        _judge(failed[0])
    if missing:
        print("these never happened, so the run proves nothing about them:", *missing, sep="\n  ")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
