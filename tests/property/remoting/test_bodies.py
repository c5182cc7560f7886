"""Bodies: whatever fastjson may write is read, whatever else arrives is refused by the typed error."""

import contextlib
import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.remoting.bodies.consumption import TopicStatsReply
from rocketmq_operator.remoting.bodies.metadata import TopicTable
from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.body import decode_body
from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.lenient import quote_keys, to_standard_json

texts = st.text(st.characters(codec="utf-8"), max_size=8)
spaces = st.sampled_from(["", "", "", " ", "\n\t"])
scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts
)


class ObjectKey:
    """A map's key that is a container itself."""

    def __init__(self, value: Any) -> None:
        self.value = value


def plain_values(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3)


standard = st.recursive(scalars, plain_values, max_leaves=8)
numeric_keys = st.integers(-99, 99) | st.booleans() | st.none()
object_keys = st.builds(ObjectKey, st.dictionaries(texts, scalars, max_size=3) | st.lists(scalars, max_size=3))


def fastjson_values(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.tuples(texts | numeric_keys | object_keys, children), max_size=4)
    return st.lists(children, max_size=3) | pairs.map(tuple)


values = st.recursive(scalars, fastjson_values, max_leaves=12)


def write(value: Any, space: str) -> str:
    """As fastjson would: keys as they come, maps as tuples of pairs."""
    match value:
        case tuple():
            return (
                "{" + ",".join(f"{space}{write_key(k, space)}{space}:{write(v, space)}" for k, v in value) + space + "}"
            )
        case list():
            return "[" + ",".join(space + write(item, space) for item in value) + "]"
        case dict():
            return write(tuple(value.items()), space)
        case _:
            return json.dumps(value, ensure_ascii=False)


def write_key(key: Any, space: str) -> str:
    return write(key.value, space) if isinstance(key, ObjectKey) else json.dumps(key, ensure_ascii=False)


def expected_key(key: Any) -> str:
    """A plain key as standard JSON has it."""
    return key if isinstance(key, str) else json.dumps(key)


@given(values)
def test_what_fastjson_writes_is_read(value: Any) -> None:
    text = write(value, "").encode()
    read = json.loads(to_standard_json(text))
    assert is_same(read, value)


def is_same(read: Any, value: Any) -> bool:
    """Whether this was read from that. An object key's string is the JSON of what was written; of equal keys the last
    counts."""
    match value:
        case tuple():
            wanted = {}
            for key, item in value:
                wanted[_canonical(key)] = item
            found = {_canonical_read(key, wanted): item for key, item in read.items()}
            return found.keys() == wanted.keys() and all(is_same(found[k], wanted[k]) for k in wanted)
        case list():
            return len(read) == len(value) and all(map(is_same, read, value))
        case _:
            return bool(read == value)


def _canonical(key: Any) -> str:
    return "object " + json.dumps(key.value) if isinstance(key, ObjectKey) else "text " + expected_key(key)


def _canonical_read(key: str, wanted: dict[str, Any]) -> str:
    if "text " + key in wanted:
        return "text " + key
    return "object " + json.dumps(json.loads(key))


@given(standard, spaces)
def test_standard_json_stays_what_it_is(value: Any, space: str) -> None:
    text = write(value, space).encode()
    assert json.loads(to_standard_json(text)) == json.loads(text)
    assert decode_body(text, Any) == msgspec.json.decode(text)


@given(st.binary(max_size=200) | st.text('{}[]:,"\\0a-. ', max_size=200).map(str.encode))
def test_anything_is_made_standard_or_refused(text: bytes) -> None:
    try:
        made = to_standard_json(text)
    except BodyError as error:
        assert 0 <= error.offset <= len(text)
        return
    assert len(made) <= 3 * len(text) + 2
    try:
        msgspec.json.decode(made)
    except msgspec.DecodeError as refused:
        # Only what the tokens cannot see: bytes that are not UTF-8, halves of surrogates, numbers out of range.
        assert any(word in str(refused) for word in ("utf-8", "surrogate", "out of range", "UTF-8")), refused


@given(values, st.data())
def test_a_spoilt_body_is_read_or_refused(value: Any, data: st.DataObject) -> None:
    text = bytearray(write(value, "").encode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b'{}[]:,"\\0a\xff '))
    for kind in (ClusterInfo, TopicTable, TopicStatsReply, dict[str, Any]):
        with contextlib.suppress(BodyError):
            decode_body(bytes(text), kind)


def simple_keys(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = texts | st.integers(-99, 99) | st.builds(ObjectKey, st.dictionaries(texts, scalars, max_size=3))
    return st.lists(children, max_size=3) | st.lists(st.tuples(keys, children), max_size=4).map(tuple)


@given(st.recursive(scalars, simple_keys, max_leaves=12))
def test_the_fast_way_and_the_full_one_agree(value: Any) -> None:
    text = write(value, "").encode()
    assert quote_keys(text) == to_standard_json(text)


@given(st.binary(max_size=200) | st.text('{}[]:,"\\0a-. ', max_size=200).map(str.encode))
def test_what_the_fast_way_makes_of_anything_is_what_the_full_one_makes(text: bytes) -> None:
    made = quote_keys(text)
    try:
        read = json.loads(made) if made is not None else None
    except (ValueError, RecursionError):
        return
    if read is not None and b"NaN" not in text and b"Infinity" not in text:
        assert json.loads(to_standard_json(text)).__class__ is read.__class__
