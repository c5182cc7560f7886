"""Stored messages, as written by MessageDecoder of 5.4.0."""

import zlib

import pytest

from rocketmq_operator.remoting import message
from rocketmq_operator.remoting.errors import BodyError, LocalError
from rocketmq_operator.remoting.message import (
    MAGIC_V2,
    Message,
    decode_message_properties,
    decode_messages,
    encode_message_properties,
)

PLAIN = bytes.fromhex(
    "0000007ddaa320a73610a6860000000200000009000000000000004d0000001cbe991a14000000000000018bcfe56800c0000207000004d200"
    "00018bcfe5687bc000020700002a9f0000000300000000000000000000000568656c6c6f066f72646572730017636f6c6f757201626c756502"
    "4b455953016b31206b3202"
)
V6 = bytes.fromhex(
    "00000095daa320a73610a6860000000200000009000000000000004d0000001cbe991a14000000300000018bcfe5680020010db80000000000"
    "00000000000007000004d20000018bcfe5687b20010db800000000000000000000000700002a9f000000030000000000000000000000056865"
    "6c6c6f066f72646572730017636f6c6f757201626c7565024b455953016b31206b3202"
)
ZLIB = bytes.fromhex(
    "00000088daa320a70dc465c10000000200000009000000000000004d0000001cbe991a14000003010000018bcfe56800c0000207000004d200"
    "00018bcfe5687bc000020700002a9f00000003000000000000000000000010785ecb48cdc9c957c8402701680308b1066f7264657273001763"
    "6f6c6f757201626c7565024b455953016b31206b3202"
)
LZ4 = bytes.fromhex(
    "00000096daa320a76ff0d4e10000000200000009000000000000004d0000001cbe991a14000001010000018bcfe56800c0000207000004d200"
    "00018bcfe5687bc000020700002a9f0000000300000000000000000000001e04224d186070730f0000006868656c6c6f2006005068656c6c6f"
    "00000000066f72646572730017636f6c6f757201626c7565024b455953016b31206b3202"
)


def one(data: bytes) -> Message:
    (message,) = decode_messages(data)
    return message


def test_a_plain_message() -> None:
    assert one(PLAIN) == Message(
        topic="orders",
        queue_id=2,
        queue_offset=77,
        log_offset=123456789012,
        body=b"hello",
        properties={"colour": "blue", "KEYS": "k1 k2"},
        born_ms=1700000000000,
        born_host="192.0.2.7:1234",
        stored_ms=1700000000123,
        store_host="192.0.2.7:10911",
        reconsume_times=3,
        sys_flag=0,
        flag=9,
    )
    assert one(PLAIN).keys == ("k1", "k2")
    assert one(PLAIN).unique_id is None


def test_hosts_of_16_bytes() -> None:
    assert (one(V6).born_host, one(V6).store_host) == ("[2001:db8::7]:1234", "[2001:db8::7]:10911")
    assert one(V6).body == b"hello"


def test_compressed_bodies() -> None:
    assert (one(ZLIB).body, one(ZLIB).compression) == (b"hello hello hello hello", "")
    packed = one(LZ4)
    assert packed.compression == "lz4"
    assert packed.body.startswith(bytes.fromhex("04224d18"))


def test_topics_of_two_length_bytes() -> None:
    # 5.x writes version 2 for topics longer than 127 bytes.
    topic = b"t" * 200
    v2 = PLAIN.replace(b"\x06orders", len(topic).to_bytes(2, "big") + topic)
    v2 = len(v2).to_bytes(4, "big") + MAGIC_V2.to_bytes(4, "big") + v2[8:]
    assert one(v2).topic == topic.decode()


def test_batches() -> None:
    assert [message.body for message in decode_messages(PLAIN + ZLIB + V6)] == [
        b"hello",
        b"hello hello hello hello",
        b"hello",
    ]
    assert decode_messages(b"") == []


def test_a_fault_names_its_message() -> None:
    wrong = PLAIN.replace(b"hello", b"hallo")
    with pytest.raises(BodyError, match="checksum") as error:
        decode_messages(PLAIN + wrong)
    assert error.value.offset == len(PLAIN)


@pytest.mark.parametrize("data", [PLAIN, V6, ZLIB])
def test_every_cut_is_refused(data: bytes) -> None:
    for size in range(1, len(data)):
        with pytest.raises(BodyError):
            decode_messages(data[:size])
        shortened = size.to_bytes(4, "big") + data[4:size]
        with pytest.raises(BodyError):
            decode_messages(shortened)


def test_bodies_that_inflate_too_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_BODY", 1000)
    bomb = zlib.compress(bytes(100_000))
    start = ZLIB.index(bytes.fromhex("785ecb48"))
    data = ZLIB[: start - 4] + len(bomb).to_bytes(4, "big") + bomb + ZLIB[start + 16 :]
    crc = zlib.crc32(bomb) & 0x7FFFFFFF
    data = len(data).to_bytes(4, "big") + data[4:8] + crc.to_bytes(4, "big") + data[12:]
    with pytest.raises(BodyError, match="too large"):
        decode_messages(data)


def test_properties() -> None:
    assert decode_message_properties(encode_message_properties({"a": "1", "b": ""})) == {"a": "1", "b": ""}
    assert decode_message_properties("a\x01b\x01c\x02nonsense\x02d\x01e\x02") == {"d": "e"}
    with pytest.raises(LocalError):
        encode_message_properties({"a": "x\x02y"})
