"""Bodies: JSON in, frozen Structs out, and back."""

from typing import Any, TypeVar

import msgspec

from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.lenient import to_standard_json

T = TypeVar("T")

_REFERENCE = b'"$ref"'


_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """One decoder a type: making one costs more than using it."""
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def decode_body(body: bytes, kind: type[T]) -> T:
    """A JSON body as `kind`, standard JSON first (many times faster), then as fastjson writes it.

    BodyError where it is neither, or does not have the shape of `kind`. Its message names types and paths, no values.
    """
    if _REFERENCE in body:
        # fastjson 1 may write a repeated object as a path to its first place. No body that we read repeats one.
        raise BodyError("the body refers to itself ($ref)", body.index(_REFERENCE))
    decoder = _decoder(kind)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    text = to_standard_json(body)
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BodyError(f"unexpected shape: {str(error)[:200]}") from None


def encode_body(value: object) -> bytes:
    """Standard JSON; fastjson reads it."""
    return msgspec.json.encode(value)
