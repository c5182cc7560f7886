"""Standard JSON from what fastjson writes."""

import json
import time

import pytest

from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.lenient import MAX_DEPTH, quote_keys, to_standard_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{0:"a",-1:"b"}', {"0": "a", "-1": "b"}),
        (b"{true:1,null:2}", {"true": 1, "null": 2}),
        (b'{{"q":0,"t":"x"}:{"m":1}}', {'{"q":0,"t":"x"}': {"m": 1}}),
        (b'{{"q":0}:1,{"q":1}:2}', {'{"q":0}': 1, '{"q":1}': 2}),
        (b'{["a",1]:2}', {'["a",1]': 2}),
        (b'{{"q":"a\\"\\\\b"}:1}', {'{"q":"a\\"\\\\b"}': 1}),
        ('{{"q":"Grüße"}:1}'.encode(), {'{"q":"Grüße"}': 1}),
        (b" [ ] ", []),
        (b'{"a":[{},[1.5e3,-0,true,false,null]]}', {"a": [{}, [1500.0, 0, True, False, None]]}),
        (b'"{0:1}"', "{0:1}"),
        (b'{"{0:1}":{0:"}"}}', {"{0:1}": {"0": "}"}}),
    ],
)
def test_values(text: bytes, value: object) -> None:
    assert json.loads(to_standard_json(text)) == value


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 0),
        (b"  ", 2),
        (b"{", 1),
        (b"[1,", 3),
        (b"[1 2]", 2),
        (b'{"a" 1}', 4),
        (b'{"a":}', 5),
        (b'{"a":1,}', 7),
        (b"[1,]", 3),
        (b"{a:1}", 1),
        (b"{'a':1}", 1),
        (b'{"a":01}', 6),
        (b'{"a":1}x', 7),
        (b"{}{}", 2),
        (b"]", 0),
        (b"{]", 1),
        (b'["\x01"]', 1),
        (b'["\\q"]', 1),
        (b'["\\u12g4"]', 1),
        (b'["a]', 1),
        (b"[NaN]", 1),
        (b"{1}", 2),
        (b"{[1]}", 4),
        (b"{{1:2}:3,}", 9),
    ],
)
def test_faults_with_their_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BodyError) as error:
        to_standard_json(text)
    assert error.value.offset == offset
    assert str(offset) in str(error.value)


def test_depth_is_bounded() -> None:
    assert json.loads(to_standard_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH))
    with pytest.raises(BodyError, match="inside each other"):
        to_standard_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_a_key_within_a_key_is_refused() -> None:
    # Each level would double the backslashes: this is where space would explode.
    with pytest.raises(BodyError, match="key within a key"):
        to_standard_json(b"{{{1:2}:3}:4}")
    with pytest.raises(BodyError, match="key within a key"):
        to_standard_json(b"{" * 1000)
    assert json.loads(to_standard_json(b"{{1:2}:{{3:4}:5}}")) == {'{"1":2}': {'{"3":4}': 5}}


@pytest.mark.parametrize(
    "text",
    [
        b'"' + b"a" * 1_000_000,
        b'"' + b"\\\\" * 500_000,
        b'["' + b'","' * 300_000,
        b" " * 1_000_000,
        b"[" + b" " * 1_000_000 + b"x",
        b"1" * 1_000_000 + b"x",
        b"1." + b"1" * 1_000_000 + b"e",
        b"[" + b"1," * 200_000,
        b"{" + b"0:{" * 300_000,
        b"{{" + b"0:1," * 200_000,
        b"\xff" * 1_000_000,
        b",{" * 500_000,
        b',{"' * 300_000,
        b"{,0" * 300_000,
        b",{0:1}" * 200_000,
    ],
    ids=range(15),
)
def test_hostile_megabytes_cost_little(text: bytes) -> None:
    # One pass takes well below a second; what backtracks takes hours.
    began = time.process_time()
    with pytest.raises(BodyError):
        to_standard_json(text)
    quote_keys(text)
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (b'{0:"a",-1:"b"}', b'{"0":"a","-1":"b"}'),
        (b'{"a":[1,2,{0:[3]}]}', b'{"a":[1,2,{"0":[3]}]}'),
        (b'{"x,0:":"{0:1}","y\\"{0:":1}', b'{"x,0:":"{0:1}","y\\"{0:":1}'),
        (b'{{"q":0}:1,{"t":"a,{0:"}:2}', b'{"{\\"q\\":0}":1,"{\\"t\\":\\"a,{0:\\"}":2}'),
        (b'[{"a":1},{"b":2}]', b'[{"a":1},{"b":2}]'),
        (b"{ 0:1}", b"{ 0:1}"),
        (b"", b""),
    ],
)
def test_the_fast_way(text: bytes, made: bytes) -> None:
    assert quote_keys(text) == made


def test_the_fast_way_gives_up_where_a_string_does_not_end() -> None:
    assert quote_keys(b'{0:"a') is None
