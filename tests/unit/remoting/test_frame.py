"""Frames: the decoder takes what comes, in any pieces, and believes no length beyond its bound."""

import pytest

from rocketmq_operator.remoting.errors import FrameError, LocalError
from rocketmq_operator.remoting.frame import MAX_FRAME, Frame, FrameDecoder, HeaderKind, encode_frame


def frames(decoder: FrameDecoder) -> list[Frame]:
    return list(iter(decoder.next_frame, None))


def test_layout() -> None:
    assert encode_frame(b"{}", b"body") == b"\0\0\0\x0a" + b"\0\0\0\x02" + b"{}" + b"body"
    assert encode_frame(b"hh", b"", HeaderKind.BINARY) == b"\0\0\0\x06" + b"\x01\0\0\x02" + b"hh"


def test_byte_by_byte() -> None:
    decoder = FrameDecoder()
    data = encode_frame(b"{}", b"one") + encode_frame(b"{ }", b"")
    seen = []
    for byte in data:
        decoder.feed(bytes([byte]))
        seen += frames(decoder)
    assert seen == [Frame(HeaderKind.JSON, b"{}", b"one"), Frame(HeaderKind.JSON, b"{ }", b"")]
    assert decoder.waiting == 0


def test_many_in_one_piece_and_a_rest() -> None:
    decoder = FrameDecoder()
    decoder.feed(encode_frame(b"a", b"1") * 3 + b"\0\0")
    assert len(frames(decoder)) == 3
    assert decoder.waiting == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xff\xff\xff", "frame length 4294967295"),
        (b"\0\0\0\x03", "frame length 3"),
        ((MAX_FRAME - 3).to_bytes(4, "big"), "frame length"),
        (b"\0\0\0\x06\0\0\0\x03", "header length 3 exceeds"),
        (b"\0\0\0\x06\x02\0\0\x01", "header kind 2"),
        (b"HTTP/1.1 400", "frame length"),
    ],
)
def test_lengths_that_cannot_be(data: bytes, reason: str) -> None:
    decoder = FrameDecoder()
    decoder.feed(data)
    with pytest.raises(FrameError, match=reason):
        decoder.next_frame()


def test_a_refused_frame_is_the_end() -> None:
    decoder = FrameDecoder()
    decoder.feed(b"\xff\xff\xff\xff")
    for _ in range(2):
        with pytest.raises(FrameError):
            decoder.next_frame()
        decoder.feed(encode_frame(b"{}", b""))
    assert decoder.waiting < 100


def test_the_largest_frame_and_one_byte_more() -> None:
    header = b"{}"
    body = bytes(MAX_FRAME - 8 - len(header))
    decoder = FrameDecoder()
    decoder.feed(encode_frame(header, body))
    assert decoder.next_frame() == Frame(HeaderKind.JSON, header, body)
    with pytest.raises(LocalError):
        encode_frame(header, body + b"x")
