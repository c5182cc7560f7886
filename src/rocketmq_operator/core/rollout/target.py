"""Which revision is to run: what the spec says, or, after an undo, another one for as long as the spec stays as it is.

The spec is the user's and is never edited; an undo is an annotation that names both revisions, and ends by itself with the
next edit of the spec.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from rocketmq_operator.api import BrokerCluster, NameServer

from .. import names
from ..facts import ClusterSnapshot, ObjectFact
from ..memo import Memo
from .content import Content, into, name_of, of_spec, read

Objects = Mapping[tuple[str, str], ObjectFact]
Item = TypeVar("Item", BrokerCluster, NameServer)

KIND = "ControllerRevision"

_asked: Memo[tuple[Content, str]] = Memo(4096)
"""What each resource's spec asks for, and the name of that."""


class Target(msgspec.Struct, frozen=True):
    """``revision`` is to run; ``asked`` is what the spec says. ``content`` belongs to ``revision``."""

    revision: str
    asked: str
    content: Content
    asked_content: Content

    @property
    def undone(self) -> bool:
        """Whether something else than the spec runs."""
        return self.revision != self.asked


def choose(item: BrokerCluster | NameServer, config: str, workloads: str, there: Objects) -> Target:
    """The target of a resource."""
    content, asked = _asked.get(
        item.metadata.uid, (workloads, item.spec, config), lambda: _named(item, config, workloads)
    )
    chosen = run_instead(item.metadata.annotations, asked)
    fact = there.get((KIND, chosen)) if chosen else None
    kept = read(fact) if fact and fact.owner_uid == item.metadata.uid else None
    if chosen and kept:
        return Target(chosen, asked, kept, content)
    return Target(asked, asked, content, content)


def _named(item: BrokerCluster | NameServer, config: str, workloads: str) -> tuple[Content, str]:
    content = of_spec(item.spec, config)
    return content, name_of(content, workloads)


def run_instead(annotations: Mapping[str, str], asked: str) -> str:
    """The revision that an undo of this very revision names, or nothing."""
    before, _, after = annotations.get(names.RUN_REVISION, "").partition(" ")
    return after.strip() if before == asked else ""


def effective(item: Item, target: Target) -> Item:
    """The resource as it is to run."""
    if not target.undone:
        return item
    return msgspec.structs.replace(item, spec=into(item.spec, target.content))


def resolve(snapshot: ClusterSnapshot) -> tuple[ClusterSnapshot, Target]:
    """The snapshot with the spec that is to run, and which revision that is."""
    cluster = snapshot.cluster
    workloads = names.broker_workloads(cluster.metadata.name)
    target = choose(cluster, snapshot.config, workloads, snapshot.objects)
    if not target.undone:
        return snapshot, target
    changed = msgspec.structs.replace(snapshot, cluster=effective(cluster, target), config=target.content.config)
    return changed, target
