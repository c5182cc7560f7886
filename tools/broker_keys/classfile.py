"""Who calls what, read off one class file. Source: The Java Virtual Machine Specification (SE 17), chapters 4 and 6.

A call is an invoke instruction, or a method reference or lambda that an `invokedynamic` makes, which counts as a call by
the method that makes it.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple


class Call(NamedTuple):
    """`caller` is a method of this class, `owner.target` what it calls, with its descriptor."""

    caller: str
    owner: str
    target: str
    descriptor: str


class _Member(NamedTuple):
    """A field or method; `code` is empty where there is none."""

    name: str
    descriptor: str
    code: bytes


_MAGIC = 0xCAFEBABE
_UTF8, _HANDLE = 1, 15
_NAMED = {9, 10, 11}
_WIDTHS = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes of a constant by its tag, text aside."""
_TWO_PLACES = {5, 6}

_INVOKE, _INVOKE_DYNAMIC, _TABLE_SWITCH, _LOOKUP_SWITCH, _WIDE, _IINC = {182, 183, 184, 185}, 186, 170, 171, 196, 132
_OPERANDS = {
    **dict.fromkeys([16, 18, *range(21, 26), *range(54, 59), 169, 188], 1),
    **dict.fromkeys([17, 19, 20, _IINC, *range(153, 169), *range(178, 185), 187, 189, 192, 193, 198, 199], 2),
    197: 3,
    **dict.fromkeys([185, 186, 200, 201], 4),
}
"""Bytes of operands by instruction; those that are not here have none, or as many as their own operands tell."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")


class ClassFile:
    """One class: its name, and what its methods call."""

    def __init__(self, data: bytes) -> None:
        self._in = _Reader(data)
        if self._in.number(4) != _MAGIC:
            raise ValueError("not a class file")
        self._in.number(4)
        self._constants = self._pool()
        self._in.number(2)
        self.name = self._text(self._constants[self._in.number(2)][1])
        self._in.number(2)
        self._in.take(2 * self._in.number(2))
        self._members()
        self._methods = self._members()
        self._bootstraps = self._bootstrap_methods()

    def methods(self) -> Iterator[tuple[str, str]]:
        """Name and descriptor of every method."""
        return ((method.name, method.descriptor) for method in self._methods)

    def calls(self) -> Iterator[Call]:
        """Every call, in the order of the code."""
        for caller, _, code in self._methods:
            for opcode, index in instructions(code):
                if opcode in _INVOKE:
                    yield Call(caller, *self._member(index))
                elif opcode == _INVOKE_DYNAMIC:
                    bootstrap = self._constants[index][1] >> 16
                    for argument in self._bootstraps[bootstrap]:
                        if self._constants[argument][0] == _HANDLE:
                            yield Call(caller, *self._member(self._constants[argument][1] & 0xFFFF))

    def _pool(self) -> list[Any]:
        """(tag, value) by index; indices begin with 1, and large numbers take two."""
        constants: list[Any] = [None]
        count = self._in.number(2)
        while len(constants) < count:
            tag = self._in.number(1)
            if tag == _UTF8:
                constants.append((tag, self._in.take(self._in.number(2))))
            else:
                constants.append((tag, self._in.number(_WIDTHS[tag])))
                if tag in _TWO_PLACES:
                    constants.append(None)
        return constants

    def _members(self) -> list[_Member]:
        """All fields, or all methods."""
        return [self._member_here() for _ in range(self._in.number(2))]

    def _member_here(self) -> _Member:
        self._in.number(2)
        name, descriptor, code = self._text(self._in.number(2)), self._text(self._in.number(2)), b""
        for kind, content in self._attributes():
            if kind == "Code":
                (length,) = struct.unpack_from(">I", content, 4)
                code = content[8 : 8 + length]
        return _Member(name, descriptor, code)

    def _attributes(self) -> Iterator[tuple[str, bytes]]:
        for _ in range(self._in.number(2)):
            kind = self._text(self._in.number(2))
            yield kind, self._in.take(self._in.number(4))

    def _bootstrap_methods(self) -> list[list[int]]:
        """For each way to make a lambda the constants that it is made of."""
        for kind, content in self._attributes():
            if kind == "BootstrapMethods":
                table = _Reader(content)
                return [self._arguments(table) for _ in range(table.number(2))]
        return []

    @staticmethod
    def _arguments(table: _Reader) -> list[int]:
        table.number(2)
        return [table.number(2) for _ in range(table.number(2))]

    def _member(self, index: int) -> tuple[str, str, str]:
        tag, value = self._constants[index]
        assert tag in _NAMED, f"constant {index} of {self.name} is no member"
        named = self._constants[value & 0xFFFF][1]
        return self._text(self._constants[value >> 16][1]), self._text(named >> 16), self._text(named & 0xFFFF)

    def _text(self, index: int) -> str:
        return bytes(self._constants[index][1]).decode(errors="replace")


def instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """(opcode, the first two bytes of its operands as a number) of every instruction."""
    at = 0
    while at < len(code):
        opcode = code[at]
        yield opcode, int.from_bytes(code[at + 1 : at + 3], "big")
        at += 1 + _operands(code, at)


def _operands(code: bytes, at: int) -> int:
    opcode = code[at]
    if opcode == _WIDE:
        return 5 if code[at + 1] == _IINC else 3
    if opcode not in (_TABLE_SWITCH, _LOOKUP_SWITCH):
        return _OPERANDS.get(opcode, 0)
    padding = -(at + 1) % 4
    first, second = (int.from_bytes(code[at + padding + skip :][:4], "big", signed=True) for skip in (5, 9))
    if opcode == _LOOKUP_SWITCH:
        return padding + 8 + 8 * first
    return padding + 12 + 4 * (second - first + 1)
