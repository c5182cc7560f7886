"""From chunks of bytes to the events of a watch.

A watch's body is JSON objects, each ended by one newline byte. Nothing else ends a line: U+0085 and U+2028 are ordinary
characters inside JSON strings, and chunks break anywhere, in the middle of a character too. Hence bytes, and only 0x0A.
"""

from collections.abc import Iterator

import msgspec

from rocketmq_operator.kube.errors import KubeError

# An object in etcd has at most 1.5 MiB (--max-request-bytes); as JSON some times that. More is not an event.
LONGEST_LINE = 64 * 1024 * 1024


class GarbledError(KubeError):
    """What came is not a watch event; the connection is of no more use."""


class RawEvent(msgspec.Struct, frozen=True):
    """One event, its object not decoded yet."""

    type: str
    object: msgspec.Raw


class Lines:
    """Whole lines out of chunks; what is left of one at the stream's end is dropped, for it may be cut off."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self._longest = longest

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that ``chunk`` completes, without their newline, empty ones left out. GarbledError: too long."""
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            line = b"".join((*self._parts, piece))
            self._parts.clear()
            self._length = 0
            if line.strip():
                yield line
        if rest:
            self._parts.append(rest)
            self._length += len(rest)
        if self._length > self._longest:
            raise GarbledError(f"a watch event of more than {self._longest} bytes")


_decoder = msgspec.json.Decoder(RawEvent)


def parse(line: bytes) -> RawEvent:
    """The event in a line; GarbledError if there is none."""
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError as error:
        raise GarbledError(f"not a watch event: {error}") from error
