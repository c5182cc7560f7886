"""A reflector on a faulty API server: whatever goes wrong on the way, the store is like the server in the end.

The whole reflector runs, in virtual time; a history of changes and faults is drawn by hypothesis, and replays from its seed.
"""

import asyncio
from collections.abc import AsyncGenerator
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rocketmq_operator.kube.errors import Forbidden, Gone, Invalid, NotFound, Retry
from rocketmq_operator.kube.resources import CONFIG_MAP
from rocketmq_operator.kube.types import Meta, Ref
from rocketmq_operator.runtime import Reflector, Settings, Store
from rocketmq_operator.runtime.virtual import VirtualClock, run_virtual

from ...unit.runtime.cluster import Cluster

FAULTS = (
    Retry("503", status=503),
    Retry("429", status=429, retry_after=7.0),
    Retry("connection refused"),
    Gone("410", status=410),
    Forbidden("403", status=403),
    NotFound("404", status=404),
    Invalid("400", status=400),
    RuntimeError("a fault nobody thought of"),
)
STREAM_FAULTS = ("break", "hang", "garbage", "cut", "twice", "bytes", "410")


class View(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, int] = {}


class World:
    """A cluster with faults, a reflector on it, and a copy made from nothing but what handlers were told."""

    def __init__(self, seed: int, faulty: float) -> None:
        self.random = Random(seed)
        self.faulty = faulty
        self.cluster = Cluster()
        self.cluster.before = self._before
        self.cluster.stream = self._stream
        self.store: Store[View] = Store(indexers={"data": lambda view: [f"n={view.data.get('n')}"]})
        self.mirror: dict[str, View] = {}
        self.store.subscribe(self._told)
        self.reflector = Reflector(
            self.cluster,
            CONFIG_MAP,
            View,
            self.store,
            clock=VirtualClock(),
            random=Random(seed),
            settings=Settings(page=3),
        )

    def _told(self, old: View | None, new: View | None) -> None:
        seen = new or old
        assert seen is not None
        name = seen.metadata.name
        assert self.mirror.get(name) == old, "old is what was told last"
        if new is None:
            del self.mirror[name]
        else:
            self.mirror[name] = new

    def _before(self, verb: str) -> None:
        if verb in ("list", "watch") and self.random.random() < self.faulty:
            raise self.random.choice(FAULTS)

    async def _stream(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            fault = self.random.choice(STREAM_FAULTS) if self.random.random() < self.faulty else "none"
            if fault == "bytes":
                for position in range(len(chunk)):
                    yield chunk[position : position + 1]
                continue
            if fault == "hang":
                await asyncio.Event().wait()
            if fault == "410":
                yield b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n'
            if fault == "garbage":
                yield b'{"type": "ADDED", "object": {\n'
            if fault == "cut":
                yield chunk[: len(chunk) // 2]
                return
            if fault == "break":
                raise Retry("connection reset")
            yield chunk
            if fault == "twice":
                yield chunk

    async def change(self, action: str, name: str) -> None:
        ref = Ref(CONFIG_MAP, "ns", name)
        there = ("configmaps", "ns", name) in self.cluster.objects
        if action == "write" and not there:
            await self.cluster.create(CONFIG_MAP, {"metadata": {"namespace": "ns", "name": name}, "data": {"n": 0}})
        elif action == "write":
            await self.cluster.patch(ref, {"data": {"n": self.random.randrange(3)}})
        elif action == "spoil" and there:
            await self.cluster.patch(ref, {"data": {"n": "not a number"}})
        elif action == "delete" and there:
            await self.cluster.delete(ref)
        elif action == "compact":
            self.cluster.compact()

    def check(self) -> None:
        """The store, its indexes and the mirror are like the cluster."""
        good, bad = {}, set()
        for (_, _, name), obj in self.cluster.objects.items():
            if isinstance(obj["data"]["n"], int):
                good[name] = (obj["metadata"]["resourceVersion"], obj["data"]["n"])
            else:
                bad.add(name)
        views = {view.metadata.name: view for view in self.store.values()}
        assert {name: (view.metadata.resource_version, view.data["n"]) for name, view in views.items()} == good
        assert {name for _, name in self.store.undecodable} == bad
        assert self.mirror == views
        for number in range(3):
            indexed = {view.metadata.name for view in self.store.by_index("data", f"n={number}")}
            assert indexed == {name for name, (_, each) in good.items() if each == number}


ACTIONS = st.tuples(
    st.sampled_from(["write", "write", "write", "delete", "spoil", "compact"]),
    st.sampled_from("abcdefgh"),
    st.sampled_from([0.0, 0.0, 0.1, 1.0, 30.0, 400.0]),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4, 0.8]), st.lists(ACTIONS, max_size=40))
def test_the_store_is_like_the_server_in_the_end(
    seed: int, faulty: float, history: list[tuple[str, str, float]]
) -> None:
    async def scenario() -> None:
        world = World(seed, faulty)
        run = asyncio.create_task(world.reflector.run())
        for action, name, pause in history:
            await world.change(action, name)
            await asyncio.sleep(pause)
        world.faulty = 0.0
        await asyncio.sleep(600)
        world.check()
        assert world.store.synced
        assert world.reflector.health.failures == 0
        assert not run.done(), "nothing may end a reflector"
        run.cancel()

    run_virtual(scenario())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_a_seed_replays(seed: int) -> None:
    def once() -> list[str]:
        told: list[str] = []

        async def scenario() -> None:
            world = World(seed, 0.4)
            world.store.subscribe(lambda old, new: told.append(f"{asyncio.get_running_loop().time()} {old} {new}"))
            run = asyncio.create_task(world.reflector.run())
            for number in range(20):
                await world.change(world.random.choice(["write", "delete"]), "abc"[number % 3])
                await asyncio.sleep(world.random.random() * 20)
            run.cancel()

        run_virtual(scenario())
        return told

    assert once() == once()
