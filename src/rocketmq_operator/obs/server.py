"""The operator's HTTP port: health, metrics, and live figures for the kubectl plugin."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

Live = Callable[[str, str], Awaitable[Any | None]]
Check = Callable[[], str]
"""Returns what is wrong, or an empty text."""


class Server:
    """Serves on one port until closed."""

    def __init__(self, *, alive: Check, ready: Check, metrics: Callable[[], bytes], live: Live) -> None:
        self._alive, self._ready, self._metrics, self._live = alive, ready, metrics, live
        app = web.Application()
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._scrape)
        app.router.add_get("/v1/clusters/{namespace}/{name}", self._cluster)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _livez(self, _request: web.Request) -> web.Response:
        return _answer(self._alive())

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _answer(self._ready())

    async def _scrape(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _cluster(self, request: web.Request) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        found = await self._live(namespace, name)
        if found is None:
            raise web.HTTPNotFound(text=f"no BrokerCluster {namespace}/{name}")
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")


def _answer(problem: str) -> web.Response:
    return web.Response(text=problem or "ok", status=503 if problem else 200)
