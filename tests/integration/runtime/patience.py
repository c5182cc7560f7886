"""Waiting for what a real server does in its own time."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Return once ``check`` says so; TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - a real server tells nobody
            await asyncio.sleep(0.05)
