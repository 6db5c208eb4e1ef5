"""Applications that take webhooks, in a process of their own: a good one, and a slow one.

Told `result`, it says what has come since the last time it was asked, and begins anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from aiohttp import web

from agent.bench.child import asked, tell
from agent.ops.site import Site

SLOW_S = 3.0
"""The slow application takes so long for each answer."""
TOLD_EVERY_S = 0.05


class Receiver:
    """What has come to the good application."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what has come."""
        self.requests: Counter[str] = Counter()
        """By `webhook-id`."""
        self.names: dict[str, set[str]] = defaultdict(set)
        """Id of an event → the `webhook-id`s that it came with."""
        self.last: dict[str, int] = {}
        """Call → sequence of its latest event."""
        self.out_of_order = 0
        self.delays_ms: list[float] = []
        """From the event to its first arrival."""
        self.first_at = self.last_at = 0.0
        """Of first arrivals, in seconds since 1970."""

    async def take(self, request: web.Request) -> web.Response:
        """The good application."""
        event, now, name = await request.json(), time.time(), request.headers["webhook-id"]
        self.requests[name] += 1
        if event["id"] not in self.names:
            self.first_at = self.first_at or now
            self.last_at = now
            self.delays_ms.append(1000 * (now - datetime.fromisoformat(event["timestamp"]).timestamp()))
            latest = self.last.get(event["call_id"], 0)
            self.out_of_order += event["sequence"] != latest + 1
            self.last[event["call_id"]] = event["sequence"]
        self.names[event["id"]].add(name)
        return web.Response(status=204)

    async def take_slowly(self, _request: web.Request) -> web.Response:
        """The slow one."""
        await asyncio.sleep(SLOW_S)
        return web.Response(status=204)

    def result(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "events": len(self.names),
            "requests": self.requests.total(),
            "sent_again": sum(count > 1 for count in self.requests.values()),
            "doubled": sum(len(names) > 1 for names in self.names.values()),
            "out_of_order": self.out_of_order,
            "delays_ms": self.delays_ms,
            "first_at": self.first_at,
            "last_at": self.last_at,
        }


async def _serve() -> None:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/good", receiver.take)
    app.router.add_post("/slow", receiver.take_slowly)
    site = Site(app, key="receiver", bind="127.0.0.1", port=0)

    async def count() -> None:
        told = -1
        while True:
            if told != len(receiver.names):
                told = len(receiver.names)
                tell("count", events=told)
            await asyncio.sleep(TOLD_EVERY_S)

    await site.start()
    counting: asyncio.Task[None] | None = None
    try:
        async for message in asked():
            if message["type"] == "begin":
                tell("ready", port=site.port)
                counting = asyncio.create_task(count())
            else:
                tell("result", **receiver.result())
                receiver.begin_anew()
    finally:
        if counting is not None:
            counting.cancel()
        await site.close()


if __name__ == "__main__":
    asyncio.run(_serve())
