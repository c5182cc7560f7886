"""Questions about the log: what goes out, and what a broker's answers mean."""

import pytest

from rocketmq_operator.admin import Admin, Malformed, Refused

from .fake_server import FakeServer
from .test_operations import exchange


async def test_what_lies_at_a_place(server: FakeServer, admin: Admin) -> None:
    request, stored = await exchange(server, admin.stored(server.address, 700), body=b"any bytes")
    assert (request.code, request.fields, stored) == (33, {"offset": "700"}, b"any bytes")


async def test_no_message_begins_there(server: FakeServer, admin: Admin) -> None:
    _, stored = await exchange(server, admin.stored(server.address, 701), 1)
    assert stored is None


async def test_a_busy_broker_says_nothing_of_its_log(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Refused):
        await exchange(server, admin.stored(server.address, 701), 2)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"filterData":"null","maxQueueIndex":10,"queueData":[{"physicOffset":14031,"physicSize":739}]}', 14031),
        (b'{"queueData":[]}', None),
        (b"", None),
    ],
)
async def test_where_a_message_lies(server: FakeServer, admin: Admin, body: bytes, place: int | None) -> None:
    request, found = await exchange(server, admin.place(server.address, "t", 1, 9), body=body)
    assert (request.code, found) == (321, place)
    assert request.fields == {"topic": "t", "queueId": "1", "index": "9", "count": "1"}


async def test_a_place_that_is_no_number_is_not_believed(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Malformed):
        await exchange(server, admin.place(server.address, "t", 1, 9), body=b'{"queueData":[{"physicOffset":"far"}]}')


async def test_the_first_message_since_a_time(server: FakeServer, admin: Admin) -> None:
    request, offset = await exchange(server, admin.offset_at(server.address, "t", 1, 1000), fields={"offset": "8"})
    assert (request.code, request.fields["timestamp"], offset) == (29, "1000", 8)
