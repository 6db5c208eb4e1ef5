"""Several processes on one PostgreSQL send webhooks; one is killed while an endpoint has its request."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy import select

from agent.domain.event_types import EventType
from agent.settings import WebhooksSettings
from agent.store import webhook_endpoints
from agent.store.engine import Store
from agent.store.schema import webhook_deliveries
from tests.integration.bus.relay_room import append
from tests.integration.fleet import Fleet
from tests.integration.webhooks.receiver import Received, Receiver

KILLS, CALLS, EVENTS = 3, 24, 480
TIMEOUT_S = 6
"""A lease is twice as long: so long it takes until others go on."""


async def sender_of(store: Store, event_id: str) -> str:
    async with store.read() as connection:
        found = select(webhook_deliveries.c.leased_by).where(webhook_deliveries.c.event_id == event_id)
        return str(await connection.scalar(found))


async def write(store: Store) -> set[str]:
    """The same for each call; the ids of the events."""
    written = set()
    for _ in range(EVENTS // CALLS):
        async with store.write() as connection:
            for call in range(CALLS):
                now = datetime.now(UTC)
                stored = await append(store, connection, f"call_{call}", EventType.CALL_ANSWERED, now)
                written.add(stored.id)
    return written


async def test_whoever_is_killed_in_the_middle_loses_nothing_and_mixes_nothing_up(
    postgres: Store, receiver: Receiver
) -> None:
    held: asyncio.Queue[Received] = asyncio.Queue()
    over, count = asyncio.Event(), itertools.count(1)
    kills_at = {EVENTS * part // (KILLS + 2) for part in range(1, KILLS + 1)}

    async def respond(_request: web.Request, received: Received) -> web.StreamResponse:
        if next(count) in kills_at:
            held.put_nowait(received)
            await over.wait()  # whoever asks is dead before
        return web.Response(status=204)

    receiver.respond["/hooks"] = respond
    async with postgres.write() as connection:
        await webhook_endpoints.create(connection, url=receiver.url(), events=(), now=datetime.now(UTC))
    url = postgres.url.render_as_string(hide_password=False)
    settings = WebhooksSettings(allowed_subnets=["127.0.0.1/32"], timeout_s=TIMEOUT_S)
    fleet = Fleet("tests.integration.webhooks.sender_process", url, settings.model_dump_json())
    writing: asyncio.Task[set[str]] | None = None
    try:
        await asyncio.gather(*(fleet.start() for _ in range(KILLS + 1)))
        writing = asyncio.create_task(write(postgres))
        killed = []
        for _ in range(KILLS):
            killed.append(await held.get())
            await fleet.kill(await sender_of(postgres, killed[-1].id))
        sent = await writing
        await receiver.until(lambda: {one.id for one in receiver.received} == sent)
    finally:
        over.set()
        if writing is not None:
            await asyncio.gather(writing, return_exceptions=True)
        await fleet.close()
    counts = Counter(one.id for one in receiver.received)
    assert all(counts[one.id] == 2 for one in killed), "what nobody had answered came again"
    for call in range(CALLS):
        own = [one.event["sequence"] for one in receiver.received if one.event["call_id"] == f"call_{call}"]
        assert list(dict.fromkeys(own)) == list(range(1, EVENTS // CALLS + 1))
