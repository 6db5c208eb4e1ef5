"""A running server publishes what happens in real calls to a real Redis, which dies and comes back meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agent.settings import BusSettings
from tests.acceptance.test_api import api, got
from tests.acceptance.theatre import LISTEN, Theatre
from tests.integration.bus.redis_server import RedisServer

__all__ = ["api"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
STREAM = BusSettings().stream
USUAL = ["call.created", "call.ringing", "call.answered", "call.ended", "call.transcript.ready"]


async def published(redis_server: RedisServer, call_id: str) -> list[Any]:
    """The events of a call, as soon as its last one is there."""
    found: list[Any] = []
    last = "0"
    async with redis_server.client() as redis:
        while not found or found[-1]["type"] != USUAL[-1]:
            answer: Any = await redis.xread({STREAM: last}, block=60_000)
            assert answer, "nothing comes any more"
            for _stream, entries in answer:
                last = entries[-1][0]
                events = [json.loads(fields["event"]) for _id, fields in entries]
                found += [event for event in events if event["call_id"] == call_id]
    return found


async def test_events_of_a_call_are_published(theatre: Theatre, api: Any, redis_server: RedisServer) -> None:
    played = await theatre.play([LISTEN, {"hang_up": {}}])
    call_id = played.call["id"]
    found = await published(redis_server, call_id)
    recorded = (await got(api, f"/v1/calls/{call_id}/events"))["data"]
    assert found == [event for event in recorded if event["type"] in USUAL]
    assert [event["type"] for event in found] == USUAL


async def test_a_broker_that_dies_is_told_and_gets_the_rest(
    theatre: Theatre, api: Any, redis_server: RedisServer
) -> None:
    await asyncio.to_thread(redis_server.kill)
    try:
        played = await theatre.play([LISTEN, {"hang_up": {}}])
        while not (problems := (ready := await got(api, "/readyz"))["problems"]):
            pass  # it looks each second
        assert ready["ready"], "calls need no broker"
        assert [text.partition(":")[0] for text in problems] == ["Redis cannot be reached"]
    finally:
        await asyncio.to_thread(redis_server.start)
    found = await published(redis_server, played.call["id"])
    assert [event["type"] for event in found] == USUAL
    while (await got(api, "/readyz"))["problems"]:
        pass
