"""Commands: what a frame says. Requests, one-way requests and responses share one shape.

We always write JSON headers and version 0: servers above 5.3.1 may send GO_AWAY only to peers that claim a later
version. We read both header kinds. Source: RemotingCommand, RocketMQSerializable.
"""

import struct
from enum import IntFlag
from typing import NoReturn

import msgspec

from rocketmq_operator.remoting.errors import FrameError
from rocketmq_operator.remoting.frame import Frame, HeaderKind, encode_frame

LANGUAGES = (
    "JAVA",
    "CPP",
    "DOTNET",
    "PYTHON",
    "DELPHI",
    "ERLANG",
    "RUBY",
    "OTHER",
    "HTTP",
    "GO",
    "PHP",
    "OMS",
    "RUST",
    "NODE_JS",
)
"""Names of the peer's language by the number that binary headers give. Source: LanguageCode."""

OPAQUE_LIMIT = 2**31
"""Opaque numbers are Java ints; we use 0 up to here."""


class Flag(IntFlag):
    """Bits of a header's `flag`."""

    REQUEST = 0
    RESPONSE = 1
    ONE_WAY = 2


class Command(msgspec.Struct, frozen=True):
    """One command.

    `code` is the request's code, or the response's (0 is success). `fields` are the header's extFields: strings to
    strings. `version` is the ordinal of the sender's version (see versions.py). `remark` is an error's text.
    """

    code: int
    opaque: int = 0
    flag: int = 0
    version: int = 0
    remark: str | None = None
    fields: dict[str, str] = {}
    body: bytes = b""
    language: str = "PYTHON"

    @property
    def is_response(self) -> bool:
        return bool(self.flag & Flag.RESPONSE)

    @property
    def is_one_way(self) -> bool:
        return bool(self.flag & Flag.ONE_WAY)

    def __repr__(self) -> str:
        """Names of fields and sizes only: values and bodies may hold secrets."""
        kind = "response" if self.is_response else "one-way" if self.is_one_way else "request"
        return f"<{kind} code={self.code} opaque={self.opaque} fields={sorted(self.fields)} body={len(self.body)}B>"


class _Header(msgspec.Struct, kw_only=True):
    """The JSON header as it stands on the wire. RocketMQ writes every field; older clients leave some out."""

    code: int
    language: str = "OTHER"
    version: int = 0
    opaque: int = 0
    flag: int = 0
    remark: str | None = None
    # RocketMQ's own writer, whose peers skip what they do not know, adds it to every header.
    serialize_type: str = msgspec.field(default="JSON", name="serializeTypeCurrentRPC")
    fields: dict[str, str | None] | None = msgspec.field(default=None, name="extFields")


_header_decoder = msgspec.json.Decoder(_Header)
_header_encoder = msgspec.json.Encoder()


def encode(command: Command) -> bytes:
    """A whole frame with a JSON header."""
    header = _Header(
        code=command.code,
        language=command.language,
        version=command.version,
        opaque=command.opaque,
        flag=int(command.flag),
        remark=command.remark,
        fields=dict(command.fields),
    )
    return encode_frame(_header_encoder.encode(header), command.body)


def decode(frame: Frame) -> Command:
    """The command in a frame; FrameError where its header cannot be read."""
    return _decode_json(frame) if frame.kind is HeaderKind.JSON else _decode_binary(frame)


def _decode_json(frame: Frame) -> Command:
    try:
        header = _header_decoder.decode(frame.header)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FrameError(f"JSON header: {_without_values(error)}") from None
    fields = {key: value for key, value in (header.fields or {}).items() if value is not None}
    return Command(
        header.code, header.opaque, header.flag, header.version, header.remark, fields, frame.body, header.language
    )


def _without_values(error: Exception) -> str:
    """msgspec's messages name types, paths and positions, never values; keep them short all the same."""
    return str(error)[:200]


_FIXED = struct.Struct(">hBhii")


def _decode_binary(frame: Frame) -> Command:
    reader = _Reader(frame.header)
    code, language, version, opaque, flag = reader.unpack(_FIXED)
    remark = reader.text(reader.length(4))
    fields: dict[str, str] = {}
    end = reader.length(4) + reader.position
    while reader.position < end:
        key = reader.text(reader.length(2))
        fields[key] = reader.text(reader.length(4))
    if reader.position != end:
        reader.fail("fields overrun their length")
    name = LANGUAGES[language] if language < len(LANGUAGES) else "OTHER"
    return Command(code, opaque, flag, version, remark or None, fields, frame.body, name)


def encode_binary(command: Command) -> bytes:
    """A whole frame with a binary header: what a peer may send us. We ourselves send JSON."""
    remark = (command.remark or "").encode()
    fields = b"".join(_binary_field(key, value) for key, value in command.fields.items())
    language = LANGUAGES.index(command.language)
    header = _FIXED.pack(command.code, language, command.version, command.opaque, int(command.flag))
    header += len(remark).to_bytes(4, "big") + remark + len(fields).to_bytes(4, "big") + fields
    return encode_frame(header, command.body, HeaderKind.BINARY)


def _binary_field(key: str, value: str) -> bytes:
    raw_key, raw_value = key.encode(), value.encode()
    return len(raw_key).to_bytes(2, "big") + raw_key + len(raw_value).to_bytes(4, "big") + raw_value


class _Reader:
    """Reads a binary header, never past its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def fail(self, reason: str) -> NoReturn:
        raise FrameError(f"binary header: {reason}", self.position)

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self.position:
            self.fail("cut short")
        self.position += size
        return self._data[self.position - size : self.position]

    def unpack(self, layout: struct.Struct) -> tuple[int, ...]:
        return layout.unpack(self._take(layout.size))

    def length(self, width: int) -> int:
        """A length field, which must fit into what is left."""
        value = int.from_bytes(self._take(width), "big")
        if value > len(self._data) - self.position:
            self.fail(f"length {value} exceeds what is left")
        return value

    def text(self, size: int) -> str:
        try:
            return self._take(size).decode()
        except UnicodeDecodeError:
            self.fail("text is not UTF-8")
