"""Server-side apply (Kubernetes: *Server-Side Apply*, structured-merge-diff): merge, conflicts, fields no longer set."""

from rocketmq_operator.kube.errors import Conflict

from . import fields
from .fields import MISSING, Path
from .stored import Json, Manager, Managers, Stored


def applied(there: Stored, wanted: Json, who: Manager, force: bool) -> tuple[Json, Managers | None]:
    """The object and its owners after ``wanted`` was applied; Conflict where others own what would change.

    Owners are None where nothing changed for anybody.
    """
    mine = fields.owned(wanted)
    managers = there.managers
    before = managers.get(who)
    if before == mine and all(fields.value_at(there.obj, path) == fields.value_at(wanted, path) for path in mine):
        return there.obj, None
    contested = _contested(there.obj, wanted, mine, managers, who)
    if contested and not force:
        named = ", ".join(sorted(".".join(map(str, path)) for paths in contested.values() for path in paths))
        raise Conflict(f"Apply failed with conflicts: {named}", status=409, reason="Conflict")
    after = {other: paths - contested.get(other, set()) for other, paths in managers.items() if other != who}
    new = there.copy()
    # Fields that we set before and set no longer go, unless somebody else owns them, too.
    for path in sorted((before or set()) - mine, key=len, reverse=True):
        if not any(path in paths for paths in after.values()):
            fields.remove_at(new, path)
    fields.merge(new, wanted)
    return new, {**{other: paths for other, paths in after.items() if paths}, who: mine}


def _contested(live: Json, wanted: Json, mine: set[Path], managers: Managers, who: Manager) -> dict[Manager, set[Path]]:
    found: dict[Manager, set[Path]] = {}
    for other, theirs in managers.items():
        if other == who:
            continue
        paths = {path for path in mine & theirs if not _item(path) and _differs(live, wanted, path)}
        if paths:
            found[other] = paths
    return found


def _item(path: Path) -> bool:
    return isinstance(path[-1], tuple)


def _differs(live: Json, wanted: Json, path: Path) -> bool:
    return bool(fields.value_at(live, path) != fields.value_at(wanted, path))


def updated(there: Stored, new: Json, who: Manager) -> Managers | None:
    """Owners after a write that was no apply: what changed belongs to the writer; what is gone belongs to nobody."""
    if new == there.obj:
        return None
    paths = fields.owned(new)
    changed = {path for path in paths if fields.value_at(there.obj, path) != fields.value_at(new, path)}
    after = {other: (owned & paths) - changed for other, owned in there.managers.items()}
    after[who] = after.get(who, set()) | {path for path in changed if fields.value_at(new, path) is not MISSING}
    return {other: owned for other, owned in after.items() if owned}
