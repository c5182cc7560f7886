"""Server-side apply (Kubernetes: *Server-Side Apply*, structured-merge-diff): merge, conflicts, fields no longer set."""

from typing import Any

from rocketmq_operator.kube.errors import Conflict

from . import fields
from .fields import MISSING, Path
from .stored import Json, Manager, Managers, Stored

Values = dict[Path, Any]


def applied(there: Stored, wanted: Json, who: Manager, force: bool) -> tuple[Json, Managers | None]:
    """The object and its owners after ``wanted`` was applied; Conflict where others own what would change.

    Owners are None where nothing changed for anybody.
    """
    wishes = fields.values(wanted)
    live = fields.values({name: there.obj[name] for name in wanted if name in there.obj})
    mine = set(wishes)
    managers = there.managers
    before = managers.get(who)
    if before == mine and all(live.get(path, MISSING) == value for path, value in wishes.items()):
        return there.obj, None
    contested = _contested(live, wishes, managers, who)
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


def _contested(live: Values, wishes: Values, managers: Managers, who: Manager) -> dict[Manager, set[Path]]:
    found: dict[Manager, set[Path]] = {}
    for other, theirs in managers.items():
        if other == who:
            continue
        paths = {path for path in wishes.keys() & theirs if not _item(path) and live.get(path, MISSING) != wishes[path]}
        if paths:
            found[other] = paths
    return found


def _item(path: Path) -> bool:
    return isinstance(path[-1], tuple)


def updated(there: Stored, new: Json, who: Manager) -> Managers | None:
    """Owners after a write that was no apply: what changed belongs to the writer; what is gone belongs to nobody."""
    if new == there.obj:
        return None
    # Only what stands under names that changed at all; below the others everything stays with its owners.
    names = {name for name in {*new, *there.obj} if new.get(name, MISSING) != there.obj.get(name, MISSING)}
    before, after = ({name: obj[name] for name in obj if name in names} for obj in (there.obj, new))
    live, paths = fields.values(before), fields.values(after)
    changed = {path for path, value in paths.items() if live.get(path, MISSING) != value}
    owners = {
        other: {path for path in owned if path[0] not in names or (path in paths and path not in changed)}
        for other, owned in there.managers.items()
    }
    owners[who] = owners.get(who, set()) | changed
    return {other: owned for other, owned in owners.items() if owned}
