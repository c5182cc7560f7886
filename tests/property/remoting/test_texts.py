"""Settings and messages."""

import contextlib
import zlib

from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.message import (
    MAGIC_V1,
    MAGIC_V2,
    decode_message_properties,
    decode_messages,
    encode_message_properties,
)
from rocketmq_operator.remoting.properties import decode_settings, encode_settings

texts = st.text(st.characters(codec="utf-8"), max_size=15)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def load_as_java(text: bytes) -> dict[str, str]:
    """java.util.Properties.load, for lines that do not go on: Latin-1, backslash escapes, first bare separator."""
    loaded = {}
    for line in text.decode("latin-1").split("\n"):
        line = line.lstrip(" \t\f")
        if not line or line[0] in "#!":
            continue
        end = next(i for i, c in enumerate(line) if c in "=: \t\f" and not _escaped(line, i))
        rest = line[end:].lstrip(" \t\f")
        rest = rest[1:].lstrip(" \t\f") if rest[:1] in ("=", ":") else rest
        loaded[_unescape(line[:end])] = _unescape(rest)
    return loaded


def _escaped(line: str, index: int) -> bool:
    before = line[:index]
    return bool((len(before) - len(before.rstrip("\\"))) % 2)


def _unescape(text: str) -> str:
    units: list[str] = []
    position = 0
    while position < len(text):
        if text[position] != "\\":
            units.append(text[position])
            position += 1
        elif text[position + 1] == "u":
            units.append(chr(int(text[position + 2 : position + 6], 16)))
            position += 6
        else:
            units.append(_ESCAPES.get(text[position + 1], text[position + 1]))
            position += 2
    return "".join(units).encode("utf-16-be", "surrogatepass").decode("utf-16-be")


@given(st.dictionaries(texts.filter(bool), texts, max_size=5))
def test_java_loads_what_we_meant(values: dict[str, str]) -> None:
    assert load_as_java(encode_settings(values)) == values


@given(
    st.dictionaries(st.text("abcAZ.09", min_size=1), st.text(st.characters(codec="utf-8", exclude_characters="\n\r")))
)
def test_we_read_what_servers_write(values: dict[str, str]) -> None:
    written = "".join(f"{key}={value}\n" for key, value in values.items()).encode()
    assert decode_settings(written) == values


@given(st.binary(max_size=200))
def test_any_settings_are_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(BodyError):
        decode_settings(text)


plain = st.text(st.characters(codec="utf-8", exclude_characters="\x01\x02"), max_size=10)


@given(st.dictionaries(plain, plain, max_size=5))
def test_message_properties(properties: dict[str, str]) -> None:
    assert decode_message_properties(encode_message_properties(properties)) == properties


@st.composite
def stored(draw: st.DrawFn) -> tuple[bytes, bytes, str, dict[str, str]]:
    """A stored message, its body, topic and properties."""
    body, zipped = draw(st.binary(max_size=50)), draw(st.booleans())
    topic, properties = draw(plain.filter(bool)), draw(st.dictionaries(plain, plain, max_size=3))
    v2, born_v6, store_v6 = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    packed = zlib.compress(body) if zipped else body
    sys_flag = (
        (draw(st.sampled_from([1, 0x301])) if zipped else 0) | (0x10 if born_v6 else 0) | (0x20 if store_v6 else 0)
    )
    raw_topic, raw_properties = topic.encode(), encode_message_properties(properties).encode()
    tail = b"".join(
        [
            (MAGIC_V2 if v2 else MAGIC_V1).to_bytes(4, "big"),
            (zlib.crc32(packed) & 0x7FFFFFFF).to_bytes(4, "big"),
            bytes(4 + 4 + 8 + 8),
            sys_flag.to_bytes(4, "big"),
            bytes(8) + bytes(20 if born_v6 else 8) + bytes(8) + bytes(20 if store_v6 else 8) + bytes(12),
            len(packed).to_bytes(4, "big") + packed,
            len(raw_topic).to_bytes(2 if v2 else 1, "big") + raw_topic,
            len(raw_properties).to_bytes(2, "big") + raw_properties,
        ]
    )
    return (len(tail) + 4).to_bytes(4, "big") + tail, body, topic, properties


@given(st.lists(stored(), max_size=4))
def test_stored_messages(batch: list[tuple[bytes, bytes, str, dict[str, str]]]) -> None:
    messages = decode_messages(b"".join(data for data, *_ in batch))
    assert [(m.body, m.topic, m.properties) for m in messages] == [tuple(rest) for _, *rest in batch]


@given(stored(), st.data())
def test_spoilt_messages_are_read_or_refused(
    message: tuple[bytes, bytes, str, dict[str, str]], data: st.DataObject
) -> None:
    spoilt = bytearray(message[0])
    for _ in range(data.draw(st.integers(1, 5))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BodyError):
        decode_messages(bytes(spoilt))


@given(st.binary(max_size=300))
def test_any_bytes_are_messages_or_refused(data: bytes) -> None:
    with contextlib.suppress(BodyError):
        decode_messages(data)
