"""The order configuration: which broker's queues an order topic uses (name servers' key-value namespace ORDER_TOPIC_CONFIG).

A value is ``broker-0:4;broker-1:4``. Clients follow it before any permission (MQClientInstance.topicRouteData2TopicPublishInfo),
so a group that leaves must vanish from it first, and one that joins must be put in last.
"""

from collections.abc import Callable, Mapping

from ..plan import PutOrders
from .data import Topic


def parts(value: str) -> dict[str, str]:
    """Broker name to number of queues, in the value's order."""
    pairs = (part.partition(":") for part in value.split(";") if part.strip())
    return {name.strip(): count.strip() for name, _, count in pairs}


def text(entries: Mapping[str, str]) -> str:
    """The value that says so."""
    return ";".join(f"{name}:{count}" for name, count in entries.items())


def without(value: str, leaving: frozenset[str], staying: Mapping[str, Topic | None]) -> str:
    """The value without groups that leave; if none were left, all that stay take the topic over, so it is never empty."""
    kept = {name: count for name, count in parts(value).items() if name not in leaving}
    if not kept:
        kept = {name: str(topic.write_queues) for name, topic in sorted(staying.items()) if topic}
    return text(kept) if kept else value


def changes(configured: Mapping[str, Mapping[str, str]], wanted: Callable[[str, str], str]) -> tuple[PutOrders, ...]:
    """What to tell each name server whose values differ from ``wanted(topic, value)``."""
    meant = {
        server: {topic: wanted(topic, value) for topic, value in values.items()}
        for server, values in configured.items()
    }
    actions = []
    for server, values in sorted(configured.items()):
        found = {topic: _as_held(topic, value, configured, meant) for topic, value in meant[server].items()}
        changed = {topic: value for topic, value in found.items() if value != values[topic]}
        if changed:
            words = ", ".join(f"{topic} uses {value}" for topic, value in sorted(changed.items()))
            actions.append(
                PutOrders("OrderConfigurationChanged", f"order topics on {server}: {words}", server, changed)
            )
    return tuple(actions)


def _as_held(
    topic: str, value: str, configured: Mapping[str, Mapping[str, str]], meant: Mapping[str, Mapping[str, str]]
) -> str:
    """The value in the order in which most name servers hold it already: clients number a topic's queues by it, and a key must not lie
    in another queue for those that ask another name server (found by the simulator)."""
    texts = (values[topic] for values in meant.values() if topic in values)
    alike = {each for each in texts if parts(each) == parts(value)}
    held = [values.get(topic) for values in configured.values()]
    return min(alike, key=lambda each: (-held.count(each), each))


def including(value: str, broker: str, topic: Topic | None) -> str:
    """The value with a group that serves the topic."""
    entries = parts(value)
    if topic is None or broker in entries:
        return value
    return text({**entries, broker: str(topic.write_queues)})
