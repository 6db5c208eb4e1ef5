"""An application that takes webhooks, and now and then refuses one."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from agent.ops.site import Site
from tests.integration.serve.killed.moments import Kind, Moments, chance

REFUSED = 0.01


@dataclass(frozen=True)
class Taken:
    """A webhook that was answered with 2xx, whether the answer arrived or not."""

    id: str
    type: str
    call_id: str | None
    sequence: int


class Inbox:
    def __init__(self, moments: Moments, seed: int) -> None:
        self._moments = moments
        self._chance = chance(seed, "inbox")
        app = web.Application()
        app.router.add_post("/events", self._take)
        self._site = Site(app, key="inbox", bind="127.0.0.1", port=0)
        self.taken: list[Taken] = []
        """In the order in which they came."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._site.port}/events"

    async def start(self) -> None:
        await self._site.start()

    async def close(self) -> None:
        await self._site.close()

    def calls(self) -> list[str]:
        """Ids of calls that were told of, the latest last."""
        return list(dict.fromkeys(one.call_id for one in self.taken if one.call_id))

    async def _take(self, request: web.Request) -> web.Response:
        event = await request.json()
        refuses = self._chance.random() < REFUSED
        if not refuses:
            call_id, sequence = event["call_id"], event["sequence"] or 0
            self.taken.append(Taken(request.headers["webhook-id"], event["type"], call_id, sequence))
        self._moments.saw(Kind.DELIVERY)
        return web.Response(status=500 if refuses else 204)
