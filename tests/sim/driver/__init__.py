"""Drives histories: operators, events, the quiet end."""
