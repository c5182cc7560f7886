"""What stands in the intent of a group now."""

from . import names
from .facts import ClusterSnapshot, ObjectFact
from .plan import Seen


def data_of(snapshot: ClusterSnapshot, group: int) -> dict[str, str] | None:
    """The data of a group's intent ConfigMap; None if there is none."""
    fact = _fact(snapshot, group)
    return fact.settings if fact else None


def seen(snapshot: ClusterSnapshot, group: int) -> Seen | None:
    """The intent that a decision rests on, for what must not be done once it was written again; None if there is none."""
    fact = _fact(snapshot, group)
    return Seen(fact.name, fact.resource_version) if fact else None


def _fact(snapshot: ClusterSnapshot, group: int) -> ObjectFact | None:
    return snapshot.objects.get(("ConfigMap", names.intent(snapshot.cluster.metadata.name, group)))
