"""Runs histories: one by its seed, or many over all cores."""

import gc
import multiprocessing
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import NamedTuple

import structlog

from . import coverage, together
from .branches import LEAVES, Crossing, Forking, Straight
from .driver.history import History
from .driver.plot import EVENTS
from .loop import run_sim

ENDLESS_SECONDS = 120
"""More real time than any history takes: something runs without time passing."""


class Result(NamedTuple):
    """What came of a history; ``problem`` is empty if all rules held. ``name``: its seed, and its ways where it branched."""

    name: str
    problem: str
    seen: Counter[str]
    events: int
    virtual: float
    cpu: float
    story: list[tuple[float, str]]


async def _history(seed: int, crossing: Crossing, keep_story: bool, length: int) -> Result:
    history = History(seed, crossing, keep_story=keep_story, length=length)
    coverage.watch(history.kernel)
    violation = await history.run()
    kernel = history.kernel
    result = Result(str(seed), str(violation or ""), kernel.seen, history.events, kernel.now(), 0.0, kernel.told)
    crossing.over(result)
    return result


def _one(seed: int, crossing: Crossing, keep_story: bool = False, length: int = EVENTS) -> Result:
    together.hasten()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    # Nothing of a history outlives it but what it returns; looking for cycles meanwhile costs a tenth of the time.
    gc.disable()
    signal.signal(signal.SIGALRM, _endless)
    signal.alarm(ENDLESS_SECONDS)
    try:
        return run_sim(_history(seed, crossing, keep_story, length))
    except Exception:
        return Result(str(seed), f"no-uncaught-exception: {traceback.format_exc()}", Counter(), 0, 0.0, 0.0, [])
    finally:
        signal.alarm(0)
        gc.enable()


def one(name: str, *, keep_story: bool = False, length: int = EVENTS) -> Result:
    """One history, by its name. ``length``: how many events it has."""
    began = time.process_time()
    seed, _, ways = name.partition(".")
    result = _one(int(seed), Straight(ways), keep_story, length)
    return result._replace(name=name, cpu=time.process_time() - began)


def tree(seed: int) -> list[Result]:
    """All histories of a seed that differ by their ways; what they have in common is worked out once."""
    forking = Forking(lambda result, ways, spent: result._replace(name=f"{seed}.{ways}".rstrip("."), cpu=spent))
    try:
        result = _one(seed, forking)
        forking.over(result)
    except BaseException:
        if forking.child:
            os._exit(1)  # else it would go on in its parent's name
        raise
    return forking.gathered


def _endless(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a history took more than {ENDLESS_SECONDS} s")


def many(first: int, count: int, jobs: int, length: int = EVENTS) -> Iterator[Result]:
    """Histories in the order of their seeds, worked out on so many processes."""
    seeds, work = map(str, range(first, first + count)), partial(one, length=length)
    if jobs == 1:
        yield from map(work, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=50) as pool:
        yield from pool.imap(work, seeds, chunksize=4)


def many_trees(first: int, count: int, jobs: int) -> Iterator[Result]:
    """At least so many histories, a tree of them for each seed."""
    seeds = range(first, first + -(-count // LEAVES))
    # A process for each: what an earlier tree left behind would be copied by every fork of the next.
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        for found in pool.imap(tree, seeds):
            yield from found
