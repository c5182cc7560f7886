"""Commands: what we send is what RocketMQ's own code reads and writes."""

import json

import pytest

from rocketmq_operator.remoting.command import Command, Flag, decode, encode, encode_binary
from rocketmq_operator.remoting.errors import FrameError
from rocketmq_operator.remoting.frame import Frame, FrameDecoder, HeaderKind

# Written by RemotingCommand.encode of 5.4.0, once in each kind.
JAVA_JSON = bytes.fromhex(
    "0000009b000000937b22636f6465223a3130352c226578744669656c6473223a7b22746f706963223a226f7264657273227d2c22666c616722"
    "3a302c226c616e6775616765223a224a415641222c226f7061717565223a372c2272656d61726b223a2272c3a96d61726b222c227365726961"
    "6c697a655479706543757272656e74525043223a224a534f4e222c2276657273696f6e223a3439337d626f6479"
)
JAVA_BINARY = bytes.fromhex(
    "000000350100002d00690001ed00000007000000000000000772c3a96d61726b000000110005746f706963000000066f7264657273626f6479"
)
BY_JAVA = Command(105, 7, 0, 493, "rémark", {"topic": "orders"}, b"body", "JAVA")


def only_frame(data: bytes) -> Frame:
    decoder = FrameDecoder()
    decoder.feed(data)
    frame = decoder.next_frame()
    assert frame is not None
    assert decoder.waiting == 0
    return frame


@pytest.mark.parametrize("data", [JAVA_JSON, JAVA_BINARY], ids=["json", "binary"])
def test_reads_what_java_writes(data: bytes) -> None:
    assert decode(only_frame(data)) == BY_JAVA


def test_our_binary_is_javas() -> None:
    assert encode_binary(BY_JAVA) == JAVA_BINARY


def test_our_header_has_every_field_and_version_0() -> None:
    frame = only_frame(encode(Command(17, 3, fields={"topic": "t"}, body=b"b")))
    assert json.loads(frame.header) == {
        "code": 17,
        "language": "PYTHON",
        "version": 0,
        "opaque": 3,
        "flag": 0,
        "remark": None,
        "serializeTypeCurrentRPC": "JSON",
        "extFields": {"topic": "t"},
    }
    assert frame.kind is HeaderKind.JSON


def test_a_sparse_header() -> None:
    command = decode(Frame(HeaderKind.JSON, b'{"code":0,"flag":1,"extFields":{"a":null,"b":"1"},"new":[1]}', b""))
    assert (command.is_response, command.fields, command.remark) == (True, {"b": "1"}, None)


@pytest.mark.parametrize(
    "header",
    [b"", b"{", b"[]", b'{"opaque":1}', b'{"code":"x"}', b'{"code":1,"extFields":{"a":1}}', b"[" * 9999, b"\xff"],
)
def test_json_headers_that_cannot_be_read(header: bytes) -> None:
    with pytest.raises(FrameError):
        decode(Frame(HeaderKind.JSON, header, b""))


def test_every_cut_of_a_binary_header_is_refused() -> None:
    whole = only_frame(JAVA_BINARY).header
    for size in range(len(whole)):
        with pytest.raises(FrameError):
            decode(Frame(HeaderKind.BINARY, whole[:size], b""))


def test_representations_show_no_values() -> None:
    command = Command(3001, flag=Flag.ONE_WAY, fields={"Signature": "s3cret"}, body=b"passw0rd")
    assert repr(command) == "<one-way code=3001 opaque=0 fields=['Signature'] body=8B>"
