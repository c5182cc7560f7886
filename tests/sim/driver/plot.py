"""What happens: a list of kinds of events with their weights, and a draw after each pause."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .history import History

EVENTS = 50


class Plot:
    """Draws events until there were enough."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.random = history.kernel.random("plot")
        self.catalogue: list[tuple[str, float, Callable[[], bool]]] = []

    async def run(self) -> None:
        """At least EVENTS of them."""
        await asyncio.sleep(120)
