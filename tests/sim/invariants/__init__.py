"""The rules that must hold at every step, each a small function with a name; what breaks one ends the history."""

from .watchdog import Watchdog

__all__ = ["Watchdog"]
