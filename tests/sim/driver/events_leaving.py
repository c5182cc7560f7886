"""A group is taken away in the one moment in which a single point of "drained" is all that holds it: played step by step."""

from ..world.broker import Broker
from ..world.consumer import Consumer
from .events_rocketmq import silent_topic
from .leaving import Leaving, Scene, event

LATE_SECONDS = 180.0
"""Longer than it takes until a group that is to go is fenced."""


def only_retries(play: Leaving, broker: Broker, consumer: Consumer) -> None:
    """All that is left in it are messages that a consumer group sent back before it stopped."""
    before, later = consumer.failing, play.history.kernel.later
    consumer.online = True

    def leave() -> None:
        consumer.failing = 1.0
        for _ in range(3):
            play.send(broker, consumer.topics[0])
        later(8.0, play.stop, consumer, before)
        play.down(consumer)

    play.when_read("", leave)


def only_unknown(play: Leaving, broker: Broker, consumer: Consumer) -> None:
    """All that is left in it is for a consumer group that it has never heard of."""
    clients, later = play.clients, play.history.kernel.later
    name = f"unheard-group-{sum(each.startswith('unheard') for each in clients.consumers)}"
    stranger = clients.consume(name, consumer.topics[:1])
    stranger.from_first, stranger.cut_off = True, broker.name
    play.history.kernel.tell("consumers of", name, "come, and do not reach", broker.name)

    def leave() -> None:
        for _ in range(3):
            play.send(broker, consumer.topics[0])
        play.stop(stranger, 0.0)
        play.when_read(name, lambda: play.down(stranger))

    def when_begun(tries: int = 10) -> None:
        if stranger.begun:
            # It reads what the others hold, or it would be heard of nowhere.
            later(8.0, play.when_read, name, leave)
        elif tries:
            later(5.0, when_begun, tries - 1)
        else:
            play.end(stranger)

    when_begun()


def only_late(kind: str) -> Scene:
    """All that is left in it is what RocketMQ itself has still to deliver."""

    def scene(play: Leaving, broker: Broker, consumer: Consumer) -> None:
        def leave() -> None:
            for _ in range(3):
                play.send(broker, consumer.topics[0], kind, LATE_SECONDS)
            play.down(consumer)

        play.when_read("", leave)

    return scene


def only_unread(play: Leaving, broker: Broker, consumer: Consumer) -> None:
    """All that is left in it nobody reads, and users have not decided about it."""
    silent_topic(play.history)

    def leave() -> None:
        for _ in range(3):
            play.send(broker, play.history.silent[0])
        play.down(consumer)

    play.when_read("", leave)


EVENTS = (
    event("group-leaves-only-retries", 0.6, only_retries),
    event("group-leaves-only-unknown", 0.8, only_unknown),
    event("group-leaves-only-delayed", 0.4, only_late("delay")),
    event("group-leaves-only-timed", 0.4, only_late("timer")),
    event("group-leaves-only-half", 0.4, only_late("half")),
    event("group-leaves-only-unread", 0.4, only_unread, given_up=False),
)
