"""The three older kinds of patch: merge (RFC 7396), strategic (lists with keys), JSON (RFC 6902)."""

from typing import Any

from . import fields

Json = dict[str, Any]


def patched(obj: Json, body: Any, kind: str) -> Json:
    """``obj`` (which is changed) after the patch."""
    if kind == "json":
        for step in body:
            _step(obj, step)
        return obj
    return merged(obj, body, strategic=kind == "strategic")


def merged(there: Json, patch: Json, *, strategic: bool = False) -> Json:
    """RFC 7396; with ``strategic``, elements of lists with keys are merged one by one."""
    for name, value in patch.items():
        if value is None:
            there.pop(name, None)
        elif isinstance(value, dict):
            inner = there.get(name)
            there[name] = merged(inner if isinstance(inner, dict) else {}, value, strategic=strategic)
        elif strategic and fields.keys_of(name, value):
            there[name] = _elements(there.get(name) or [], value, fields.keys_of(name, value) or ())
        else:
            there[name] = value
    return there


def _elements(there: list[Json], patch: list[Json], keys: tuple[str, ...]) -> list[Json]:
    found = {fields.element(each, keys): each for each in there}
    for each in patch:
        name = fields.element(each, keys)
        if each.get("$patch") == "delete":
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name, {}), each, strategic=True)
            if keys == ("type",):
                # A condition: the API server writes null for the time that nobody gave.
                found[name].setdefault("lastTransitionTime", None)
    return list(found.values())


def _step(obj: Json, step: Json) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
    at: Any = obj
    for name in parents:
        at = at[int(name)] if isinstance(at, list) else at[name]
    match step["op"]:
        case "test":
            if _get(at, last) != step["value"]:
                raise ValueError(f"test of {step['path']} failed")
        case "remove":
            del at[int(last) if isinstance(at, list) else last]
        case "add" if isinstance(at, list):
            at.insert(len(at) if last == "-" else int(last), step["value"])
        case _:
            at[int(last) if isinstance(at, list) else last] = step["value"]


def _get(at: Any, name: str) -> Any:
    return at[int(name)] if isinstance(at, list) else at.get(name)
