"""Turns what fastjson writes into standard JSON.

RocketMQ's servers write maps whose keys are not strings as they come: `{0:"addr"}`, `{true:1}`, `{{"topic":"t"}:{..}}`.
Here such a key becomes a string that holds the key's own JSON text, so that the outcome is standard JSON and one
typed decoder reads every body; `msgspec.json.decode(key, type=...)` reads an object key.

Two ways. `quote_keys` quotes numeric and flat object keys in long strides and checks nothing else: some six times
faster, and enough for whatever RocketMQ writes; its outcome still has to pass a standard parser. `to_standard_json` is
the full parser, for the rest and for errors with offsets: one pass over the tokens with an explicit stack, depth bounded,
and no object key inside an object key (each level would double the backslashes). Both take time and space linear in the
text, whatever it holds.
"""

import re
from enum import IntEnum, auto
from typing import NamedTuple, NoReturn

from rocketmq_operator.remoting.errors import BodyError

MAX_DEPTH = 64
"""Containers inside each other. RocketMQ's own bodies stay below 10."""

# Possessive quantifiers (++, *+) give nothing back, so that an unterminated string costs one pass.
_TOKEN = re.compile(
    rb"""[ \t\r\n]*+(?:
        (?P<string>"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+")
      | (?P<mark>[{}\[\],:])
      | (?P<plain>-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+ | true | false | null)
    )""",
    re.VERBOSE,
)
_SPACE = re.compile(rb"[ \t\r\n]*+")


class _Expect(IntEnum):
    """What may come next."""

    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    COMMA_OR_END = auto()
    NOTHING = auto()


_NAMES = {
    _Expect.VALUE: "a value",
    _Expect.VALUE_OR_END: "a value or ']'",
    _Expect.KEY: "a key",
    _Expect.KEY_OR_END: "a key or '}'",
    _Expect.COLON: "':'",
    _Expect.COMMA_OR_END: "',' or the end of the container",
    _Expect.NOTHING: "the end of the text",
}
_CLOSING = {b"{": b"}", b"[": b"]"}
_KEYS = (_Expect.KEY, _Expect.KEY_OR_END)
_VALUES = (_Expect.VALUE, _Expect.VALUE_OR_END)


class _Container(NamedTuple):
    """An open `{` or `[`. `key_from` is where its text starts in the output if it stands as a key, else -1."""

    opening: bytes
    key_from: int


_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_BARE_KEY = rb"(?:-?+[0-9]++|\{(?:[^{}\"]++|" + _STRING + rb")*+\})"
_STRIDE = re.compile(
    rb'(?P<plain>(?:[^"{,]++|' + _STRING + rb"|[{,](?!" + _BARE_KEY + rb":))*+)"
    rb"(?:(?P<before>[{,])(?P<key>" + _BARE_KEY + rb")(?=:)|\Z)"
)


def quote_keys(text: bytes) -> bytes | None:
    """The text with its numeric and flat object keys quoted, or None where that cannot be said. It may still be no JSON.

    Keys that are set off by white space, or are of another kind, stay as they are.
    """
    out: list[bytes] = []
    position = 0
    while stride := _STRIDE.match(text, position):
        plain, before, key = stride.groups()
        out.append(plain)
        if key is None:
            return b"".join(out)
        out += (before, _quoted(key))
        position = stride.end()
    return None


def _quoted(key: bytes) -> bytes:
    """A key's JSON text as a JSON string. What must not stand in one (control characters) a parser refuses later."""
    return b'"' + key.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def to_standard_json(text: bytes) -> bytes:
    """The same content as standard JSON; BodyError with the byte offset where it is none even leniently."""
    return _Normaliser(text).run()


class _Normaliser:
    def __init__(self, text: bytes) -> None:
        self._text = text
        self._position = 0
        self._out: list[bytes] = []
        self._stack: list[_Container] = []
        self._expect = _Expect.VALUE
        self._inside_key = False

    def run(self) -> bytes:
        match = _TOKEN.match
        text = self._text
        while token := match(text, self._position):
            group = token.lastgroup
            value = token[group]  # type: ignore[index]  # one group always matched
            if group == "mark":
                self._mark(value)
            else:
                self._scalar(value, group == "string")
            self._position = token.end()
        self._position = _SPACE.match(text, self._position).end()  # type: ignore[union-attr]  # matches the empty text too
        if self._position != len(text) or self._expect is not _Expect.NOTHING:
            self._fail()
        return b"".join(self._out)

    def _scalar(self, value: bytes, is_string: bool) -> None:
        if self._expect in _KEYS:
            self._out.append(value if is_string else b'"' + value + b'"')
            self._expect = _Expect.COLON
        elif self._expect in _VALUES:
            self._out.append(value)
            self._value_done()
        else:
            self._fail()

    def _mark(self, mark: bytes) -> None:
        if mark in b"{[":
            self._open(mark)
        elif mark in b"}]":
            self._close(mark)
        elif mark == b":" and self._expect is _Expect.COLON:
            self._out.append(mark)
            self._expect = _Expect.VALUE
        elif mark == b"," and self._expect is _Expect.COMMA_OR_END:
            self._out.append(mark)
            self._expect = _Expect.KEY if self._stack[-1].opening == b"{" else _Expect.VALUE
        else:
            self._fail()

    def _open(self, mark: bytes) -> None:
        is_key = self._expect in _KEYS
        if not is_key and self._expect not in _VALUES:
            self._fail()
        if len(self._stack) >= MAX_DEPTH:
            self._fail(f"more than {MAX_DEPTH} containers inside each other")
        if is_key and self._inside_key:
            self._fail("a key within a key")
        self._inside_key = self._inside_key or is_key
        self._stack.append(_Container(mark, len(self._out) if is_key else -1))
        self._out.append(mark)
        self._expect = _Expect.KEY_OR_END if mark == b"{" else _Expect.VALUE_OR_END

    def _close(self, mark: bytes) -> None:
        may_end = self._expect in (_Expect.COMMA_OR_END, _Expect.KEY_OR_END, _Expect.VALUE_OR_END)
        if not may_end or _CLOSING[self._stack[-1].opening] != mark:
            self._fail()
        container = self._stack.pop()
        self._out.append(mark)
        if container.key_from >= 0:
            self._quote_key(container.key_from)
        else:
            self._value_done()

    def _quote_key(self, start: int) -> None:
        key = b"".join(self._out[start:])
        del self._out[start:]
        self._out.append(_quoted(key))
        self._inside_key = False
        self._expect = _Expect.COLON

    def _value_done(self) -> None:
        self._expect = _Expect.COMMA_OR_END if self._stack else _Expect.NOTHING

    def _fail(self, reason: str = "") -> NoReturn:
        raise BodyError(reason or f"expected {_NAMES[self._expect]}", self._position)
