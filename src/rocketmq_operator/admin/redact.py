"""Keeps secrets out of logs, representations and errors."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "<redacted>"

_SECRET_KEY = re.compile(r"passw(or)?d|secret|access_?key|signature|token|credential|private", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"""(["']?[\w.-]*(?:passw(?:or)?d|secret|access_?key|signature|token|credential)[\w.-]*["']?\s*[:=]\s*)"""
    r"""("[^"]*"|'[^']*'|[^\s,;}\])]+)""",
    re.IGNORECASE,
)


def is_secret(key: str) -> bool:
    """Whether a setting of this name may hold a secret. Rather too often than too seldom: broker settings such as
    initAuthenticationUser and innerClientAuthenticationCredentials hold JSON with passwords."""
    return bool(_SECRET_KEY.search(key)) or key in ("initAuthenticationUser",)


def redact(values: Mapping[str, str]) -> dict[str, str]:
    """A copy that may be logged."""
    return {key: HIDDEN if is_secret(key) else value for key, value in values.items()}


def redact_text(text: str) -> str:
    """Free text, such as a server's error, with what follows a secret's name blacked out."""
    return _SECRET_TEXT.sub(lambda match: match[1] + HIDDEN, text)


class Settings(dict[str, str]):
    """Settings of a server: a plain dict whose representation shows no secrets."""

    def __repr__(self) -> str:
        return repr(redact(self))

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return list(redact(self).items())
