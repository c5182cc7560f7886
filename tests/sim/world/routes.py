"""How a client sees routes: asked of one name server each 30 s, kept when the answer is empty, stale in between."""

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from .registry import NameServer

if TYPE_CHECKING:
    from .clients import Clients

POLL_SECONDS = 30.0
ORDER = "ORDER_TOPIC_CONFIG"


class Part(NamedTuple):
    """A topic on one broker group, as a client knows it."""

    group: str
    address: str
    read: int
    write: int
    permission: int


class Routes:
    """A client's cache."""

    def __init__(self, clients: "Clients", random: Random) -> None:
        self._clients = clients
        self._world = clients.world
        self._service = clients.service
        self._random = random
        self._server: NameServer | None = None
        self._known: dict[str, tuple[float, list[Part], str]] = {}

    def of(self, topic: str) -> tuple[list[Part], str]:
        """The parts of a topic, and its order configuration where there is one."""
        now = self._world.kernel.now()
        known = self._known.get(topic)
        if known is None or now - known[0] >= POLL_SECONDS or not known[1]:
            fresh = self._ask(topic)
            if fresh is not None and fresh[0]:
                known = (now + self._random.uniform(-5, 0), *fresh)
                self._known[topic] = known
        return (known[1], known[2]) if known else ([], "")

    def _ask(self, topic: str) -> tuple[list[Part], str] | None:
        if self._world.kernel.now() < self._clients.blind_until:
            return None
        if self._server is None or not self._server.reachable:
            answering = self._world.name_servers_at(f"{self._service}:9876")
            if not answering:
                return None
            self._server = self._random.choice(answering)
        server = self._server
        server.expire()
        parts = []
        for group, route in sorted(server.routes.items()):
            config, master = route.get(topic), server.table.get(group, {}).get(0)
            if config and master:
                parts.append(Part(group, master.address, config[0], config[1], config[2]))
        order = server.kv.get(ORDER, {}).get(topic, "") if server.orders else ""
        return parts, order
