"""What the benches do wrong on purpose, each so that a measure must miss its mark (`--control`)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.ids import new_id
from agent.store.engine import Store
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets

SLOW_READ_S, SLOW_WRITE_S = 0.03, 0.5
FORGOTTEN = 500
"""One of so many."""

WEBHOOK_CONTROLS = {
    "slow-store": "every transaction that writes takes half a second longer: fewer than 500 a second",
    "forgetful": "one request of 500 goes to the slow application instead: it is lost",
    "renamed": "every attempt has another webhook-id: the receiver cannot tell repetitions",
    "one-line": "requests to all endpoints wait for each other: a slow one delays the good one",
    "no-order": "deliveries do not tell their call: its events arrive in any order",
}
API_CONTROLS = {
    "slow-store": "every transaction that reads takes 30 ms longer: GET /calls misses its mark",
    "busy-loop": "every request keeps the event loop busy for 25 ms: frames are late",
}


class SlowStore(Store):
    """See `slow-store`."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """As Store.read."""
        async with super().read() as connection:
            await asyncio.sleep(SLOW_READ_S)
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """As Store.write."""
        async with super().write() as connection:
            await asyncio.sleep(SLOW_WRITE_S)
            yield connection


class FlawedClient(WebhookClient):
    """A client that does one thing wrong."""

    def __init__(self, targets: Targets, flaw: str) -> None:
        super().__init__(targets)
        self._flaw = flaw
        self._numbers = itertools.count(1)
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def post(self, url: str, body: str, headers: Mapping[str, str], **more: Any) -> AsyncIterator[Any]:
        """As WebhookClient.post."""
        if self._flaw == "forgetful" and next(self._numbers) % FORGOTTEN == 0:
            url = url.replace("/good", "/slow")
        if self._flaw == "renamed":
            headers = {**headers, "webhook-id": new_id("evt")}
        async with (
            self._line if self._flaw == "one-line" else nullcontext(),
            super().post(url, body, headers, **more) as got,
        ):
            yield got


def flawed_client(targets: Targets, flaw: str | None) -> WebhookClient:
    """The client of the bench."""
    return FlawedClient(targets, flaw) if flaw in {"forgetful", "renamed", "one-line"} else WebhookClient(targets)
