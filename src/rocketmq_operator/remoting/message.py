"""Messages: their properties on the way in, and stored messages on the way out.

A pull's body is stored messages one after another (sizes in bytes, big-endian):

    4 size | 4 magic | 4 CRC of body | 4 queue | 4 flag | 8 queue offset | 8 log offset | 4 sysFlag | 8 born
    | 4 or 16 + 4 born host and port | 8 stored | 4 or 16 + 4 store host and port | 4 reconsumed | 8 transaction
    | 4 + n body | 1 (v1) or 2 (v2) + n topic | 2 + n properties

Source: MessageDecoder, MessageSysFlag.
"""

import ipaddress
import struct
import zlib
from collections.abc import Iterator, Mapping
from enum import IntFlag

import msgspec

from rocketmq_operator.remoting.errors import BodyError, LocalError

MAGIC_V1 = 0xDAA320A7
MAGIC_V2 = 0xDAA320AB
MAX_BODY = 64 * 1024 * 1024
"""Bytes that one message's body may inflate to: a small frame must not fill our memory."""

_NAME_VALUE, _PAIR = "\x01", "\x02"
_CRC_BITS = 0x7FFFFFFF
_HEAD = struct.Struct(">IIIiiqqiq")
_SIZE_AND_MAGIC = 8


class SysFlag(IntFlag):
    """Bits of a message's sysFlag that change how it is read."""

    COMPRESSED = 0x1
    BORN_HOST_V6 = 0x10
    STORE_HOST_V6 = 0x20
    COMPRESSION = 0x700


_COMPRESSIONS = {0: "zlib", 0x100: "lz4", 0x200: "zstd", 0x300: "zlib"}


class Message(msgspec.Struct, frozen=True):
    """A stored message. Times are milliseconds since 1970, hosts are "address:port".

    `compression` is empty where `body` is as the producer gave it: bodies in zlib are inflated, others (lz4, zstd)
    are left as they are and named here.
    """

    topic: str
    queue_id: int
    queue_offset: int
    log_offset: int
    body: bytes
    properties: dict[str, str]
    born_ms: int
    born_host: str
    stored_ms: int
    store_host: str
    reconsume_times: int
    sys_flag: int
    flag: int
    compression: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The producer's keys."""
        return tuple(self.properties.get("KEYS", "").split())

    @property
    def unique_id(self) -> str | None:
        """The id that the producer's client gave, if it gave one."""
        return self.properties.get("UNIQ_KEY")

    def __repr__(self) -> str:
        return f"<message {self.topic}/{self.queue_id}@{self.queue_offset} {len(self.body)}B>"


def encode_message_properties(properties: Mapping[str, str]) -> str:
    """Properties as the send commands carry them; LocalError where one holds a separator."""
    for key, value in properties.items():
        if {_NAME_VALUE, _PAIR} & set(key + value):
            raise LocalError(f"message property {key!r} holds a separator")
    return "".join(f"{key}{_NAME_VALUE}{value}{_PAIR}" for key, value in properties.items())


def decode_message_properties(text: str) -> dict[str, str]:
    """The reverse; parts without a separator are dropped, as RocketMQ does."""
    parts = (part.split(_NAME_VALUE) for part in text.split(_PAIR))
    return {part[0]: part[1] for part in parts if len(part) == 2}


def decode_messages(data: bytes) -> list[Message]:
    """All messages of a pull's body; BodyError with the offset of the message that cannot be read."""
    return list(_messages(data))


def _messages(data: bytes) -> Iterator[Message]:
    start = 0
    while start < len(data):
        size = int.from_bytes(data[start : start + 4], "big")
        if size < _SIZE_AND_MAGIC or size > len(data) - start:
            raise BodyError(f"message size {size} does not fit", start)
        try:
            yield _message(data[start : start + size])
        except (struct.error, UnicodeDecodeError, ValueError, zlib.error) as error:
            raise BodyError(f"message cannot be read: {str(error)[:100]}", start) from None
        start += size


def _message(data: bytes) -> Message:
    _, magic, crc, queue_id, flag, queue_offset, log_offset, sys_flag, born_ms = _HEAD.unpack_from(data)
    if magic not in (MAGIC_V1, MAGIC_V2):
        raise ValueError(f"unknown magic code {magic:#x}")
    reader = _Reader(data, _HEAD.size)
    born_host = reader.host(bool(sys_flag & SysFlag.BORN_HOST_V6))
    stored_ms = reader.number(8)
    store_host = reader.host(bool(sys_flag & SysFlag.STORE_HOST_V6))
    reconsume_times = reader.number(4)
    reader.take(8)  # offset of the prepared transaction
    body = reader.take(reader.number(4))
    if zlib.crc32(body) & _CRC_BITS != crc & _CRC_BITS:
        raise ValueError("checksum of the body differs")
    topic = reader.take(reader.number(1 if magic == MAGIC_V1 else 2)).decode()
    properties = decode_message_properties(reader.take(reader.number(2)).decode())
    body, compression = _inflate(body, sys_flag)
    return Message(
        topic=topic,
        queue_id=queue_id,
        queue_offset=queue_offset,
        log_offset=log_offset,
        body=body,
        properties=properties,
        born_ms=born_ms,
        born_host=born_host,
        stored_ms=stored_ms,
        store_host=store_host,
        reconsume_times=reconsume_times,
        sys_flag=sys_flag,
        flag=flag,
        compression=compression,
    )


def _inflate(body: bytes, sys_flag: int) -> tuple[bytes, str]:
    """The body, and the name of the compression that is still on it."""
    if not sys_flag & SysFlag.COMPRESSED:
        return body, ""
    name = _COMPRESSIONS.get(sys_flag & SysFlag.COMPRESSION, "unknown")
    if name != "zlib":
        return body, name
    inflater = zlib.decompressobj()
    plain = inflater.decompress(body, MAX_BODY)
    if not inflater.eof:
        raise ValueError("compressed body is cut short or too large")
    return plain, ""


class _Reader:
    """Reads one message, never past its end."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self._position:
            raise ValueError("cut short")
        self._position += size
        return self._data[self._position - size : self._position]

    def number(self, width: int) -> int:
        """An unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), "big")

    def host(self, is_v6: bool) -> str:
        address = ipaddress.ip_address(self.take(16 if is_v6 else 4))
        port = self.number(4)
        return f"[{address}]:{port}" if is_v6 else f"{address}:{port}"
