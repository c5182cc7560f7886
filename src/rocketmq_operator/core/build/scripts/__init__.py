"""The entry scripts, as package data."""

import shlex
from collections.abc import Mapping
from importlib.resources import files


def text(name: str) -> str:
    """The text of a script of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


COMMON = text("common.sh")
BROKER = text("broker.sh")
REPLICA = text("replica.sh")
NAME_SERVER = text("name-server.sh")


def settings(values: Mapping[str, str | list[str]]) -> str:
    """Shell assignments, safely quoted; a list becomes an array."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str | list[str]) -> str:
    return f"({shlex.join(value)})" if isinstance(value, list) else shlex.quote(value)
