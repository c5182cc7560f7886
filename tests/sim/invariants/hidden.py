"""A group that serves is not left out of the routes: what code 205 took on its way into a rollout, and out of it again, comes back."""

from collections.abc import Iterator

from ..world import NAMESPACE, World
from ..world.broker import Broker
from ..world.registry import NameServer
from . import facts

PATIENCE_SECONDS = 120.0
"""Of being hidden while it serves: an operator that dies comes back within 90 s, a broker registers each 30 s."""


class Hidden:
    """``since`` when a name server hides a master's topics from those who send, though nothing closes its group any more."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[tuple[str, str], float] = {}

    def look(self) -> str | None:
        """Who has been hidden too long; a process that is another one has a new account."""
        now = self._world.kernel.now()
        found = {(server.pod.container, each.pod.container): (server, each) for server, each in self._found()}
        self._since = {key: self._since.get(key, now) for key in found}
        late = [key for key, since in self._since.items() if now - since > PATIENCE_SECONDS]
        if not late:
            return None
        server, master = found[late[0]]
        return f"{server.pod.name} hides {len(_topics(server, master))} topics of {master.name} from those who send, though it serves"

    def _found(self) -> Iterator[tuple[NameServer, Broker]]:
        for master in self._world.rocketmq.brokers():
            if not facts.accepts(master) or not master.permission & 2 or not master.pod.reachable:
                continue
            group = facts.group_of(master.pod.obj or {"metadata": {}})
            if group is None or self._world.phases.lately(NAMESPACE, *group) != {""}:
                continue
            for server in self._world.rocketmq.name_servers():
                if server.reachable and _topics(server, master):
                    yield server, master


def _topics(server: NameServer, master: Broker) -> list[str]:
    routes, topics = server.routes.get(master.name), master.store.topics
    return [
        each for each, route in (routes or {}).items() if not route[2] & 2 and each in topics and topics[each].perm & 2
    ]
