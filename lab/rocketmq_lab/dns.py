"""One question to the lab's DNS server, to know that it serves. RFC 1035, section 4."""

import asyncio
import os
import socket
import struct

_TYPE_A = 1
_CLASS_IN = 1
_RECURSION_DESIRED = 0x0100


def question(name: str, identifier: int) -> bytes:
    """The message that asks for the address of `name`."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    header = struct.pack(">6H", identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack(">2H", _TYPE_A, _CLASS_IN)


def has_answer(message: bytes, identifier: int) -> bool:
    """Whether `message` replies to that question, without error and with at least one record."""
    if len(message) < 12:
        return False
    number, flags, _, answers, _, _ = struct.unpack(">6H", message[:12])
    return bool(number == identifier and flags & 0x8000 and flags & 0xF == 0 and answers > 0)


async def answers(server: str, name: str, seconds: float = 1.0) -> bool:
    """Whether the server at that address knows `name`."""
    return await asyncio.to_thread(_ask, server, name, seconds)


def _ask(server: str, name: str, seconds: float) -> bool:
    identifier = int.from_bytes(os.urandom(2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        try:
            client.sendto(question(name, identifier), (server, 53))
            return has_answer(client.recv(4096), identifier)
        except OSError:
            return False
