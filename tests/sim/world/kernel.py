"""What every part of the world stands on: one seed, one clock, one story, one count of what happened."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

EPOCH = 1_800_000_000.0
"""Time of day at the beginning (January 2027), in seconds since 1970."""
LOOK_SECONDS, CALM_LOOK_SECONDS = 3.0, 8.0
"""See ``Kernel.look_seconds``: while much happens, and while nothing but the operator's own work is to go on."""


class Violation(Exception):  # noqa: N818 - says what it is
    """A rule was broken; ``name`` is the invariant."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Kernel:
    """Time, chance, story and coverage of one history.

    ``told`` is the story: pairs of time and words, kept only where ``keep_story`` is set. ``seen`` counts what happened,
    under keys such as ``fault/api/conflict``.
    """

    def __init__(self, seed: int, *, keep_story: bool = False) -> None:
        self.seed = seed
        self._sources: list[tuple[str, Random]] = []
        self._way = ""
        self.loop = asyncio.get_running_loop()
        self.keep_story = keep_story
        self.told: list[tuple[float, str]] = []
        self.seen: Counter[str] = Counter()
        self.numbers = 0
        self.pace = 1.0
        self.look_seconds = LOOK_SECONDS
        """Between an operator's looks that nothing but time asks for, at least; in life at first 1 s, and 3 s after half a minute. A look
        costs as much as all else that happens in those seconds."""
        self.settle_seconds = 0.0
        """From a change of what an operator has made until it looks at it, at least; in life 0.5 s (``reconcile/waking.py``)."""
        self.read_seconds = (2.0, 5.0)
        """Between two times that a consumer reads what is there for it: at least, at most."""
        self.failed: asyncio.Future[Violation] = self.loop.create_future()
        self.loop.set_exception_handler(self._broken)

    def random(self, name: str) -> Random:
        """A source of chance of its own for one part of the world, so that parts do not disturb each other."""
        source = Random(f"{self.seed}{self._way}/{name}")
        self._sources.append((name, source))
        return source

    def branch(self, way: str) -> None:
        """From here on everything that is left to chance comes otherwise; ``way`` decides how."""
        self._way += f"/{way}"
        for name, source in self._sources:
            source.seed(f"{self.seed}{self._way}/{name}")

    def now(self) -> float:
        """Seconds since the beginning."""
        return self.loop.time()

    def wall(self) -> float:
        """Seconds since 1970."""
        return EPOCH + self.loop.time()

    def milliseconds(self) -> int:
        """Milliseconds since 1970, RocketMQ's time."""
        return int((EPOCH + self.loop.time()) * 1000)

    def stamp(self) -> str:
        """The time of day as Kubernetes writes it."""
        return datetime.fromtimestamp(self.wall(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self) -> int:
        """A number never given before."""
        self.numbers += 1
        return self.numbers

    def later(self, seconds: float, callback: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
        """Call something in the future."""
        return self.loop.call_later(seconds, callback, *arguments)

    def work(self, seconds: float, callback: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
        """Call something when a machine has done its work, which takes so long; less where nothing else is to happen meanwhile."""
        return self.loop.call_later(seconds * self.pace, callback, *arguments)

    def looks(self, *, often: bool) -> None:
        """How often operators look at what only brokers and name servers know."""
        self.look_seconds = LOOK_SECONDS if often else CALM_LOOK_SECONDS

    def count(self, what: str) -> None:
        """Something happened."""
        self.seen[what] += 1

    def tell(self, *words: object) -> None:
        """A line of the story."""
        if self.keep_story:
            self.told.append((self.now(), " ".join(map(str, words))))

    def fail(self, name: str, text: str) -> None:
        """A rule is broken: the history ends here."""
        self.tell("VIOLATION of", name + ":", text)
        if not self.failed.done():
            self.failed.set_result(Violation(name, text))

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception that nobody caught: a fault of the simulator or of what it runs."""
        error = context.get("exception")
        where = "".join(traceback.format_exception(error)) if error else context.get("message")
        self.fail("no-uncaught-exception", str(where))
