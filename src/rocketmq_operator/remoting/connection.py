"""One connection's conversation, without any I/O: requests and bytes in, bytes and events out.

Either end may use it: an end that asks calls `request` and reads Response events, an end that answers reads Request
events and calls `respond`. Responses carry their request's `opaque` and come in any order.

    OPEN      requests go out, responses come in
    DRAINING  the peer said GO_AWAY: nothing new goes out, what is pending may still be answered
    CLOSED    the peer closed, or we did
    BROKEN    the peer sent bytes that are no frame: nothing after them can be trusted

A caller that gives up (time-out, cancellation) says `forget`; the late response then becomes a Late event and harms
nobody. Numbers are not used again before all others were, so a late response is never taken for another's.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from rocketmq_operator.remoting.codes import ResponseCode
from rocketmq_operator.remoting.command import OPAQUE_LIMIT, Command, Flag, decode, encode
from rocketmq_operator.remoting.errors import FrameError, LocalError
from rocketmq_operator.remoting.frame import FrameDecoder
from rocketmq_operator.remoting.signature import Credentials, sign


class State(Enum):
    OPEN = auto()
    DRAINING = auto()
    CLOSED = auto()
    BROKEN = auto()


class _Trigger(Enum):
    GO_AWAY = auto()
    END = auto()
    FAULT = auto()


# States that are not listed stay as they are: CLOSED and BROKEN are final.
_TRANSITIONS = {
    (State.OPEN, _Trigger.GO_AWAY): State.DRAINING,
    (State.OPEN, _Trigger.END): State.CLOSED,
    (State.OPEN, _Trigger.FAULT): State.BROKEN,
    (State.DRAINING, _Trigger.END): State.CLOSED,
    (State.DRAINING, _Trigger.FAULT): State.BROKEN,
}


class Response(NamedTuple):
    """The answer to the pending request of that number."""

    command: Command


class Late(NamedTuple):
    """A response that nobody waits for."""

    command: Command


class Request(NamedTuple):
    """The peer asks (or tells, if one-way)."""

    command: Command


class Ended(NamedTuple):
    """No more will come. `pending` are requests without answers; `fault` is set if the peer broke the protocol."""

    pending: tuple[int, ...]
    fault: FrameError | None


Event = Response | Late | Request | Ended


class Connection:
    """The state of one connection. `credentials` sign every request."""

    def __init__(self, credentials: Credentials | None = None, first_opaque: int = 0) -> None:
        self._credentials = credentials
        self._next = first_opaque % OPAQUE_LIMIT
        self._pending: set[int] = set()
        self._frames = FrameDecoder()
        self._state = State.OPEN

    @property
    def state(self) -> State:
        return self._state

    @property
    def pending(self) -> frozenset[int]:
        """Numbers of requests that wait for their responses."""
        return frozenset(self._pending)

    def request(self, code: int, fields: Mapping[str, str] | None = None, body: bytes = b"") -> tuple[int, bytes]:
        """A new request's number and bytes; LocalError unless the connection is OPEN."""
        opaque = self._free_opaque()
        data = self._outgoing(code, opaque, Flag.REQUEST, fields, body)
        self._pending.add(opaque)
        return opaque, data

    def one_way(self, code: int, fields: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
        """The bytes of a request that gets no response."""
        return self._outgoing(code, self._free_opaque(), Flag.ONE_WAY, fields, body)

    def respond(
        self,
        request: Command,
        code: int = ResponseCode.SUCCESS,
        fields: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        remark: str | None = None,
        version: int = 0,
    ) -> bytes:
        """The bytes of the answer to a request of the peer."""
        if self._state in (State.CLOSED, State.BROKEN):
            raise LocalError(f"the connection is {self._state.name}")
        flag = int(Flag.RESPONSE)
        return encode(Command(code, request.opaque, flag, version, remark, dict(fields or {}), body))

    def forget(self, opaque: int) -> None:
        """Nobody waits for this request any longer."""
        self._pending.discard(opaque)

    def receive_data(self, data: bytes) -> list[Event]:
        """What these bytes complete. After Ended nothing further is reported."""
        if self._state in (State.CLOSED, State.BROKEN):
            return []
        self._frames.feed(data)
        events: list[Event] = []
        try:
            while (frame := self._frames.next_frame()) is not None:
                events.append(self._classify(decode(frame)))
        except FrameError as fault:
            events.append(self._end(_Trigger.FAULT, fault))
        return events

    def receive_eof(self) -> list[Event]:
        """The peer (or we) closed: the same as an Ended event, once."""
        if self._state in (State.CLOSED, State.BROKEN):
            return []
        return [self._end(_Trigger.END, None)]

    def _classify(self, command: Command) -> Event:
        if not command.is_response:
            return Request(command)
        if command.code == ResponseCode.GO_AWAY:
            self._move(_Trigger.GO_AWAY)
        if command.opaque not in self._pending:
            return Late(command)
        self._pending.discard(command.opaque)
        return Response(command)

    def _end(self, trigger: _Trigger, fault: FrameError | None) -> Ended:
        self._move(trigger)
        ended = Ended(tuple(sorted(self._pending)), fault)
        self._pending.clear()
        return ended

    def _move(self, trigger: _Trigger) -> None:
        self._state = _TRANSITIONS.get((self._state, trigger), self._state)

    def _outgoing(self, code: int, opaque: int, flag: Flag, fields: Mapping[str, str] | None, body: bytes) -> bytes:
        if self._state is not State.OPEN:
            raise LocalError(f"the connection is {self._state.name}")
        own = dict(fields or {})
        if self._credentials is not None:
            own = sign(own, body, self._credentials)
        return encode(Command(code, opaque, int(flag), fields=own, body=body))

    def _free_opaque(self) -> int:
        while self._next in self._pending:
            self._next = (self._next + 1) % OPAQUE_LIMIT
        opaque = self._next
        self._next = (opaque + 1) % OPAQUE_LIMIT
        return opaque
