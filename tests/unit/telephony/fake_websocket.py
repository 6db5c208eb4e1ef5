"""The websocket through which the fake Asterisk tells its events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp


class FakeWebSocket:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[aiohttp.WSMessage | None] = asyncio.Queue()
        self.closed = False

    def deliver(self, event: dict[str, Any] | None) -> None:
        if event is None:
            self._queue.put_nowait(None)
        else:
            self._queue.put_nowait(aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, json.dumps(event), None))

    def __aiter__(self) -> FakeWebSocket:
        return self

    async def __anext__(self) -> aiohttp.WSMessage:
        message = await self._queue.get()
        if message is None:
            self.closed = True
            raise StopAsyncIteration
        return message

    async def close(self) -> None:
        self.closed = True
