"""A running cluster whose brokers hold topics and messages, and a user who changes the number of groups."""

from typing import Any

import msgspec

from rocketmq_operator.core.facts import PodFact
from rocketmq_operator.core.groups.data import BrokerData, Queues, Topic
from rocketmq_operator.core.plan import Action, Configure
from tests.unit.core.world import World, cluster

GROUP_CONFIG = '{"groupName":"readers"}'


def holding(*topics: str, messages: int = 0, read: int = 0, order: bool = False) -> BrokerData:
    """A broker with topics of two queues; the first queue holds messages, of which the group ``readers`` has read some."""
    return BrokerData(
        topics={name: Topic(name, 2, 2, order=order) for name in topics},
        groups={"readers": GROUP_CONFIG},
        committed={("readers", name): {0: read, 1: 0} for name in topics},
        queues=Queues({name: {0: (0, messages), 1: (0, 0)} for name in topics}),
    )


def running(groups: int = 2, **spec: Any) -> World:
    """A cluster that is Ready; every master holds topic ``orders`` with nothing left to read."""
    world = World(cluster(groupReplica=groups, **spec))
    world.plan()
    world.start_pods()
    for _ in range(3):
        world.plan()
    for pod in world.pods:
        world.data[pod] = holding("orders", messages=5, read=5)
    return world


def go(world: World, seconds: float, step: float = 1.0) -> list[Action]:
    """Time passes, the operator looks each ``step`` seconds; what it did in that time."""
    before = len(world.done)
    for _ in range(round(seconds / step)):
        world.now_ms += round(step * 1000)
        world.plan()
    return world.done[before:]


def settings(actions: list[Action], broker: str) -> list[dict[str, str]]:
    """What a broker was told, in order."""
    return [action.values for action in actions if isinstance(action, Configure) and action.broker == broker]


def start(world: World, group: int, data: BrokerData | None = None) -> PodFact:
    """The pods of a group that was just created come up, empty unless told otherwise."""
    empty = data or BrokerData({}, {}, queues=Queues({}))
    pods = [world.start(group, member) for member in range(2)]
    for pod in pods:
        world.data[pod.name] = empty
    return pods[0]


def change(world: World, pod: str, **fields: Any) -> None:
    """What a broker holds is different now."""
    world.data[pod] = msgspec.structs.replace(world.data[pod], **fields)
