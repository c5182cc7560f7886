"""Frames: bytes in, (header kind, header, body) out.

    u32 length of all that follows | u8 header kind | u24 header length | header | body        (big-endian)

The peer's length is believed only up to MAX_FRAME, so that a stray byte cannot make us wait for, or hold, gigabytes.
Source: RemotingCommand, NettyDecoder.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

from rocketmq_operator.remoting.errors import FrameError, LocalError

MAX_FRAME = 16 * 1024 * 1024
"""Bytes of the largest frame, its length field included (RocketMQ's own default limit)."""

_LENGTHS = struct.Struct(">II")
_PREFIX = 4
_MAX_HEADER = 0xFFFFFF


class HeaderKind(IntEnum):
    """How a frame's header is written."""

    JSON = 0
    BINARY = 1


class Frame(NamedTuple):
    """One frame, taken apart but not understood."""

    kind: HeaderKind
    header: bytes
    body: bytes


def encode_frame(header: bytes, body: bytes, kind: HeaderKind = HeaderKind.JSON) -> bytes:
    """Put a frame together; LocalError where it is larger than any RocketMQ server takes."""
    length = _PREFIX + len(header) + len(body)
    if len(header) > _MAX_HEADER or _PREFIX + length > MAX_FRAME:
        raise LocalError(f"a frame of {_PREFIX + length} bytes is larger than {MAX_FRAME}")
    return _LENGTHS.pack(length, kind << 24 | len(header)) + header + body


class FrameDecoder:
    """Collects chunks of any size and gives back whole frames.

    A refused frame leaves the decoder refusing for ever: after a wrong length nothing that follows can be trusted.
    """

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._max_frame = max_frame
        self._broken: FrameError | None = None

    @property
    def waiting(self) -> int:
        """Bytes received of a frame that is not complete."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> None:
        """Take more bytes; frames are fetched with next_frame."""
        self._buffer += chunk

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None until more bytes arrive; FrameError where there can never be one."""
        if self._broken is not None:
            raise self._broken
        try:
            return self._take()
        except FrameError as error:
            self._broken = error
            self._buffer.clear()
            raise

    def _take(self) -> Frame | None:
        if len(self._buffer) < _PREFIX:
            return None
        length = int.from_bytes(self._buffer[:_PREFIX], "big")
        if length < _PREFIX or length + _PREFIX > self._max_frame:
            raise FrameError(f"frame length {length} is not within {_PREFIX} and {self._max_frame - _PREFIX}", 0)
        if len(self._buffer) < _LENGTHS.size:
            return None
        kind, header_length = self._buffer[_PREFIX], int.from_bytes(self._buffer[_PREFIX + 1 : _LENGTHS.size], "big")
        if header_length > length - _PREFIX:
            raise FrameError(f"header length {header_length} exceeds its frame of {length}", _PREFIX)
        if kind not in (HeaderKind.JSON, HeaderKind.BINARY):
            raise FrameError(f"header kind {kind} is unknown", _PREFIX)
        if len(self._buffer) < _PREFIX + length:
            return None
        return self._cut(HeaderKind(kind), _LENGTHS.size + header_length, _PREFIX + length)

    def _cut(self, kind: HeaderKind, header_end: int, end: int) -> Frame:
        frame = Frame(kind, bytes(self._buffer[_LENGTHS.size : header_end]), bytes(self._buffer[header_end:end]))
        del self._buffer[:end]
        return frame
