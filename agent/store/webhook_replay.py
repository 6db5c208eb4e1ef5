"""Sends events of a span of time to an endpoint again, or for the first time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.event_types import EventType, wanted
from agent.store import webhook_endpoints
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.schema import events, webhook_deliveries
from agent.store.webhook_deliveries import DeliveryStatus, new_row
from agent.store.webhook_leases import hasten, postpone_later

BATCH = 500
"""Events looked at in one transaction: others may write in between."""


async def replay(
    store: Store, endpoint_id: str, since: datetime, until: datetime, *, include_delivered: bool = False, now: datetime
) -> int:
    """Send events from before `until` that did not get through; returns how many deliveries were made for that.

    Those from `since` on that were given up or canceled, and those that came while the endpoint was disabled or
    unknown, with `include_delivered` also those that did get through, get new deliveries. What waits for another
    attempt is due at once, also from before `since`: an application that was away says that it is back. Nothing is made
    for an event whose delivery is pending, so that asking twice does no harm. Events keep their ids. Raises StoreError.
    """
    made, position = 0, 0
    async with store.write() as connection:
        if await webhook_endpoints.locked(connection, endpoint_id) is None:
            return 0
        await hasten(connection, endpoint_id, before=until, now=now)
    while True:
        async with store.write() as connection:
            endpoint = await webhook_endpoints.locked(connection, endpoint_id)
            if endpoint is None:
                return made
            found = await _candidates(connection, endpoint_id, since, until, position, include_delivered)
            chosen = [event for event in found if event.type != EventType.PING and wanted(event.type, endpoint.events)]
            if chosen:
                await _insert(connection, endpoint_id, chosen, now, now + timedelta(microseconds=made))
        made += len(chosen)
        if len(found) < BATCH:
            return made
        position = found[-1].position


async def _insert(
    connection: AsyncConnection, endpoint_id: str, chosen: list[StoredEvent], now: datetime, due: datetime
) -> None:
    """Each is due a microsecond after the one before, and what is pending behind them of the same calls after that."""
    dues = [due + timedelta(microseconds=number) for number in range(len(chosen))]
    rows = [new_row(endpoint_id, event, due=at, created_at=now) for event, at in zip(chosen, dues, strict=True)]
    await connection.execute(webhook_deliveries.insert(), rows)
    last_of_call = {event.call_id: (event.sequence, at) for event, at in zip(chosen, dues, strict=True)}
    for call_id, (sequence, at) in last_of_call.items():
        if call_id is not None and sequence is not None:
            await postpone_later(connection, endpoint_id, call_id, behind=sequence, due=at)


async def _candidates(
    connection: AsyncConnection,
    endpoint_id: str,
    since: datetime,
    until: datetime,
    position: int,
    include_delivered: bool,
) -> list[StoredEvent]:
    settled = [DeliveryStatus.PENDING] if include_delivered else [DeliveryStatus.PENDING, DeliveryStatus.DELIVERED]
    has_one = exists().where(
        and_(
            webhook_deliveries.c.event_id == events.c.id,
            webhook_deliveries.c.endpoint_id == endpoint_id,
            webhook_deliveries.c.status.in_(settled),
        )
    )
    chosen = (
        select(events)
        .where(events.c.at >= since, events.c.at < until, events.c.position > position, ~has_one)
        .order_by(events.c.position)
        .limit(BATCH)
    )
    return [StoredEvent(**row._asdict()) for row in await connection.execute(chosen)]
