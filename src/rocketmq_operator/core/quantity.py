"""Kubernetes quantities (``apimachinery resource.Quantity``): "1024Mi" and "1Gi" are the same."""

import re
from decimal import Decimal
from functools import lru_cache

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{letter: Decimal(10) ** (3 * power) for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?")


@lru_cache(maxsize=1024)
def parse(text: str) -> Decimal | None:
    """The number a quantity stands for (bytes, cores), or None if it is not a quantity."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        return None
    number, exponent, suffix = match.groups()
    return Decimal(number + exponent) if exponent else Decimal(number) * _SUFFIXES[suffix or ""]


def same(left: object, right: object) -> bool:
    """Whether two values from a manifest are equal, as quantities if need be."""
    if left == right:
        return True
    first, second = parse(str(left)), parse(str(right))
    return first is not None and first == second
