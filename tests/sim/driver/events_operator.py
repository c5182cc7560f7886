"""What happens to operators: they die, at once or between two calls, come back, and sometimes there are two."""

from typing import TYPE_CHECKING

from .event import Event

if TYPE_CHECKING:
    from .history import History


def kill(history: "History") -> bool:
    """The process dies now; another one starts some time later."""
    alive = history.alive()
    if not alive:
        return False
    history.random.choice(alive).kill()
    return True


def doom(history: "History") -> bool:
    """The process will die within its next calls."""
    alive = [each for each in history.alive() if each.doom is None]
    if not alive:
        return False
    history.random.choice(alive).doom = history.random.randint(1, 60)
    return True


def second(history: "History") -> bool:
    """Two run for a moment: each with its own caches, both sure to lead where there is no election."""
    if len(history.alive()) != 1:
        return False
    operator = history.start_operator()
    history.kernel.count("fault/operator/two-at-once")
    history.kernel.later(history.random.uniform(5, 60), _retire, history, operator)
    return True


def _retire(history: "History", operator: object) -> None:
    if len(history.alive()) > 1 and operator in history.alive():
        history.random.choice(history.alive()).kill()


EVENTS = (
    Event("operator-killed", 1.0, kill),
    Event("operator-doomed", 2.0, doom),
    Event("operator-doubled", 1.0, second),
)
