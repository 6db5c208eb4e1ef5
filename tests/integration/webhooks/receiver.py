"""An application on loopback that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook

Respond = Callable[[web.Request, "Received"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def verified(self, secret: str) -> bool:
        """By the receivers' own library, apart from the age of the message, since tests have a time of their own."""
        signature = self.headers["webhook-signature"].split(" ")
        timestamp = int(self.headers["webhook-timestamp"])
        expected = Webhook(secret).sign(self.id, datetime.fromtimestamp(timestamp, UTC), self.body)
        return expected in signature


@dataclass
class Receiver:
    received: list[Received] = field(default_factory=list)
    respond: dict[str, Respond] = field(default_factory=dict)
    """By path; others get 204."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: TestServer | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server(shutdown_timeout=0)

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()

    @property
    def port(self) -> int:
        assert self._server is not None
        assert self._server.port is not None
        return self._server.port

    def url(self, path: str = "/hooks") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    async def until_received(self, count: int) -> None:
        await self.until(lambda: len(self.received) >= count)

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = Received(request.path, {k.lower(): v for k, v in request.headers.items()}, await request.text())
        async with self._changed:
            self.received.append(received)
            self._changed.notify_all()
        respond = self.respond.get(request.path)
        return web.Response(status=204) if respond is None else await respond(request, received)


def answers(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Respond:
    async def respond(_request: web.Request, _received: Received) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, body=body)

    return respond
