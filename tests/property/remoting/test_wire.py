"""Frames, commands and connections, with any bytes in any pieces."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.remoting.command import LANGUAGES, Command, decode, encode, encode_binary
from rocketmq_operator.remoting.connection import Connection, Ended, Request, Response, State
from rocketmq_operator.remoting.errors import FrameError
from rocketmq_operator.remoting.frame import Frame, FrameDecoder, HeaderKind, encode_frame

texts = st.text(st.characters(codec="utf-8"), max_size=20)
frames = st.builds(Frame, st.sampled_from(HeaderKind), st.binary(max_size=60), st.binary(max_size=60))
commands = st.builds(
    Command,
    code=st.integers(-(2**15), 2**15 - 1),
    opaque=st.integers(-(2**31), 2**31 - 1),
    flag=st.integers(0, 3),
    version=st.integers(0, 2**15 - 1),
    remark=st.none() | texts.filter(bool),
    fields=st.dictionaries(texts, texts, max_size=5),
    body=st.binary(max_size=50),
    language=st.sampled_from(LANGUAGES),
)


def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The data, cut anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(st.data(), st.lists(frames, max_size=5))
def test_frames_survive_any_cutting(data: st.DataObject, wanted: list[Frame]) -> None:
    wire = b"".join(encode_frame(frame.header, frame.body, frame.kind) for frame in wanted)
    decoder = FrameDecoder()
    seen = []
    for piece in data.draw(st.composite(pieces)(wire)):
        decoder.feed(piece)
        seen += list(iter(decoder.next_frame, None))
    assert seen == wanted
    assert decoder.waiting == 0


@given(commands)
def test_commands_survive_both_kinds_of_header(command: Command) -> None:
    for data in (encode(command), encode_binary(command)):
        decoder = FrameDecoder()
        decoder.feed(data)
        frame = decoder.next_frame()
        assert frame is not None
        assert decode(frame) == command


@given(st.sampled_from(HeaderKind), st.binary(max_size=80))
def test_any_header_is_read_or_refused(kind: HeaderKind, header: bytes) -> None:
    with contextlib.suppress(FrameError):
        decode(Frame(kind, header, b""))


@given(commands, st.data())
def test_a_spoilt_binary_header_is_read_or_refused(command: Command, data: st.DataObject) -> None:
    wire = bytearray(encode_binary(command)[8:])
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FrameError):
        decode(Frame(HeaderKind.BINARY, bytes(wire), b""))


@given(st.lists(st.binary(max_size=40) | commands.map(encode), max_size=6))
def test_any_bytes_end_in_events(chunks: list[bytes]) -> None:
    connection = Connection()
    pending = {connection.request(28)[0] for _ in range(3)}
    ends = 0
    for chunk in chunks:
        for event in connection.receive_data(chunk):
            if isinstance(event, Response):
                assert event.command.opaque in pending
                pending.discard(event.command.opaque)
            elif isinstance(event, Ended):
                ends += 1
                assert set(event.pending) == pending
    assert ends == (connection.state is State.BROKEN)
    ends += sum(isinstance(event, Ended) for event in connection.receive_eof())
    assert ends == 1


@given(st.data(), st.integers(1, 8))
def test_every_request_gets_its_own_response(data: st.DataObject, count: int) -> None:
    client, server = Connection(), Connection()
    sent = [client.request(28, {"number": str(number)}) for number in range(count)]
    wire = b"".join(request for _, request in sent)
    asked = [
        event.command
        for piece in data.draw(st.composite(pieces)(wire))
        for event in server.receive_data(piece)
        if isinstance(event, Request)
    ]
    replies = [server.respond(request, 0, request.fields) for request in data.draw(st.permutations(asked))]
    answers = {
        event.command.opaque: event.command.fields["number"]
        for piece in data.draw(st.composite(pieces)(b"".join(replies)))
        for event in client.receive_data(piece)
        if isinstance(event, Response)
    }
    assert answers == {opaque: str(number) for number, (opaque, _) in enumerate(sent)}
    assert not client.pending
