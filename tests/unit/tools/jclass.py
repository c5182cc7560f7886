"""Tiny class files, for tests: only what a Java compiler would write for a few calls."""

import struct
from collections.abc import Sequence

INVOKE_VIRTUAL, RETURN, NOP = 182, 177, 0
_UTF8, _CLASS, _STRING, _LONG, _METHOD, _NAMED, _HANDLE, _METHOD_TYPE, _DYNAMIC = 1, 7, 8, 5, 10, 12, 15, 16, 18


class ClassWriter:
    """`write` gives the bytes; constants are numbered as they come."""

    def __init__(self, name: str) -> None:
        self._constants = b""
        self._count = 1
        self._methods: list[bytes] = []
        self._bootstraps: list[bytes] = []
        self._name = self.class_ref(name)

    def constant(self, content: bytes, places: int = 1) -> int:
        self._constants += content
        self._count += places
        return self._count - places

    def text(self, text: str) -> int:
        raw = text.encode()
        return self.constant(struct.pack(">BH", _UTF8, len(raw)) + raw)

    def long(self, value: int) -> int:
        return self.constant(struct.pack(">Bq", _LONG, value), 2)

    def class_ref(self, name: str) -> int:
        return self.constant(struct.pack(">BH", _CLASS, self.text(name)))

    def _named(self, name: str, descriptor: str) -> int:
        return self.constant(struct.pack(">BHH", _NAMED, self.text(name), self.text(descriptor)))

    def method_ref(self, owner: str, name: str, descriptor: str) -> int:
        return self.constant(struct.pack(">BHH", _METHOD, self.class_ref(owner), self._named(name, descriptor)))

    def call(self, owner: str, name: str, descriptor: str = "()I") -> bytes:
        """Code of a call."""
        return struct.pack(">BH", INVOKE_VIRTUAL, self.method_ref(owner, name, descriptor))

    def reference(self, owner: str, name: str, descriptor: str = "()I") -> bytes:
        """Code that makes a method reference, as `owner::name` is compiled."""
        factory = self.constant(struct.pack(">BBH", _HANDLE, 6, self.method_ref("F", "metafactory", "()V")))
        kind = self.constant(struct.pack(">BH", _METHOD_TYPE, self.text("()I")))
        handle = self.constant(struct.pack(">BBH", _HANDLE, 5, self.method_ref(owner, name, descriptor)))
        self._bootstraps.append(struct.pack(">HHHH", factory, 2, kind, handle))
        dynamic = struct.pack(">BHH", _DYNAMIC, len(self._bootstraps) - 1, self._named("apply", "()V"))
        return struct.pack(">BHH", 186, self.constant(dynamic), 0)

    def method(self, name: str, code: Sequence[bytes] = (), descriptor: str = "()V") -> None:
        whole = b"".join(code) + bytes([RETURN])
        content = struct.pack(">HHI", 4, 4, len(whole)) + whole + struct.pack(">HH", 0, 0)
        attribute = struct.pack(">HI", self.text("Code"), len(content)) + content
        self._methods.append(struct.pack(">HHHH", 1, self.text(name), self.text(descriptor), 1) + attribute)

    def write(self) -> bytes:
        table = struct.pack(">H", len(self._bootstraps)) + b"".join(self._bootstraps)
        end = struct.pack(">HHI", 1, self.text("BootstrapMethods"), len(table)) + table
        fields = struct.pack(">HHHHH", 1, 1, self.text("field"), self.text("I"), 0)
        methods = struct.pack(">H", len(self._methods)) + b"".join(self._methods)
        head = struct.pack(">IHHH", 0xCAFEBABE, 0, 52, self._count) + self._constants
        return head + struct.pack(">HHHH", 1, self._name, self._name, 0) + fields + methods + end
