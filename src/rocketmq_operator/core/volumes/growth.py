"""Volumes grow while they are used: claims first, one group after the other, then the StatefulSet's templates (``anew``).

Kubernetes grows volumes and never shrinks them, and only those whose class allows it (``allowVolumeExpansion``). So whether all
that must grow can grow is looked at before anything is asked for; where classes may not be read, one claim goes first, and
the API server says.
"""

from collections.abc import Iterable, Sequence

import msgspec

from ..facts import ClusterSnapshot, Problem
from ..plan import GrowClaim
from .view import Group, Volume, groups, less


class Decision(msgspec.Struct, frozen=True):
    """What to do, what needs a person, what goes on in words."""

    actions: tuple[GrowClaim, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: tuple[str, ...] = ()


def decide(snapshot: ClusterSnapshot, found: Sequence[Group]) -> Decision:
    """The next claims to grow: of the first group that has some, and not before those of the groups before it were accepted."""
    everything = [each for group in found for each in group.volumes]
    fixed = _fixed(snapshot, [each for each in everything if due(each)])
    if fixed:
        return Decision(problems=(fixed,))
    failed = tuple(problem for each in everything if (problem := _failed(each)))
    waiting = tuple(words for each in everything if (words := _grows(each)))
    for group in found:
        actions = _asked(snapshot, group.volumes)
        if actions or not all(each.accepted for each in group.volumes):
            return Decision(tuple(actions), failed, waiting)
    return Decision((), failed, waiting)


def demand(snapshot: ClusterSnapshot) -> frozenset[str]:
    """The storage classes that must be looked at before ``decide`` can ask for more; none in everyday life."""
    if not snapshot.claims:
        return frozenset()
    found = (each for group in groups(snapshot) for each in group.volumes)
    return frozenset(each.claim.storage_class for each in found if due(each) and each.claim.storage_class)


def due(each: Volume) -> bool:
    """A claim that is to be asked for another size: more, or less of what it could not get (never less than it has)."""
    claim, size = each.claim, each.wish.size
    if claim.phase != "Bound" or claim.deleting:
        return False
    return each.asks_less or (bool(claim.failed) and less(size, claim.requested) and less(claim.capacity, size))


def _asked(snapshot: ClusterSnapshot, volumes: Iterable[Volume]) -> list[GrowClaim]:
    known = [each for each in volumes if each.claim.storage_class in snapshot.expandable]
    asked = [each for each in known if due(each)]
    untold = [each for each in asked if snapshot.expandable[each.claim.storage_class] is None]
    # One that was asked for the new size shows that the class allows it.
    if untold and not any(not due(each) and each.template == untold[0].template for each in known):
        asked = untold[:1]
    return [_grow(each) for each in asked]


def _grow(each: Volume) -> GrowClaim:
    claim, size = each.claim, each.wish.size
    message = f"volume {claim.name} grows from {claim.capacity or claim.requested} to {size}"
    return GrowClaim("VolumeGrows", message, claim.name, claim.uid, claim.resource_version, size)


def _grows(each: Volume) -> str:
    if each.asks_less or not each.small or each.claim.failed:
        return ""
    return f"{each.pod}: {'file system' if each.claim.on_node else 'volume'} {each.template} grows to {each.wish.size}"


def _failed(each: Volume) -> Problem | None:
    if not each.claim.failed or each.grown or due(each):
        return None
    return Problem(
        "VolumeGrowthFailed",
        f"claim {each.claim.name} cannot grow to {each.claim.requested}: {each.claim.failed}; make room in the storage, or set "
        f"{each.wish.field} to a size that it has, above {each.claim.capacity}",
    )


def _fixed(snapshot: ClusterSnapshot, asked: Sequence[Volume]) -> Problem | None:
    """A claim that must grow and cannot: then none is asked, so that nothing is half done."""
    for each in asked:
        name, before = each.claim.storage_class, each.claim.requested
        if name and snapshot.expandable.get(name, True) is not False:
            continue
        why, way = "it has no storage class that could make it bigger", ""
        if name:
            why = f"its storage class {name} does not allow it"
            way = "let the class allow it (allowVolumeExpansion: true) if its driver can, or "
        return Problem(
            "VolumesCannotGrow",
            f"claim {each.claim.name} cannot grow from {before} to {each.wish.size}: {why}, and no volume was asked to; {way}set "
            f"{each.wish.field} back to {before}, or create a new cluster with another class and move to it",
        )
    return None
