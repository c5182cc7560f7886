"""Bounds, idleness, the end."""

import asyncio
import gc

import pytest

from rocketmq_operator.admin import Admin, Credentials, Unreachable
from rocketmq_operator.remoting.codes import RequestCode
from rocketmq_operator.remoting.signature import sign

from .conftest import HandClock
from .fake_server import FakeServer
from .test_faults import ASK, answered


async def test_at_most_so_many_at_once_to_one_server(server: FakeServer, admin: Admin) -> None:
    calls = [asyncio.create_task(admin.call(server.address, ASK)) for _ in range(40)]
    peer = await server.accept()
    waiting = [await peer.request() for _ in range(16)]
    with pytest.raises(TimeoutError):  # the 17th waits for a place
        async with asyncio.timeout(0.05):
            await peer.request()
    for done in range(40):
        peer.reply(waiting.pop())
        if done < 24:
            waiting.append(await peer.request())
    await asyncio.gather(*calls)
    assert server.connections == 1


async def test_a_server_that_hangs_leaves_places_for_others(server: FakeServer, clock: HandClock) -> None:
    async with FakeServer() as hanging, Admin(timeout=60, concurrency=64, clock=clock) as admin:
        stuck = [asyncio.create_task(admin.call(hanging.address, ASK)) for _ in range(100)]
        await (await hanging.accept()).request()
        await answered(server, admin)
        for call in stuck:
            call.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_at_most_so_many_at_once_in_all(server: FakeServer, clock: HandClock) -> None:
    async with FakeServer() as other, Admin(timeout=60, concurrency=1, clock=clock) as admin:
        first = asyncio.create_task(admin.call(server.address, ASK))
        peer = await server.accept()
        request = await peer.request()
        second = asyncio.create_task(admin.call(other.address, ASK))
        await asyncio.sleep(0)
        assert other.connections == 0
        peer.reply(request)
        await first
        waiting = await other.accept()
        waiting.reply(await waiting.request())
        await second


async def test_idle_connections_end(server: FakeServer, admin: Admin, clock: HandClock) -> None:
    peer = await answered(server, admin)
    clock.now += 59
    await answered(server, admin, peer)
    clock.now += 61
    await answered(server, admin)
    await peer.closed()
    assert server.connections == 2


async def test_any_request_ends_idle_connections_to_others(server: FakeServer, admin: Admin, clock: HandClock) -> None:
    async with FakeServer() as other:
        peer = await answered(other, admin)
        clock.now += 61
        await answered(server, admin)
        await peer.closed()
    assert len(admin._pool._servers) == 1


async def test_a_connection_in_use_is_not_idle(server: FakeServer, admin: Admin, clock: HandClock) -> None:
    slow = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    request = await peer.request()
    clock.now += 1000
    await answered(server, admin, peer)
    peer.reply(request)
    await slow
    assert server.connections == 1


async def test_close_ends_everything(server: FakeServer, clock: HandClock) -> None:
    admin = Admin(timeout=60, clock=clock)
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    await peer.request()
    await admin.close()
    with pytest.raises(Unreachable, match="closed"):
        await call
    await peer.closed()
    with pytest.raises(Unreachable, match="client is closed"):
        await admin.call(server.address, ASK)
    await admin.close()


async def test_close_while_dialling(clock: HandClock) -> None:
    async def dial(*_: object) -> object:
        await asyncio.Event().wait()
        raise AssertionError

    before = asyncio.all_tasks()
    admin = Admin(timeout=60, connect_timeout=60, clock=clock, dial=dial)  # type: ignore[arg-type]
    call = asyncio.create_task(admin.call("192.0.2.1:1", ASK))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await admin.close()
    with pytest.raises(Unreachable, match="client is closed"):
        await call
    assert asyncio.all_tasks() == before


async def test_failed_dials_that_nobody_awaits_are_not_reported(clock: HandClock) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    may_fail = asyncio.Event()

    async def dial(*_: object) -> object:
        await may_fail.wait()
        raise ConnectionRefusedError

    async with Admin(clock=clock, dial=dial) as admin:  # type: ignore[arg-type]
        call = asyncio.create_task(admin.call("192.0.2.1:1", ASK))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        may_fail.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    gc.collect()
    assert complaints == []


async def test_versions_are_remembered(server: FakeServer, admin: Admin) -> None:
    assert admin.version(server.address) is None
    call = asyncio.create_task(admin.call(server.address, ASK))
    peer = await server.accept()
    peer.reply(await peer.request(), version=409)
    await call
    assert admin.version(server.address) == 409


async def test_requests_are_signed(server: FakeServer, clock: HandClock) -> None:
    credentials = Credentials("alice", "hidden-key")
    async with Admin(timeout=60, credentials=credentials, clock=clock) as admin:
        call = asyncio.create_task(admin.call(server.address, RequestCode.GET_TOPIC_CONFIG, {"topic": "t"}, b"body"))
        peer = await server.accept()
        request = await peer.request()
        peer.reply(request)
        await call
    assert request.fields == sign({"topic": "t"}, b"body", credentials)
    assert "hidden-key" not in repr(request)


async def test_every_request_is_told_also_one_that_is_sent_again(server: FakeServer, clock: HandClock) -> None:
    told: list[str] = []
    async with Admin(timeout=60, clock=clock, on_call=lambda code: told.append(code.name)) as admin:
        peer = await answered(server, admin)
        call = asyncio.create_task(admin.cluster_info(server.address))
        await peer.request()
        peer.close()
        again = await server.accept()
        again.reply(await again.request(), body=b"{}")
        await call
    assert told == ["GET_BROKER_RUNTIME_INFO", "GET_BROKER_CLUSTER_INFO", "GET_BROKER_CLUSTER_INFO"]
