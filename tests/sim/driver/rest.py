"""What is to change nothing is best seen where nothing else goes on: such events often wait until all is at rest, and some time after."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .history import History

WAIT_SECONDS = 240.0
AFTER_SECONDS = 60.0
LOOK_SECONDS = 5.0


def at_rest(history: "History", then: Callable[[], object]) -> None:
    """Do it at once, or when every resource is at rest, for which nothing else is begun; at the latest after WAIT_SECONDS."""
    if history.random.random() < 0.4:
        then()
        return
    done: list[float] = []
    ends = history.kernel.now() + WAIT_SECONDS

    def look() -> None:
        if history.kernel.now() >= ends or history.watchdog.reasons.everything_rests():
            done.append(history.kernel.now())
            then()
        elif not history.world.clients.stopped:
            history.kernel.later(LOOK_SECONDS, look)

    history.rest = WAIT_SECONDS + AFTER_SECONDS
    history.rested = lambda: bool(done) and history.kernel.now() > done[0] + AFTER_SECONDS
    look()
