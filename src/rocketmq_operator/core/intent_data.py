"""What stands in the intent of a group now."""

from . import names
from .facts import ClusterSnapshot


def data_of(snapshot: ClusterSnapshot, group: int) -> dict[str, str] | None:
    """The data of a group's intent ConfigMap; None if there is none."""
    fact = snapshot.objects.get(("ConfigMap", names.intent(snapshot.cluster.metadata.name, group)))
    return fact.settings if fact else None
