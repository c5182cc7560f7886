"""Settings that a running broker takes by a live update (code 25), each shown by its effect (ROCKETMQ.md §8)."""

SHOWN = {"maxMessageSize": frozenset({"5.4.0"})}

LIVE_KEYS = frozenset(SHOWN)
"""Kept in a group's intent, so that a restarting broker finds the value of now."""


def live(key: str, value: str, version: str) -> bool:
    """Whether a broker of this version takes this value of a setting while it runs."""
    return version in SHOWN.get(key, ()) and value.isdecimal()
