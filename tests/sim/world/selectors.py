"""Label and field selectors as the API server reads them (Kubernetes: *Labels and Selectors*)."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Json = dict[str, Any]
Test = Callable[[Mapping[str, str]], bool]

_PART = re.compile(r"\s*(!?)([\w./-]+)\s*(?:(==|=|!=)\s*([\w./:-]*)|\s(in|notin)\s*\(([^)]*)\))?\s*(?:,|$)")


@lru_cache(maxsize=4096)
def labels(text: str | None) -> Test | None:
    """A test of labels, or None where everything is selected."""
    if not text:
        return None
    tests: list[Test] = []
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None or found.end() == position:
            raise ValueError(f"label selector {text!r}")
        tests.append(_test(found))
        position = found.end()
    return tests[0] if len(tests) == 1 else lambda given: all(test(given) for test in tests)


def _test(found: re.Match[str]) -> Test:
    absent, key, sign, value, word, listed = found.groups()
    if word:
        values = {each.strip() for each in listed.split(",")}
        inside = word == "in"
        return lambda given: (given.get(key) in values) is inside
    if sign == "!=":
        return lambda given: given.get(key) != value
    if sign:
        return lambda given: given.get(key) == value
    return lambda given: (key in given) is not bool(absent)


def by_selector(selector: Json) -> Test:
    """A test from a ``LabelSelector`` (matchLabels, matchExpressions)."""
    wanted: Json = selector.get("matchLabels", {})
    tests = [_expression(each) for each in selector.get("matchExpressions", ())]
    return lambda given: wanted.items() <= given.items() and all(test(given) for test in tests)


def _expression(each: Json) -> Test:
    key, operator, values = each["key"], each["operator"], each.get("values", ())
    match operator:
        case "In":
            return lambda given: given.get(key) in values
        case "NotIn":
            return lambda given: given.get(key) not in values
        case "Exists":
            return lambda given: key in given
    return lambda given: key not in given


@lru_cache(maxsize=4096)
def fields(text: str | None) -> tuple[tuple[tuple[str, ...], str], ...]:
    """``a.b=c,d=e`` as paths and values."""
    pairs = []
    for part in (text or "").split(","):
        if part:
            path, _, value = part.replace("==", "=").partition("=")
            pairs.append((tuple(path.split(".")), value))
    return tuple(pairs)


def field_values(obj: Json, wanted: tuple[tuple[tuple[str, ...], str], ...]) -> bool:
    """Whether an object has those values."""
    for path, value in wanted:
        found: Any = obj
        for name in path:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        if (str(found) if found != {} else "") != value:
            return False
    return True
