"""Which field belongs to whom: paths in objects, as server-side apply counts them (structured-merge-diff).

A path is a tuple of field names; an element of a list with keys is named by ``("=", key values...)``. Lists without keys
and everything that is not a map are owned as a whole.
"""

from typing import Any

Json = dict[str, Any]
Path = tuple[Any, ...]

KEYS: dict[str, tuple[str, ...]] = {
    "brokerGroups": ("name",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "members": ("pod",),
    "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
NOT_OWNED = {"apiVersion", "kind"}
NOT_OWNED_METADATA = {
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"
}  # fmt: skip


def keys_of(name: str, value: Any) -> tuple[str, ...] | None:
    """The keys of a list's elements, or None where it is owned as a whole."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return None
    if name == "ports":
        return ("containerPort",) if "containerPort" in value[0] else ("port",)
    keys = KEYS.get(name)
    return keys if keys and all(key in each for each in value for key in keys) else None


def element(item: Json, keys: tuple[str, ...]) -> Path:
    """The name of an element."""
    return ("=", *(item[key] for key in keys))


def owned(obj: Json) -> set[Path]:
    """All paths of an object that can be owned."""
    return set(values(obj))


def values(obj: Json) -> dict[Path, Any]:
    """All paths of an object that can be owned, and what stands there."""
    found: dict[Path, Any] = {}
    for name, value in obj.items():
        if name == "metadata":
            kept = {key: each for key, each in value.items() if key not in NOT_OWNED_METADATA}
            _walk(kept, ("metadata",), found)
        elif name not in NOT_OWNED:
            _walk({name: value}, (), found)
    return found


def _walk(obj: Json, prefix: Path, found: dict[Path, Any]) -> None:
    for name, value in obj.items():
        keys = keys_of(name, value)
        if keys:
            for item in value:
                at = (*prefix, name, element(item, keys))
                found[at] = item
                _walk(item, at, found)
        elif isinstance(value, dict) and value:
            _walk(value, (*prefix, name), found)
        else:
            found[(*prefix, name)] = value


MISSING = object()


def value_at(obj: Any, path: Path) -> Any:
    """What stands at a path, or MISSING."""
    name = ""
    for part in path:
        if isinstance(part, tuple):
            keys = keys_of(name, obj)
            obj = next((each for each in obj if keys and element(each, keys) == part), MISSING)
        else:
            obj = obj.get(part, MISSING) if isinstance(obj, dict) else MISSING
            name = part
        if obj is MISSING:
            return MISSING
    return obj


def remove_at(obj: Json, path: Path) -> None:
    """Take away what stands at a path, and maps that become empty by it."""
    *parent_path, last = path
    parent = value_at(obj, tuple(parent_path))
    if isinstance(last, tuple) and isinstance(parent, list):
        keys = keys_of(parent_path[-1], parent)
        parent[:] = [each for each in parent if not (keys and element(each, keys) == last)]
    elif isinstance(parent, dict):
        parent.pop(last, None)
    if parent_path and parent in ({}, []):
        remove_at(obj, tuple(parent_path))


def merge(live: Json, applied: Json) -> None:
    """Put what is applied into the live object; elements of lists with keys one by one."""
    for name, value in applied.items():
        there = live.get(name)
        keys = keys_of(name, value)
        if isinstance(value, dict) and isinstance(there, dict):
            merge(there, value)
        elif keys and isinstance(there, list) and keys_of(name, there) == keys:
            live[name] = _merged(there, value, keys)
        else:
            live[name] = value


def _merged(there: list[Json], applied: list[Json], keys: tuple[str, ...]) -> list[Json]:
    known = {element(each, keys): each for each in there}
    found = []
    for each in applied:
        old = known.pop(element(each, keys), None)
        if old is not None:
            merge(old, each)
        found.append(each if old is None else old)
    return found + list(known.values())
