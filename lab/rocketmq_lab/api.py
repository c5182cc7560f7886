"""A few requests to the lab's API server, with the standard library only."""

import asyncio
import http.client
import json
import ssl
from typing import Any

from .certificates import Pair
from .errors import LabError
from .layout import Layout


class Api:
    """Requests as the administrator. Each opens a connection of its own."""

    def __init__(self, layout: Layout, authority: Pair, client: Pair) -> None:
        self._host = layout.control_address
        self._context = ssl.create_default_context(cafile=str(authority.certificate))
        self._context.load_cert_chain(client.certificate, client.key)

    async def get(self, path: str) -> Any:
        """The JSON at `path`; LabError where the server refuses, OSError where it does not answer."""
        return await asyncio.to_thread(self._request, "GET", path, None, "application/json")

    async def apply(self, path: str, value: dict[str, Any]) -> Any:
        """Server-side apply of one object at its path."""
        query = "?fieldManager=rocketmq-lab&force=true"
        return await asyncio.to_thread(self._request, "PATCH", path + query, value, "application/apply-patch+yaml")

    async def is_ready(self) -> bool:
        try:
            answer: object = await asyncio.to_thread(self._request, "GET", "/readyz", None, "text/plain")
        except (OSError, LabError, http.client.HTTPException):
            return False
        return answer == "ok"

    def _request(self, method: str, path: str, value: dict[str, Any] | None, content_type: str) -> Any:
        connection = http.client.HTTPSConnection(self._host, 6443, timeout=10, context=self._context)
        try:
            body = None if value is None else json.dumps(value)
            connection.request(method, path, body, {"Content-Type": content_type, "Accept": "application/json"})
            response = connection.getresponse()
            data = response.read()
            if response.status >= 300:
                raise LabError(f"{method} {path}: {response.status} {data.decode(errors='replace')[:500]}")
            is_json = response.headers.get("Content-Type", "").startswith("application/json")
            return json.loads(data) if is_json else data.decode()
        finally:
            connection.close()
