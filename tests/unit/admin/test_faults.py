"""What servers and networks do wrong."""

import asyncio
from collections.abc import Callable

import pytest

from rocketmq_operator.admin import Admin, Malformed, Refused, Unreachable
from rocketmq_operator.admin.channel import Channel
from rocketmq_operator.remoting.codes import RequestCode

from .conftest import HandClock
from .fake_server import FakeServer, Peer

ASK = RequestCode.GET_BROKER_RUNTIME_INFO
SOON = 0.05
"""Seconds of a time-out that is meant to happen."""


async def answered(server: FakeServer, admin: Admin, peer: Peer | None = None) -> Peer:
    """One request that goes well; the connection that it took."""
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = peer or await server.accept()
    peer.reply(await peer.request())
    await call
    return peer


async def test_garbage_is_malformed_and_the_next_request_is_fine(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    await peer.request()
    peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(Malformed, match="frame length"):
        await call
    await peer.closed()
    await answered(server, admin)


async def test_garbage_fails_all_who_wait_on_it(server: FakeServer, admin: Admin) -> None:
    calls = [asyncio.create_task(admin.call(server.address, ASK)) for _ in range(3)]
    peer = await server.accept()
    for _ in calls:
        await peer.request()
    peer.write(b"\0\0\0\0")
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [Malformed] * 3


async def test_half_a_frame_then_nothing(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK, seconds=SOON))
    peer = await server.accept()
    request = await peer.request()
    peer.write(peer.connection.respond(request)[:-3])
    with pytest.raises(Unreachable, match="no answer in time") as error:
        await call
    assert error.value.sent


async def test_half_a_frame_then_the_end(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    request = await peer.request()
    peer.write(peer.connection.respond(request)[:-3])
    peer.close()
    with pytest.raises(Unreachable, match="closed the connection"):
        await call
    await answered(server, admin)


async def test_a_server_that_hangs_gets_a_new_connection(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK, seconds=SOON))
    hanging = await server.accept()
    with pytest.raises(Unreachable):
        await call
    await hanging.closed()
    await answered(server, admin)
    assert server.connections == 2


async def test_one_slow_answer_does_not_cost_the_connection(server: FakeServer, admin: Admin) -> None:
    slow = asyncio.create_task(admin.call(server.address, ASK, seconds=1))
    peer = await server.accept()
    late = await peer.request()
    await answered(server, admin, peer)  # the server lives: only that answer is slow
    with pytest.raises(Unreachable):
        await slow
    peer.reply(late, body=b"late")
    await answered(server, admin, peer)
    assert server.connections == 1


async def test_a_cancelled_request_poisons_nothing(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    abandoned = await peer.request()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    following = asyncio.create_task(admin.call(server.address, ASK))
    request = await peer.request()
    peer.reply(abandoned, body=b"for nobody")
    peer.reply(request, body=b"for you")
    assert (await following).body == b"for you"
    assert server.connections == 1


async def test_answers_in_any_order(server: FakeServer, admin: Admin) -> None:
    calls = [asyncio.create_task(admin.call(server.address, ASK, {"n": n})) for n in range(5)]
    peer = await server.accept()
    requests = [await peer.request() for _ in calls]
    for request in reversed(requests):
        peer.reply(request, body=request.fields["n"].encode())
    assert [(await call).body for call in calls] == [b"0", b"1", b"2", b"3", b"4"]
    assert server.connections == 1


async def test_requests_of_the_server_are_passed_over(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    request = await peer.request()
    peer.write(peer.connection.one_way(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED))
    peer.write(peer.connection.request(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED)[1])
    peer.reply(request)
    await call


async def test_an_idle_connection_that_the_server_closed_is_replaced(server: FakeServer, admin: Admin) -> None:
    peer = await answered(server, admin)
    call = asyncio.create_task(admin.call(server.address, ASK))
    await peer.request()
    peer.close()  # as if it had closed while we were writing
    again = await server.accept()
    again.reply(await again.request(), body=b"second")
    assert (await call).body == b"second"


async def test_what_must_not_happen_twice_is_not_repeated(server: FakeServer, admin: Admin) -> None:
    peer = await answered(server, admin)
    call = asyncio.create_task(admin.send(server.address, "t", 0, b"x"))
    await peer.request()
    peer.close()
    with pytest.raises(Unreachable) as error:
        await call
    assert error.value.sent
    assert server.connections == 1


async def test_a_new_connection_that_ends_is_not_repeated(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    await peer.request()
    peer.close()
    with pytest.raises(Unreachable):
        await call
    assert server.connections == 1


async def test_nobody_listens(server: FakeServer, admin: Admin) -> None:
    async with FakeServer() as gone:
        address = gone.address
    with pytest.raises(Unreachable, match="no connection") as error:
        await admin.call(address, ASK)
    assert not error.value.sent


async def test_a_connection_that_is_never_made(clock: HandClock) -> None:
    async def dial(host: str, port: int, make: Callable[[], Channel]) -> Channel:
        await asyncio.Event().wait()
        raise AssertionError

    async with Admin(connect_timeout=SOON, clock=clock, dial=dial) as admin:
        with pytest.raises(Unreachable, match="no connection within") as error:
            await admin.call("192.0.2.1:10911", ASK)
    assert not error.value.sent


async def test_one_who_gives_up_does_not_end_the_dialling_of_others(server: FakeServer, clock: HandClock) -> None:
    may_dial = asyncio.Event()

    async def dial(host: str, port: int, make: Callable[[], Channel]) -> Channel:
        await may_dial.wait()
        return (await asyncio.get_running_loop().create_connection(make, host, port))[1]

    async with Admin(timeout=60, connect_timeout=60, clock=clock, dial=dial) as admin:
        first = asyncio.create_task(admin.call(server.address, ASK))
        second = asyncio.create_task(admin.call(server.address, ASK))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        may_dial.set()
        peer = await server.accept()
        peer.reply(await peer.request())
        await second
    assert server.connections == 1


@pytest.mark.parametrize("address", ["", "host", "host:", ":1", "host:0", "host:65536", "host:x", "a:1;b:2"])
async def test_addresses_that_are_none(admin: Admin, address: str) -> None:
    with pytest.raises(Malformed, match="not a host:port address"):
        await admin.call(address, ASK)


async def test_a_body_that_no_server_takes(server: FakeServer, admin: Admin) -> None:
    with pytest.raises(Malformed, match="larger than"):
        await admin.call(server.address, ASK, body=bytes(16 << 20))
    await answered(server, admin)


async def test_a_server_that_shuts_down(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    peer.reply(await peer.request(), 1500)
    with pytest.raises(Unreachable, match="shutting down"):
        await call
    await peer.closed()
    await answered(server, admin)


async def test_an_error_of_the_server(server: FakeServer, admin: Admin) -> None:
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    peer.reply(await peer.request(), 1, remark='user {"password": "s3cret", "secretKey":"k"} password=s3cret failed')
    with pytest.raises(Refused) as error:
        await call
    assert (error.value.code, error.value.address) == (1, server.address)
    assert "SYSTEM_ERROR" in str(error.value)
    assert "s3cret" not in str(error.value)
    assert '"k"' not in str(error.value)
