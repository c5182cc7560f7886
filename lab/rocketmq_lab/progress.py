"""What the lab is doing, said as it happens: one line for each step, with its time; never silent for long."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

_PATIENCE = 2.0
"""Seconds after which a step that still runs is mentioned where no live display is possible."""
_REMINDER = 10.0


class Progress:
    """Shows steps on standard error: live lines on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._running: dict[str, float] = {}
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=5, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextlib.asynccontextmanager
    async def step(self, text: str, quiet: bool = False) -> AsyncIterator[None]:
        """Show `text` while the block runs, and its duration afterwards; steps may overlap.

        A `quiet` step that is done at once, or soon, leaves no line.
        """
        began = time.monotonic()
        self._running[text] = began
        reminder = asyncio.create_task(self._remind(text, began)) if not self._live else None
        sign = "✗"
        try:
            yield
            sign = "✓"
        finally:
            if reminder:
                reminder.cancel()
            del self._running[text]
            if not quiet or time.monotonic() - began > _PATIENCE:
                self.say(f"{sign} {text} ({time.monotonic() - began:.1f} s)")

    async def _remind(self, text: str, began: float) -> None:
        pause = _PATIENCE
        while True:
            await asyncio.sleep(pause)
            self.say(f"… {text} ({time.monotonic() - began:.0f} s)")
            sys.stderr.flush()
            pause = _REMINDER

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for text, began in self._running.items():
            table.add_row("…", text, f"{time.monotonic() - began:.0f} s")
        return table
