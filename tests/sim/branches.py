"""Histories with a common beginning: at a crossroads the process forks, and each copy goes on by chances of its own.

What costs most in a history is to get a cluster into a state worth looking at. A tree of histories pays that once: it has
``LEAVES`` leaves, each a whole history with all its events and an end of its own. A leaf's name is its seed
and the ways it took, such as ``17.21c``; the first way is the one that the seed's history takes where nothing branches.
"""

import asyncio
import os
import pickle
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, Protocol

from ..parent import die_with_parent

CROSSROADS = {40: 4, 45: 2, 49: 16}
"""After so many events there are so many ways. Late ones are shared by few leaves, so that most of what is paid twice is new."""
LEAVES = prod(CROSSROADS.values())


class Crossing(Protocol):
    """Says how a history goes on where it could go on in several ways."""

    def take(self, ways: int, seen: Counter[str]) -> int:
        """The way that is taken, from 0 to ``ways - 1``. ``seen`` is what has been counted."""

    def over(self, result: Any) -> None:
        """The history has come to its end."""


class Straight:
    """The ways that a name gives; the first one where it gives none."""

    def __init__(self, ways: str = "") -> None:
        self._ways: Iterator[str] = iter(ways)

    def take(self, ways: int, seen: Counter[str]) -> int:
        """See ``Crossing``."""
        return int(next(self._ways, "0"), 16)

    def over(self, result: Any) -> None:
        """See ``Crossing``."""


class Forking:
    """All ways: this process takes the first, a child of its own each other one, one after the other.

    ``gathered`` are the results, each as ``named(result, ways, CPU seconds)`` gives it. A child comes out of ``take`` as the parent
    does, and ends in ``over``: nobody needs the world that it leaves behind, and to take that apart takes time.
    """

    def __init__(self, named: Callable[[Any, str, float], Any]) -> None:
        self.ways = ""
        self.gathered: list[Any] = []
        self._named = named
        self._pipe: int | None = None
        self._began = time.process_time()
        self._over = False

    @property
    def child(self) -> bool:
        """Whether this process is a copy, which tells what it found and ends."""
        return self._pipe is not None

    def take(self, ways: int, seen: Counter[str]) -> int:
        """See ``Crossing``. What has happened is counted by one of all that have it in common."""
        loop = asyncio.get_running_loop()
        left = signal.alarm(0)  # a child has none, and the parent's is not for the time it waits
        for way in range(1, ways):
            read, write = os.pipe()
            process = os.fork()
            if process == 0:
                os.close(read)
                # A run that stops at a failure ends its workers, which know nothing of their children.
                die_with_parent()
                asyncio._set_running_loop(loop)  # asyncio knows it by the process, too
                self._pipe, self.gathered = write, []
                self._began = 0.0  # a child's processor time begins with it
                self.ways += f"{way:x}"
                seen.clear()
                signal.alarm(left)
                return way
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                told = pipe.read()
            os.waitpid(process, 0)
            self.gathered += pickle.loads(told)
        signal.alarm(left)
        self.ways += "0"
        return 0

    def over(self, result: Any) -> None:
        """See ``Crossing``."""
        if self._over:
            return
        self._over = True
        self.gathered.insert(0, self._named(result, self.ways, time.process_time() - self._began))
        if self._pipe is not None:
            with os.fdopen(self._pipe, "wb") as pipe:
                pickle.dump(self.gathered, pipe)
            os._exit(0)
