"""Users want bigger volumes, in whichever field says how big they are; some ask for too much, and take a part of it back."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rocketmq_operator.api.storage import DEFAULT_SIZE
from rocketmq_operator.core import names
from rocketmq_operator.core.quantity import parse
from rocketmq_operator.reconcile.resources import CLUSTERS

from ..world import NAMESPACE, World
from ..world.admission import size_of
from ..world.broker_process import STORE_VOLUME
from .event import Event
from .events_scaling import CLUSTER
from .events_users import edit
from .rest import at_rest

if TYPE_CHECKING:
    from .history import History

LOGS_VOLUME = "brokerlogs"
MOST = 40
"""GiB. A user asks for half of it more at a time, or for twice as much."""


def fields(spec: dict[str, Any], volume: str) -> list[tuple[str, ...]]:
    """Where a spec may say how big a volume is: the field in force, or all that could be."""
    if "volumeClaimTemplate" in spec:
        place: tuple[str, ...] = ("volumeClaimTemplate", "spec", "resources", "requests", "storage")
        return [place] if volume == STORE_VOLUME else []
    ours, seeds = ("size", "storeStorage") if volume == STORE_VOLUME else ("logSize", "logStorage")
    known: list[tuple[str, ...]] = [("storage", ours), ("requests", seeds)]
    return [each for each in known if _at(spec, each)] or known


def _at(spec: dict[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = spec
    for name in path:
        found = (found or {}).get(name)
    return found


def wanted(spec: dict[str, Any], volume: str) -> str:
    """The size that a spec asks for; empty where there is no such volume."""
    known = fields(spec, volume)
    return next((str(size) for each in known if (size := _at(spec, each))), DEFAULT_SIZE) if known else ""


def _set(history: "History", path: tuple[str, ...], size: str) -> bool:
    body: Any = size
    for name in reversed(path):
        body = {name: body}
    return edit(history, CLUSTERS, CLUSTER, body)


def _spec(history: "History") -> dict[str, Any]:
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    return found["spec"] if found and not found["metadata"].get("deletionTimestamp") else {}


def grow(history: "History") -> bool:
    """A bigger volume; often nothing else happens meanwhile."""
    spec, volume = _spec(history), history.random.choice((STORE_VOLUME, STORE_VOLUME, LOGS_VOLUME))
    known = fields(spec, volume) if spec else []
    before = int(gibibytes(wanted(spec, volume))) if known else MOST
    if before >= MOST:
        return False
    path, after = history.random.choice(known), f"{before * history.random.choice((3, 4)) // 2}Gi"
    # Whoever asks for as much meanwhile in another field has done it already.
    at_rest(history, lambda: wanted(_spec(history), volume) == f"{before}Gi" and _set(history, path, after))
    return True


def double(history: "History") -> bool:
    """Twice as much for messages."""
    spec = _spec(history)
    known = fields(spec, STORE_VOLUME) if spec else []
    size = 2 * int(gibibytes(wanted(spec, STORE_VOLUME))) if known else 0
    return bool(known) and _set(history, known[0], f"{size}Gi")


def take_back(history: "History") -> bool:
    """Somewhat less than was asked for: the API server lets nobody ask for less than is in force (``api/storage.py``)."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    spec = _spec(history)
    known = fields(spec, STORE_VOLUME) if spec else []
    if not found or not known:
        return False
    least, before = (found.get("status") or {}).get("storeSize"), int(gibibytes(wanted(spec, STORE_VOLUME)))
    after = int(gibibytes(least)) + 1 if least else before
    return after < before and _set(history, known[0], f"{after}Gi")


def gibibytes(size: str) -> Decimal:
    """A size as a number."""
    return (parse(size) or Decimal(0)) / (1 << 30)


def as_big_as_asked(history: "History") -> None:
    """In the quiet end nobody asks for less than there is already, as the condition tells whoever did: what was taken back may
    have been given in the same moment."""
    for volume in (STORE_VOLUME, LOGS_VOLUME):
        spec = _spec(history)
        known = fields(spec, volume) if spec else []
        sizes = [size for _, name, size in _templates(history.world) if name == volume]
        if known and sizes and gibibytes(wanted(spec, volume)) < max(map(gibibytes, sizes)):
            _set(history, known[0], max(sizes, key=gibibytes))


def _templates(world: World) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each set's claim templates, and their sizes."""
    for obj in world.api.objects("statefulsets"):
        for each in obj["spec"].get("volumeClaimTemplates", ()):
            yield obj, each["metadata"]["name"], each["spec"]["resources"]["requests"]["storage"]


def small(world: World) -> Iterator[str]:
    """Volumes of members, and templates of sets, that are smaller than their spec says."""
    specs = {each["metadata"]["name"]: each["spec"] for each in world.api.objects(CLUSTERS.plural)}
    for obj, volume, size in _templates(world):
        metadata, spec = obj["metadata"], specs.get(obj["metadata"].get("labels", {}).get(names.CLUSTER_LABEL, ""))
        least = wanted(spec, volume) if spec else ""
        if not least:
            continue
        if gibibytes(size) < gibibytes(least) and not _waits(world, metadata["labels"][names.CLUSTER_LABEL]):
            yield f"{metadata['name']} makes volumes {volume} of {size}, not {least}"
        for member in range(obj["spec"]["replicas"]):
            claim = world.api.find("persistentvolumeclaims", (NAMESPACE, f"{volume}-{metadata['name']}-{member}"))
            has = size_of((claim or {}).get("status", {}).get("capacity", {"storage": "0"}))
            if has < (parse(least) or 0):
                yield f"volume {volume} of {metadata['name']}-{member} is smaller than {least}"


def _waits(world: World, cluster: str) -> bool:
    """Whether members wait for a master's restart (4.x in SYNC): the set of a group that lacks them is not made anew."""
    status = (world.api.find(CLUSTERS.plural, (NAMESPACE, cluster)) or {}).get("status", {})
    return any(each["type"] == "ChangesPending" and each["status"] == "True" for each in status.get("conditions", ()))


EVENTS = (
    Event("volume-grown", 1.5, grow),
    Event("volume-size-taken-back", 0.4, take_back),
)
