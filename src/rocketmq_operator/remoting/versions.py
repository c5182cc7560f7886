"""Versions by the ordinal that every header carries.

Each release has two ordinals, its snapshot and itself, patch numbers run from 0 to 9, and minor ones too, without a
gap since 4.0.0 (tests compare the rule with the enum of a real jar). So one release anchors all. Source: MQVersion.
"""

import re

_ANCHOR_ORDINAL, _ANCHOR_NUMBER = 413, 500
"""V5_0_0, as hundreds, tens and ones."""

FIRST_REGULAR = 213
"""V4_0_0. What came before is not regular, and not operated."""

HIGHEST = 611
"""V5_9_9; RocketMQ calls what is beyond HIGHER_VERSION."""

_NAME = re.compile(r"V?(\d)[_.](\d)[_.](\d)([_-]SNAPSHOT)?")


def version_name(ordinal: int) -> str:
    """`V5_4_0` for 493, `V5_4_0_SNAPSHOT` for 492; for what lies outside the rule `HIGHER_VERSION` or `UNKNOWN_<n>`."""
    if ordinal > HIGHEST:
        return "HIGHER_VERSION"
    if ordinal < FIRST_REGULAR:
        return f"UNKNOWN_{ordinal}"
    steps = ordinal - _ANCHOR_ORDINAL
    digits = "_".join(str(_ANCHOR_NUMBER + (steps + 1) // 2))
    return f"V{digits}{'_SNAPSHOT' if steps % 2 else ''}"


def version_ordinal(name: str) -> int:
    """The ordinal of `5.4.0`, `V5_4_0` or either with a `SNAPSHOT` behind; ValueError for anything else."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"not a RocketMQ version: {name!r}")
    number = int(match[1] + match[2] + match[3])
    ordinal = _ANCHOR_ORDINAL + 2 * (number - _ANCHOR_NUMBER) - (1 if match[4] else 0)
    if not FIRST_REGULAR <= ordinal <= HIGHEST:
        raise ValueError(f"no ordinal is known for {name!r}")
    return ordinal
