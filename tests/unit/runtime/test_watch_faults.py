"""Every fault at which the usual watches break, on real sockets: the store is right in the end, each time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import httpx2
import msgspec
import pytest

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.resources import CONFIG_MAP
from rocketmq_operator.kube.types import Meta
from rocketmq_operator.runtime import Policy, Reflector, Settings, Store

from .fake_api import FakeApi, Reply, answer, bookmark, event, failure, page, serving, status, stream, thing
from .hand_clock import HandClock

SETTINGS = Settings(
    watch_seconds=(100, 100),
    grace_seconds=20.0,
    backoff=Policy(initial=1.0, maximum=8.0, jitter=0.0),
    stable_seconds=600.0,
)


class View(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, str] = {}


class Watched:
    """A store fed from a scripted server, and every change that it told."""

    def __init__(self, server: FakeApi) -> None:
        self.clock = HandClock()
        self.server = server
        self.http = httpx2.AsyncClient(base_url=server.url, trust_env=False)
        self.store: Store[View] = Store()
        self.changes: list[tuple[str, str]] = []
        self._changed = asyncio.Event()
        self.store.subscribe(self._note)
        self.reflector = Reflector(
            Client(self.http),
            CONFIG_MAP,
            View,
            self.store,
            clock=self.clock,
            random=Random(1),
            namespace="ns",
            settings=SETTINGS,
        )

    def _note(self, old: View | None, new: View | None) -> None:
        seen = new or old
        assert seen is not None
        self.changes.append(("gone" if new is None else "new" if old is None else "changed", seen.metadata.name))
        self._changed.set()

    def names(self) -> set[str]:
        return {each.metadata.name for each in self.store.values()}

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def has(self, *names: str) -> None:
        await self.until(lambda: self.names() == set(names))


@asynccontextmanager
async def watching(*script: Reply) -> AsyncIterator[Watched]:
    async with serving(*script) as server:
        watched = Watched(server)
        run = asyncio.create_task(watched.reflector.run())
        try:
            yield watched
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            await watched.http.aclose()
        assert run.cancelled(), "no fault may end a reflector"


async def test_a_list_then_changes_and_a_request_that_asks_for_bookmarks() -> None:
    changes = (
        event("ADDED", thing("b", 11)),
        event("MODIFIED", thing("a", 12, data={"k": "v"})),
        event("DELETED", thing("b", 13)),
        event("ADDED", thing("c", 14)),
    )
    async with watching(page(10, thing("a", 5)), stream(*changes, then="hang")) as watched:
        await watched.has("a", "c")
        view = watched.store.get("ns", "a")
        assert view is not None
        assert view.data == {"k": "v"}
        assert watched.changes == [("new", "a"), ("new", "b"), ("changed", "a"), ("gone", "b"), ("new", "c")]
        query = watched.server.requests[1].query
        assert query["resourceVersion"] == "10"
        assert query["allowWatchBookmarks"] == "true"
        assert 90 <= int(query["timeoutSeconds"]) <= 120
        assert "resourceVersion" not in watched.server.requests[0].query, "lists are consistent, never from a cache"


async def test_a_refused_reconnect() -> None:
    async with watching(page(10), stream(event("ADDED", thing("a", 11)), then="hang")) as watched:
        await watched.has("a")
        await watched.server.stop()
        watched.server.script[:] = [stream(event("ADDED", thing("b", 12)), then="hang")]
        await watched.clock.has_slept(3)
        await watched.server.start()
        await watched.has("a", "b")
        assert watched.server.requests[-1].query["resourceVersion"] == "11"


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(status(410, "Expired"), id="as HTTP status"),
        pytest.param(stream(event("ERROR", failure(410, "Expired"))), id="as an event, the stream ends"),
        pytest.param(stream(event("ERROR", failure(410, "Gone")), then="hang"), id="as an event, the stream hangs"),
    ],
)
async def test_gone_lists_anew_and_what_was_missed_is_found(gone: Reply) -> None:
    script = (page(10, thing("a", 5), thing("b", 6)), gone, page(50, thing("b", 6), thing("c", 40)))
    async with watching(*script, stream(then="hang")) as watched:
        await watched.has("b", "c")
        await watched.server.asked(4)
        assert watched.changes == [("new", "a"), ("new", "b"), ("gone", "a"), ("new", "c")]
        assert watched.server.requests[3].query["resourceVersion"] == "50"
        assert "resourceVersion" not in watched.server.requests[2].query


async def test_a_bookmark_moves_the_version() -> None:
    async with watching(page(10), stream(bookmark(99)), stream(event("ADDED", thing("a", 100)))) as watched:
        await watched.has("a")
        assert watched.server.requests[2].query["resourceVersion"] == "99"


async def test_a_dead_socket() -> None:
    script = (page(10), stream(then="hang"), stream(event("ADDED", thing("a", 11)), then="hang"))
    async with watching(*script) as watched:
        await watched.server.asked(2)
        watched.clock.expire(120.0)
        await watched.has("a")
        assert watched.server.requests[2].query["resourceVersion"] == "10"


async def test_items_null() -> None:
    body = b'{"metadata":{"resourceVersion":"10"},"items":null}'
    async with watching(answer(body), stream(event("ADDED", thing("a", 11)), then="hang")) as watched:
        await watched.store.wait_synced()
        await watched.has("a")


async def test_characters_at_which_text_is_split_but_json_is_not() -> None:
    text = "one\u0085two\u2028three\u2029four\x1cfive\x0bsix\r"
    line = event("ADDED", thing("a", 11, data={"k": text}))
    assert "\u0085".encode() in line
    async with watching(page(10), stream(line, then="hang")) as watched:
        await watched.has("a")
        view = watched.store.get("ns", "a")
        assert view is not None
        assert view.data == {"k": text}


async def test_lines_in_pieces_and_several_at_once() -> None:
    text = b"".join(event("ADDED", thing(name, 11, data={"k": "äöü\u2028€"})) for name in "abc")
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    async with watching(page(10), stream(*pieces, then="hang")) as watched:
        await watched.has("a", "b", "c")


async def test_a_huge_line() -> None:
    text = "x" * 3_000_000
    async with watching(page(10), stream(event("ADDED", thing("a", 11, data={"k": text})), then="hang")) as watched:
        await watched.has("a")
        view = watched.store.get("ns", "a")
        assert view is not None
        assert len(view.data["k"]) == len(text)


async def test_a_garbage_line_is_not_skipped_but_asked_for_again() -> None:
    garbage = stream(event("ADDED", thing("a", 11)), b"<html>502</html>\n", event("ADDED", thing("x", 12)), then="hang")
    async with watching(page(10), garbage, stream(event("ADDED", thing("b", 12)), then="hang")) as watched:
        await watched.has("a", "b")
        assert watched.server.requests[2].query["resourceVersion"] == "11"


async def test_a_line_cut_off_by_the_end_is_dropped() -> None:
    cut = event("ADDED", thing("b", 12))[:-9]
    script = (page(10), stream(event("ADDED", thing("a", 11)), cut, then="break"))
    async with watching(*script, stream(event("ADDED", thing("b", 12)), then="hang")) as watched:
        await watched.has("a", "b")
        assert watched.server.requests[2].query["resourceVersion"] == "11"


async def test_a_server_that_is_overloaded_names_the_time() -> None:
    overloaded = status(429, "TooManyRequests", Retry_After="17")
    broken = status(503, "ServiceUnavailable")
    watch = stream(event("ADDED", thing("a", 11)), then="hang")
    async with watching(overloaded, broken, page(10), overloaded, watch) as watched:
        await watched.has("a")
        assert watched.clock.slept == [17.0, 2.0, 17.0]


async def test_a_list_whose_token_expires_on_the_way_starts_anew_unpaged() -> None:
    script = (
        page(10, thing("a", 1), thing("b", 2), token="next"),
        status(410, "Expired"),
        page(20, thing("b", 2), thing("c", 15)),
    )
    async with watching(*script, stream(then="hang")) as watched:
        await watched.has("b", "c")
        await watched.server.asked(4)
        assert watched.server.requests[1].query["continue"] == "next"
        assert "continue" not in watched.server.requests[2].query
        assert "limit" not in watched.server.requests[2].query
        assert watched.server.requests[3].query["resourceVersion"] == "20"
        assert ("new", "a") not in watched.changes, "half of an old list must never show"


async def test_the_same_event_twice_is_one_change() -> None:
    added = event("ADDED", thing("a", 11))
    async with watching(
        page(10), stream(added, added, event("ADDED", thing("b", 12))), stream(added, then="hang")
    ) as watched:
        await watched.has("a", "b")
        await watched.server.asked(3)
        assert watched.changes == [("new", "a"), ("new", "b")]


async def test_one_object_that_cannot_be_read_takes_no_other_down() -> None:
    bad = thing("bad", 6, data={"k": 7})
    changes = (
        event("MODIFIED", thing("a", 11, data="nonsense")),
        event("ADDED", thing("c", 12)),
        event("MODIFIED", thing("bad", 13, data={"k": "fine now"})),
    )
    async with watching(page(10, thing("a", 5), bad), stream(*changes, then="hang")) as watched:
        await watched.has("c", "bad")
        assert set(watched.store.undecodable) == {("ns", "a")}
        assert "data" in watched.store.undecodable["ns", "a"]
        assert ("gone", "a") in watched.changes


async def test_forbidden_goes_on_and_says_so() -> None:
    refused = status(403, "Forbidden", "configmaps is forbidden")
    async with watching(refused, refused, page(10, thing("a", 5))) as watched:
        await watched.server.asked(2)
        await watched.clock.has_slept(1)
        assert "forbidden" in watched.reflector.health.problem
        await watched.has("a")
        assert watched.reflector.health.synced


async def test_who_waits_for_an_answer_waits_no_longer_than_for_a_refusal() -> None:
    busy, refused = status(503), status(403, "Forbidden", "nodes is forbidden")
    async with watching(busy, refused, answer({}, 500)) as watched:
        async with asyncio.timeout(20):
            await watched.reflector.answered(1000.0)
        assert not watched.reflector.health.synced
        assert "forbidden" in watched.reflector.health.problem


async def test_who_waits_for_an_answer_waits_for_a_list() -> None:
    async with watching(status(503), page(10, thing("a", 5)), stream(then="hang")) as watched:
        async with asyncio.timeout(20):
            await watched.reflector.answered(1000.0)
        assert watched.reflector.health.synced


async def test_a_version_that_fails_again_and_again_is_given_up() -> None:
    too_large = status(504, "Timeout", "Too large resource version")
    patience = SETTINGS.patience
    script = (page(900, thing("a", 800)), *[too_large] * (patience + 1), page(100, thing("b", 90)))
    async with watching(*script, stream(then="hang")) as watched:
        await watched.has("b")
        await watched.server.asked(patience + 4)
        assert watched.server.requests[-1].query["resourceVersion"] == "100"


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered() -> None:
    async with watching(page(10), *[stream()] * 3, stream(event("ADDED", thing("a", 11)), then="hang")) as watched:
        await watched.server.asked(4)
        assert watched.reflector.health.failures >= 2
        await watched.has("a")
        assert watched.reflector.health.failures == 0


async def test_an_unknown_type_of_event_is_not_taken_for_another() -> None:
    strange = stream(event("SURPRISE", thing("x", 11)))
    async with watching(page(10), strange, stream(event("ADDED", thing("a", 11)), then="hang")) as watched:
        await watched.has("a")
