"""Settings as text: how code 25, 26, 318, 319, 1009 and 1010 carry them.

The two directions differ. Servers *write* `key=value` lines and escape nothing (MixAll.properties2String), and *read*
with java.util.Properties, as Latin-1, where a backslash escapes. So we read lines plainly and write escapes.
"""

from collections.abc import Mapping

from rocketmq_operator.remoting.errors import BodyError, LocalError


def decode_settings(text: bytes) -> dict[str, str]:
    """The settings in a server's reply, in its order. Lines without `=` continue nothing and are dropped."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise BodyError("settings are not UTF-8", error.start) from None
    pairs = (line.rstrip("\r").partition("=") for line in lines if not line.startswith("#"))
    return {key: value for key, separator, value in pairs if separator and key}


def encode_settings(values: Mapping[str, str]) -> bytes:
    """Text that java.util.Properties loads as exactly these keys and values."""
    for key in values:
        if not key:
            raise LocalError("a setting without a name")
    return "".join(f"{_escape(key, True)}={_escape(value, False)}\n" for key, value in values.items()).encode("ascii")


_NAMED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}
_IN_KEYS = " =:#!"


def _escape(text: str, is_key: bool) -> str:
    body = text.lstrip(" ") if not is_key else text
    leading = "\\ " * (len(text) - len(body))  # Properties drops plain leading spaces of a value
    return leading + "".join(_escape_one(character, is_key) for character in body)


def _escape_one(character: str, is_key: bool) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if is_key and character in _IN_KEYS:
        return "\\" + character
    if " " <= character <= "~":
        return character
    raw = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i]:02x}{raw[i + 1]:02x}" for i in range(0, len(raw), 2))
