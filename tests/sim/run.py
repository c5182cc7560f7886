"""Runs histories by their seeds."""

import gc
import time

import structlog

from .driver.history import History
from .loop import run_sim
from .world.kernel import Violation


async def _history(seed: int, keep_story: bool) -> tuple[Violation | None, History]:
    history = History(seed, keep_story=keep_story)
    return await history.run(), history


def one(seed: int, *, keep_story: bool = False) -> tuple[Violation | None, History]:
    """One history; what was violated, if anything."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=False)
    gc.disable()
    try:
        return run_sim(_history(seed, keep_story))
    finally:
        gc.enable()


if __name__ == "__main__":
    import sys
    first, count = int(sys.argv[1]), int(sys.argv[2])
    began = time.process_time()
    for seed in range(first, first + count):
        violation, history = one(seed, keep_story=count == 1)
        for at, words in history.kernel.told:
            print(f"{at:9.3f} {words}")
        print(seed, violation, f"{history.kernel.now():.0f} s")
        print(dict(history.kernel.seen)) if count == 1 else None
    print((time.process_time() - began) / count * 1000, "ms each")
