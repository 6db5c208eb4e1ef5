"""A server that was killed in a call, and started again: the call is closed and told, and nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.telephony.ari import AriClient
from agent.testing.softphone import EndKind
from tests.acceptance.station import Station, station
from tests.integration.telephony.exchange import asterisk_settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Rails:
    """A back end that takes webhooks."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.call_ended = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        event = json.loads(await request.read())
        self.told.append(event)
        if event["type"] == "call.transcript.ready":
            self.call_ended.set()
        return web.Response()


async def left_in_asterisk(opened: Station) -> tuple[list[str], list[str]]:
    """Channels and bridges."""
    async with AriClient(asterisk_settings(opened.asterisk.config)) as ari:
        channels, bridges = await ari.channels(), await ari.bridges()
    return [channel.id for channel in channels], [bridge.id for bridge in bridges]


async def test_the_caller_is_let_go_and_rails_is_told(tmp_path: Path) -> None:
    rails = Rails()
    app = web.Application()
    app.router.add_post("/events", rails.take)
    async with TestServer(app) as server, station(tmp_path) as opened:
        async with opened.api() as api:
            body = {"url": str(server.make_url("/events"))}
            async with api.post("/v1/webhook_endpoints", json=body) as answer:
                assert answer.status == 201, await answer.text()
        call = await opened.talking()
        opened.signal(signal.SIGKILL)
        assert await opened.ended() == -signal.SIGKILL
        (open_call,) = await opened.calls()
        assert open_call["status"] == "in-progress", "it is open in the record"
        await opened.start()
        assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
        await asyncio.wait_for(rails.call_ended.wait(), 60)
        await opened.until_quiet(left_in_asterisk)
        another = await opened.talking()
        await another.hang_up()
        opened.signal(signal.SIGINT)
        assert await opened.ended() == 0
        closed, later = await opened.calls()
    assert (closed["status"], closed["ended_reason"]) == ("completed", "internal_error")
    assert closed["answered_at"] <= closed["ended_at"] <= later["created_at"]
    assert (later["status"], later["ended_reason"]) == ("completed", "caller_hangup")
    told = [event for event in rails.told if event["call_id"] == closed["id"]]
    assert [event["type"] for event in told] == [
        "call.created",
        "call.ringing",
        "call.answered",
        "call.ended",
        "call.transcript.ready",
    ]
    assert [event["sequence"] for event in told] == sorted(event["sequence"] for event in told)
    assert told[-2]["data"]["call"]["ended_reason"] == "internal_error"
