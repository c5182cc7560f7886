"""Runs histories: one by its seed, or many over all cores."""

import gc
import multiprocessing
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import NamedTuple

import structlog

from . import coverage, together
from .driver.history import History
from .loop import run_sim

ENDLESS_SECONDS = 120
"""More real time than any history takes: something runs without time passing."""


class Result(NamedTuple):
    """What came of a history; ``problem`` is empty if all rules held."""

    seed: int
    problem: str
    seen: Counter[str]
    events: int
    virtual: float
    cpu: float
    story: list[tuple[float, str]]


async def _history(seed: int, keep_story: bool) -> Result:
    began = time.process_time()
    history = History(seed, keep_story=keep_story)
    coverage.watch(history.kernel)
    violation = await history.run()
    kernel = history.kernel
    spent = time.process_time() - began
    return Result(seed, str(violation or ""), kernel.seen, history.events, kernel.now(), spent, kernel.told)


def one(seed: int, *, keep_story: bool = False) -> Result:
    """One history."""
    together.hasten()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    # Nothing of a history outlives it but what it returns; looking for cycles meanwhile costs a tenth of the time.
    gc.disable()
    signal.signal(signal.SIGALRM, _endless)
    signal.alarm(ENDLESS_SECONDS)
    try:
        return run_sim(_history(seed, keep_story))
    except Exception:
        return Result(seed, f"no-uncaught-exception: {traceback.format_exc()}", Counter(), 0, 0.0, 0.0, [])
    finally:
        signal.alarm(0)
        gc.enable()


def _endless(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a history took more than {ENDLESS_SECONDS} s")


def many(first: int, count: int, jobs: int) -> Iterator[Result]:
    """Histories in the order of their seeds, worked out on so many processes."""
    seeds = range(first, first + count)
    if jobs == 1:
        yield from map(one, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=50) as pool:
        yield from pool.imap(one, seeds, chunksize=4)
