"""What a client traces goes on in what its request causes, with a collector or without."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.domain.trace_context import TraceContext
from agent.store import events
from tests.integration.api.resources.conftest import Office

OF_RAILS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_the_trace_of_a_request_reaches_the_webhook_that_it_causes(office: Office) -> None:
    got: asyncio.Queue[str | None] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        got.put_nowait(request.headers.get("traceparent"))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        status, endpoint = await office.send("POST", "/v1/webhook_endpoints", {"url": str(server.make_url("/"))})
        assert status == 201
        office.house.webhooks.start()
        path = f"/v1/webhook_endpoints/{endpoint['id']}/test"
        for header, expected in ((OF_RAILS, OF_RAILS), ("nonsense", None)):
            headers = {"traceparent": header}
            assert (await office.send("POST", path, {}, headers=headers))[0] < 300
            office.house.webhooks.told(())
            assert await asyncio.wait_for(got.get(), 60) == expected
        async with office.house.store.read() as connection:
            kept = [event.traceparent for event in await events.after(connection, 0, limit=10)]
    assert kept[-2:] == [OF_RAILS, None]
    assert TraceContext.parse(kept[-2]) is not None
