"""Two connections joined by a fake link."""

from collections.abc import Iterable

import pytest

from rocketmq_operator.remoting.codes import RequestCode, ResponseCode
from rocketmq_operator.remoting.command import OPAQUE_LIMIT, Command
from rocketmq_operator.remoting.connection import Connection, Ended, Late, Request, Response, State
from rocketmq_operator.remoting.errors import FrameError, LocalError
from rocketmq_operator.remoting.signature import SIGNATURE, Credentials, sign


class Link:
    """A client and a server, and the wire between them."""

    def __init__(self, client: Connection | None = None) -> None:
        self.client = client or Connection()
        self.server = Connection()

    def to_server(self, *data: bytes) -> list[Command]:
        events = self.server.receive_data(b"".join(data))
        assert all(isinstance(event, Request) for event in events)
        return [event.command for event in events if isinstance(event, Request)]

    def to_client(self, replies: Iterable[bytes]) -> list[object]:
        return list(self.client.receive_data(b"".join(replies)))


def test_request_and_response() -> None:
    link = Link()
    opaque, data = link.client.request(RequestCode.GET_ROUTEINFO_BY_TOPIC, {"topic": "t"}, b"ask")
    (asked,) = link.to_server(data)
    assert (asked.code, asked.opaque, asked.fields, asked.body) == (105, opaque, {"topic": "t"}, b"ask")
    assert link.client.pending == {opaque}
    (event,) = link.to_client([link.server.respond(asked, 17, {"a": "b"}, b"tell", remark="none", version=493)])
    assert isinstance(event, Response)
    assert event.command == Command(17, opaque, 1, 493, "none", {"a": "b"}, b"tell")
    assert not link.client.pending


def test_responses_in_any_order_and_any_pieces() -> None:
    link = Link()
    sent = [link.client.request(code) for code in (26, 28, 21)]
    asked = link.to_server(*(data for _, data in sent))
    wire = b"".join(link.server.respond(request, body=bytes([request.code])) for request in reversed(asked))
    events = [event for i in range(len(wire)) for event in link.client.receive_data(wire[i : i + 1])]
    answers = {event.command.opaque: event.command.body for event in events if isinstance(event, Response)}
    assert answers == {sent[0][0]: b"\x1a", sent[1][0]: b"\x1c", sent[2][0]: b"\x15"}


def test_a_forgotten_request_gets_a_late_response_and_nothing_breaks() -> None:
    link = Link()
    first, data = link.client.request(28)
    (asked,) = link.to_server(data)
    link.client.forget(first)
    second, more = link.client.request(28)
    (again,) = link.to_server(more)
    events = link.to_client([link.server.respond(asked), link.server.respond(again)])
    assert [type(event) for event in events] == [Late, Response]
    assert first != second
    assert link.client.state is State.OPEN


def test_a_response_counts_once() -> None:
    link = Link()
    _, data = link.client.request(28)
    (asked,) = link.to_server(data)
    reply = link.server.respond(asked)
    assert [type(event) for event in link.to_client([reply, reply])] == [Response, Late]


def test_one_way_waits_for_nothing() -> None:
    link = Link()
    (asked,) = link.to_server(link.client.one_way(34))
    assert asked.is_one_way
    assert not link.client.pending


def test_the_server_may_ask_too() -> None:
    link = Link()
    (event,) = link.to_client([link.server.one_way(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED)])
    assert isinstance(event, Request)
    assert event.command.code == 40


def test_the_end_names_what_was_pending() -> None:
    link = Link()
    numbers = [link.client.request(28)[0] for _ in range(3)]
    assert link.client.receive_eof() == [Ended(tuple(numbers), None)]
    assert link.client.state is State.CLOSED
    assert link.client.receive_eof() == []
    assert link.client.receive_data(b"\xff\xff\xff\xff") == []
    with pytest.raises(LocalError):
        link.client.request(28)
    with pytest.raises(LocalError):
        link.client.respond(Command(1))


def test_what_was_whole_before_a_fault_still_counts() -> None:
    link = Link()
    first, data = link.client.request(28)
    second, _ = link.client.request(28)
    (asked,) = link.to_server(data)
    events = link.client.receive_data(link.server.respond(asked) + b"\xff\xff\xff\xff")
    assert [type(event) for event in events] == [Response, Ended]
    ended = events[1]
    assert isinstance(ended, Ended)
    assert ended.pending == (second,)
    assert isinstance(ended.fault, FrameError)
    assert link.client.state is State.BROKEN
    assert first not in link.client.pending


def test_go_away_lets_the_pending_finish() -> None:
    link = Link()
    sent = [link.client.request(28)[1] for _ in range(2)]
    first, second = link.to_server(*sent)
    link.to_client([link.server.respond(first, ResponseCode.GO_AWAY)])
    assert link.client.state is State.DRAINING
    with pytest.raises(LocalError):
        link.client.request(28)
    (event,) = link.to_client([link.server.respond(second)])
    assert isinstance(event, Response)
    link.client.receive_eof()
    assert link.client.state.name == "CLOSED"


def test_numbers_wrap_and_skip_those_in_use() -> None:
    connection = Connection(first_opaque=OPAQUE_LIMIT - 1)
    numbers = [connection.request(28)[0] for _ in range(2)]
    assert numbers == [OPAQUE_LIMIT - 1, 0]
    again = Connection(first_opaque=OPAQUE_LIMIT - 1)
    again._pending = {OPAQUE_LIMIT - 1, 0, 1}
    assert again.request(28)[0] == 2


def test_every_request_is_signed() -> None:
    credentials = Credentials("alice", "secret")
    link = Link(Connection(credentials))
    (asked,) = link.to_server(link.client.request(17, {"topic": "t"}, b"body")[1])
    assert asked.fields == sign({"topic": "t"}, b"body", credentials)
    assert SIGNATURE in asked.fields
