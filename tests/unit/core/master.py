"""A make-believe master: answers requests 26, 28 and 33 as RocketMQ does, or wrongly, on a thread of its own."""

import json
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FILE = 1 << 16


def record(offset: int, size: int = 300, magic: int = 0xDAA320A7, *, stored_ms: int = 0, v6: bool = False) -> bytes:
    """A stored message, as far as the script looks at it; with bytes that no shell variable could hold."""
    head = struct.pack(">IIIiiqqiq", size, magic, 0, 0, 0, 5, offset, 16 if v6 else 0, 0)
    head += bytes(20 if v6 else 8) + struct.pack(">q", stored_ms)
    return head + bytes(index % 256 for index in range(size - len(head)))


class Master:
    """``low`` and ``high`` are the ends of its log. ``records`` has what it gives instead of a record;
    ``cut`` bytes are missing from each answer; ``mute`` answers about its state are empty, as of one that has just started."""

    def __init__(self) -> None:
        self.low, self.high = 3 * FILE, 5 * FILE + 1000
        self.file_size = FILE
        self.name = "broker-0"
        self.cut = 0
        self.mute = 0
        self.records: dict[int, bytes] = {}
        self.asked: list[int] = []
        self.address = ""

    def body(self, code: int, fields: dict[str, str]) -> bytes:
        self.asked.append(code)
        if code == 26:
            settings = {
                "brokerName": self.name,
                "brokerId": "0",
                "mappedFileSizeCommitLog": str(self.file_size),
                "pad": "x" * 9000,
            }
            return "".join(f"{key}={value}\n" for key, value in settings.items()).encode()
        if code == 28 and self.mute:
            self.mute -= 1
            return b""
        if code == 28:
            table = {"commitLogMaxOffset": str(self.high), "commitLogMinOffset": str(self.low), "bootTimestamp": "7"}
            return json.dumps({"table": table}, separators=(",", ":")).encode()
        offset = int(fields["offset"])
        return self.records.get(offset, record(offset))

    @contextmanager
    def listening(self) -> Iterator["Master"]:
        master = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sizes = self.rfile.read(8)
                if not sizes:
                    return  # somebody looked whether anything listens here
                total, head = struct.unpack(">II", sizes)
                asked = json.loads(self.rfile.read(head & 0xFFFFFF))
                self.rfile.read(total - 4 - head)
                body = master.body(asked["code"], asked["extFields"])
                answer = b'{"code":0,"flag":1,"opaque":1}'
                frame = struct.pack(">II", 4 + len(answer) + len(body), len(answer)) + answer + body
                self.wfile.write(frame[: len(frame) - master.cut])

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            self.address = f"127.0.0.1:{server.server_address[1]}"
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown()
