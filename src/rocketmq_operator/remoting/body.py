"""Bodies: JSON in, frozen Structs out, and back."""

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.lenient import quote_keys, to_standard_json

T = TypeVar("T")

_REFERENCE = b'"$ref"'
_REFUSALS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """One decoder a type: making one costs more than using it."""
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def decode_body(body: bytes, kind: type[T]) -> T:
    """A JSON body as `kind`, as standard JSON if it is that, else as fastjson writes it, the fast way first.

    BodyError where it is neither, or does not have the shape of `kind`. Its message names types and paths, no values.
    """
    if _REFERENCE in body:
        # fastjson 1 may write a repeated object as a path to its first place. No body that we read repeats one.
        raise BodyError("the body refers to itself ($ref)", body.index(_REFERENCE))
    decoder = _decoder(kind)
    for rewrite in (_as_it_is, quote_keys):
        text = rewrite(body)
        with suppress(*_REFUSALS):
            if text is not None:
                return decoder.decode(text)
    try:
        return decoder.decode(to_standard_json(body))
    except _REFUSALS as error:
        raise BodyError(f"unexpected shape: {str(error)[:200]}") from None


def _as_it_is(body: bytes) -> bytes:
    return body


def encode_body(value: object) -> bytes:
    """Standard JSON; fastjson reads it."""
    return msgspec.json.encode(value)
