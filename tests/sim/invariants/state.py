"""Rules about the world as it is, whoever did it."""

from collections.abc import Callable

from ..world import World
from ..world.broker import Broker

Rule = Callable[[World], str | None]


def nothing_acknowledged_is_lost(world: World) -> str | None:
    """What was acknowledged and somebody has still to read lies on a volume that exists."""
    for batch in world.ledger.lost(world.rocketmq.stores()):
        return f"{batch} is on no volume, and {sorted(batch.open)} have not read it"
    return None


def brokers_know_name_servers(world: World) -> str | None:
    """No broker runs without the address of a name server."""
    for pod in world.kubelets.pods.values():
        if isinstance(pod.process, Broker) and pod.process.listening and not pod.process.config["namesrvAddr"]:
            return f"{pod.name} runs without a name server's address"
    return None


def names_are_unique(world: World) -> str | None:
    """No two masters answer under one name and both take messages."""
    seen: dict[str, str] = {}
    for broker in world.rocketmq.brokers():
        if broker.is_master:
            if broker.name in seen:
                return f"{broker.pod.name} and {seen[broker.name]} are both master of {broker.name}"
            seen[broker.name] = broker.pod.name
    return None


def volumes_are_where_they_were(world: World) -> str | None:
    """No master finds its volume lost that nobody has taken: its group was opened under another one's life."""
    for pod in world.kubelets.pods.values():
        if pod.ended and pod.ended[1].startswith("VolumeLost") and pod.name not in world.volumes.taken:
            return f"{pod.name} does not start: {pod.ended[1]}"
    return None


RULES: tuple[tuple[str, Rule], ...] = (
    ("nothing-acknowledged-is-lost", nothing_acknowledged_is_lost),
    ("brokers-know-name-servers", brokers_know_name_servers),
    ("names-are-unique", names_are_unique),
    ("volumes-are-where-they-were", volumes_are_where_they_were),
)
