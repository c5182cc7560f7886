"""What happens to operators: they die, at once or between two calls, come back, and sometimes there are two."""

from typing import TYPE_CHECKING

from rocketmq_operator.core.release import Release

from .event import Event
from .rest import at_rest

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


def upgrade(history: "History") -> bool:
    """Another version of the operator is installed, which builds pods in another format; a few ask for restarts of older ones."""

    def install() -> None:
        _install(history, history.release.oldest)
        history.watchdog.reasons.upgraded()

    at_rest(history, install)
    return True


def upgrade_that_restarts(history: "History") -> bool:
    """A version that lets no older pod run on."""
    history.watchdog.reasons.outdated(_install(history, history.release.format + 1))
    return True


def replaced(history: "History") -> None:
    """Another version takes over from one that ends in this moment; it lets every pod be as it is."""
    _newer(history, history.release.oldest)
    history.watchdog.reasons.upgraded()
    for each in history.alive():
        each.kill()


def _install(history: "History", oldest: int) -> Release:
    """The new one starts, and the old one ends a little later, or before that: as a Deployment does it."""
    release, old = _newer(history, oldest), history.alive()
    if not old or history.random.random() < 0.5:
        history.start_operator()
    for each in old:
        history.kernel.later(history.random.uniform(0, 20), each.kill)
    return release


def _newer(history: "History", oldest: int) -> Release:
    history.release = Release(history.release.format + 1, oldest)
    history.kernel.tell("the operator is upgraded to", history.release)
    return history.release


EVENTS = (
    Event("operator-killed", 1.0, kill),
    Event("operator-doomed", 2.0, doom),
    Event("operator-doubled", 1.0, second),
    Event("operator-upgraded", 0.8, upgrade),
    Event("operator-upgraded-with-restarts", 0.3, upgrade_that_restarts),
)
