"""Errors of the protocol: what the peer's bytes can be guilty of."""


class ProtocolError(Exception):
    """Bytes from the peer that the protocol does not allow.

    `offset` is where in the text or block that was being decoded the fault lies, or -1 where that has no meaning.
    The message never quotes the bytes themselves: bodies may hold passwords.
    """

    def __init__(self, reason: str, offset: int = -1) -> None:
        super().__init__(reason if offset < 0 else f"{reason} at offset {offset}")
        self.reason = reason
        self.offset = offset


class FrameError(ProtocolError):
    """A frame's lengths contradict each other, or its header cannot be read. The connection is beyond repair."""


class BodyError(ProtocolError):
    """A body is not what its command promises. Frames after it are unharmed."""


class LocalError(Exception):
    """We asked for what the protocol cannot do: a fault of the caller, not of the peer."""
