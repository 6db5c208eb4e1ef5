"""Removes events that are too old to be asked for, with their deliveries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.schema import events, webhook_deliveries
from agent.store.webhook_deliveries import DeliveryStatus


async def remove_events(connection: AsyncConnection, before: datetime, *, limit: int) -> int:
    """Up to `limit` events from before a moment for which no delivery is pending; returns how many.

    Their deliveries go with them. Events of a call keep their sequence numbers.
    """
    pending = exists().where(
        webhook_deliveries.c.event_id == events.c.id, webhook_deliveries.c.status == DeliveryStatus.PENDING
    )
    old = select(events.c.position).where(events.c.at < before, ~pending).order_by(events.c.at).limit(limit)
    chosen = list((await connection.execute(old)).scalars())
    if chosen:
        await connection.execute(delete(events).where(events.c.position.in_(chosen)))
    return len(chosen)
