"""What one version of the operator brings along that decides about running pods."""

import msgspec

FORMAT = 1
"""How this version builds pods. A new number restarts nobody: what was built in another stays until something else restarts
it (``OLDEST_FORMAT``). A test fails when what is built changes and this number does not."""

OLDEST_FORMAT = 1
"""Pods and workloads of an older format are restarted (reason OperatorUpgraded). Raised only when an old pod would do harm."""


class Release(msgspec.Struct, frozen=True):
    """A version: the format in which it builds, and the oldest one that it lets run on."""

    format: int = FORMAT
    oldest: int = OLDEST_FORMAT


THIS = Release()
