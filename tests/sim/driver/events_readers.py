"""What happens to those who read and send: readers that few groups know, retries left behind, routes that grow old."""

from typing import TYPE_CHECKING

from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAMESPACE
from .event import Event
from .events_scaling import CLUSTER, scale_to

if TYPE_CHECKING:
    from .history import History


def known_to_few(history: "History") -> bool:
    """A new consumer group reads a topic; it cannot reach one broker group, which does not learn of it, and stops soon."""
    world, random = history.world, history.random
    topics = sorted({topic for each in world.clients.consumers.values() for topic in each.topics})
    groups = sorted({each.name for each in world.rocketmq.brokers() if each.is_master})
    name = f"late-group-{sum(each.startswith('late') for each in world.clients.consumers)}"
    if not topics or len(groups) < 2 or name == "late-group-2":
        return False
    consumer = world.clients.consume(name, [random.choice(topics)])
    consumer.from_first, consumer.cut_off = True, random.choice(groups)
    history.kernel.tell("consumers of", name, "come, and do not reach", consumer.cut_off)
    history.kernel.later(random.uniform(10, 20), _stop, history, name, 0.0)
    history.kernel.later(random.uniform(60, 150), _reach, history, name)
    return True


def _reach(history: "History", name: str) -> None:
    history.world.clients.consumers[name].cut_off = ""


def _stop(history: "History", name: str, failing: float) -> None:
    if not history.world.weather.quiet:
        consumer = history.world.clients.consumers[name]
        consumer.failing, consumer.online = failing, False
        history.kernel.tell("consumers of", name, "stop")


def retries_left(history: "History") -> bool:
    """A consumer group sends back half of what it reads, and stops before it has read it again."""
    found = [each for each in history.world.clients.consumers.values() if each.online]
    if not found:
        return False
    consumer = history.random.choice(found)
    before, consumer.failing = consumer.failing, 0.5
    history.kernel.tell("consumers of", consumer.group, "send back half of what they read")
    history.kernel.later(history.random.uniform(8, 14), _stop, history, consumer.group, before)
    return True


def old_routes(history: "History") -> bool:
    """Clients reach no name server for a while, and go on with the routes that they have."""
    clients = history.world.clients
    seconds = history.random.uniform(40, 200)
    clients.blind_until = history.kernel.now() + seconds
    history.kernel.tell(f"clients reach no name server for {seconds:.0f} s")
    return True


def down_with_old_routes(history: "History") -> bool:
    """A group is taken away while clients go on with the routes that they have: only its fence keeps messages out of it."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    if found is None or found["metadata"].get("deletionTimestamp") or found["spec"]["groupReplica"] < 2:
        return False
    old_routes(history)
    history.world.clients.blind_until += 60
    history.rest = history.random.uniform(45, 80)
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", found["spec"]["groupReplica"] - 1)
    return True


def down_with_retries(history: "History") -> bool:
    """A group is taken away whose only unread messages are those that a consumer group sent back before it stopped."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    clients, random = history.world.clients, history.random
    online = [each for each in clients.consumers.values() if each.online and each.begun]
    if found is None or found["metadata"].get("deletionTimestamp") or found["spec"]["groupReplica"] < 2 or not online:
        return False
    consumer = random.choice(online)
    before, consumer.failing, clients.sending = consumer.failing, 0.6, False
    history.kernel.tell("nobody sends; consumers of", consumer.group, "send back most of what they read")
    history.kernel.later(random.uniform(7, 9.5), _stop, history, consumer.group, before)
    history.kernel.later(random.uniform(110, 130), _begin_again, history, consumer.group)
    history.rest = random.uniform(80, 105)
    scale_to(history, CLUSTERS, CLUSTER, "groupReplica", found["spec"]["groupReplica"] - 1)
    return True


def _begin_again(history: "History", name: str) -> None:
    history.world.clients.consumers[name].online = True
    if not history.world.weather.quiet:
        history.world.clients.sending = True


EVENTS = (
    Event("scaled-down-with-retries", 0.6, down_with_retries),
    Event("reader-known-to-few", 0.8, known_to_few),
    Event("retries-left-behind", 0.8, retries_left),
    Event("routes-grow-old", 0.5, old_routes),
    Event("scaled-down-with-old-routes", 0.9, down_with_old_routes),
)
