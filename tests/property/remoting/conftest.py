"""Machines may be busy: an example's own time proves nothing (bounded time has a test of its own)."""

from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
