"""What a group that is removed, or a cluster that may go, still holds: nothing that somebody has to read, unless the user said so."""

from typing import Any

from rocketmq_operator.core import names
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import World
from ..world.ledger import Batch
from ..world.store import RETRY, Store
from . import facts

Key = tuple[str, str]

REMEMBERED_SECONDS = 300.0
"""An operator may act for so long on a wish that the user has taken back meanwhile: watches are late, requests slow."""


def _holds(store: Store, batch: Batch) -> bool:
    """Whether somebody who has still to read a batch can read it there; what one group sent back is for that group alone."""
    if batch.number not in store.held:
        return False
    topics = (
        each.target[0] if each.target else each.topic
        for records in store.lists.values()
        for each in records
        if each.batch is batch
    )
    return any(not topic.startswith(RETRY) or topic.removeprefix(RETRY) in batch.open for topic in topics)


class Removal:
    """Remembers which groups and topics the user gave up, and when last."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._forced: dict[str, float] = {}
        self._discarded: dict[str, float] = {}
        world.api.listen(CLUSTERS.plural, self._changed)

    def _changed(self, key: Key, old: Any, new: Any) -> None:
        now = self._world.kernel.now()
        for obj in (old, new):
            rules = ((obj or {}).get("spec", {})).get("scaleDown") or {}
            if rules.get("onTimeout") == "Force":
                self._forced |= dict.fromkeys(rules.get("force", ()), now)
            self._discarded |= dict.fromkeys(rules.get("discardTopics", ()), now)

    def _named(self, known: dict[str, float], name: str) -> bool:
        """Whether a name stands there now or stood there a short time ago."""
        for obj in self._world.api.objects(CLUSTERS.plural):
            self._changed(("", ""), None, obj)
        return known.get(name, -REMEMBERED_SECONDS) > self._world.kernel.now() - REMEMBERED_SECONDS

    def group_removed(self, verb: str, plural: str, key: Key, body: Any) -> str | None:
        """No group goes with a message that somebody has still to read, or with a topic that lives there alone."""
        obj = self._world.api.find(plural, key) if (verb, plural) == ("delete", "statefulsets") else None
        group = facts.group_of(obj) if obj else None
        if body.get("propagation") == "Orphan":
            # It is made anew around its pods, which stay (``remade``).
            return None
        if obj is None or group is None or obj["metadata"]["uid"] != (body.get("uid") or obj["metadata"]["uid"]):
            return None
        taking = self._taking(group)
        if taking:
            return taking
        held, others = self._stores(group)
        left = {
            number: batch for number, batch in self._world.ledger.unread.items()
            if any(number in store.held for store in held) and not any(_holds(store, batch) for store in others)
        }  # fmt: skip
        if self._named(self._forced, f"broker-{group[1]}"):
            self._world.kernel.count("removal/forced")
            self._world.ledger.give_up(left)
            return None
        gone = {number: each for number, each in left.items() if self._named(self._discarded, each.topic)}
        self._world.ledger.give_up(gone)
        kept = [each for number, each in left.items() if number not in gone]
        return self._unread(key[1], kept) or (
            None if self._unknown(key[0], group) else self._sole_topics(key[1], held, others)
        )

    def _taking(self, group: tuple[str, int]) -> str | None:
        """Messages that come between the last look and the end would be lost, so nothing is accepted any more, not even from
        clients with old routes."""
        master = facts.broker(self._world, *group, 0)
        if master is None or not master.listening or not master.pod.reachable or not facts.accepts(master):
            return None
        return f"{master.pod.name} takes messages while its group is removed"

    def _unknown(self, namespace: str, group: tuple[str, int]) -> bool:
        """Whether a group was never open, and its master does not run: nobody can ask it for topics made meanwhile."""
        intent = self._world.api.find("configmaps", (namespace, names.intent(*group))) or {}
        master = facts.broker(self._world, *group, 0)
        return intent.get("data", {}).get("initialized") != "true" and (master is None or not master.listening)

    def _stores(self, group: tuple[str, int]) -> tuple[list[Store], list[Store]]:
        """What the group's members hold, and what the others' do."""
        numbers = facts.running(self._world, group[0]) - {group[1]}
        others = [store for number in numbers for store in facts.stores(self._world, group[0], number).values()]
        return list(facts.stores(self._world, *group).values()), others

    def _unread(self, name: str, left: list[Batch]) -> str | None:
        # Messages that nobody reads are the user's to decide about, too: without a word of theirs they keep the group.
        return f"group {name} is removed with {len(left)} batches unread, such as {left[0]}" if left else None

    def _sole_topics(self, name: str, held: list[Store], others: list[Store]) -> str | None:
        def topics(stores: list[Store]) -> set[str]:
            return {each for store in stores for each in store.topics if each.startswith("topic-")}

        sole = topics(held) - topics(others)
        return f"group {name} is removed though {sorted(sole)} live there alone" if sole else None

    def deletion_allowed(self, verb: str, plural: str, key: Key, body: Any) -> str | None:
        """A cluster that is deleted is held while anything in it is unread or a master takes messages, unless its annotation says
        that it may go."""
        if plural != CLUSTERS.plural or not verb.startswith("patch") or "finalizers" not in body.get("metadata", {}):
            return None
        obj = facts.cluster(self._world, key)
        if obj is None or names.MESSAGES_FINALIZER in body["metadata"]["finalizers"]:
            return None
        if obj["metadata"]["resourceVersion"] != body["metadata"].get("resourceVersion"):
            return None
        left = self._world.ledger.unread
        if obj["metadata"].get("annotations", {}).get(names.DELETE_UNCONSUMED) == "true":
            self._world.ledger.give_up(left)
            self._world.ledger.forsaken |= {each.pod.uid for each in self._world.rocketmq.brokers()}
            return None
        if left:
            return f"cluster {key[1]} may go with {len(left)} batches unread, such as {next(iter(left.values()))}"
        taking = [each.pod.name for each in self._world.rocketmq.brokers() if each.is_master and facts.accepts(each)]
        return f"cluster {key[1]} may go while {', '.join(taking)} takes messages" if taking else None
