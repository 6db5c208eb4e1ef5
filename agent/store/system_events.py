"""Which parts of a server are down by what was told last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.event_types import EventType
from agent.store.schema import events

KINDS = (EventType.SYSTEM_DEGRADED, EventType.SYSTEM_RECOVERED)


async def degraded_parts(connection: AsyncConnection, server: str, *, since: datetime) -> set[str]:
    """Parts of `server` that were told to be down after `since`, and not to be back."""
    wanted = (
        select(events.c.type, events.c.data)
        .where(events.c.at >= since, events.c.type.in_(KINDS))
        .order_by(events.c.position)
    )
    latest = {
        row.data.get("part"): row.type
        for row in await connection.execute(wanted)
        if isinstance(row.data, dict) and row.data.get("server") == server
    }
    return {str(part) for part, kind in latest.items() if kind == EventType.SYSTEM_DEGRADED}
