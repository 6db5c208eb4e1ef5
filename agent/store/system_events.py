"""Which parts and trunks of a server are down by what was told last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.event_types import EventType
from agent.store.schema import events


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be down, and how that is told."""

    down: EventType
    up: EventType
    field: str
    """Of the event's data that names it."""


PARTS = Kind(EventType.SYSTEM_DEGRADED, EventType.SYSTEM_RECOVERED, "part")
TRUNKS = Kind(EventType.TRUNK_UNREACHABLE, EventType.TRUNK_REACHABLE, "trunk")


async def down(connection: AsyncConnection, kind: Kind, server: str, *, since: datetime) -> set[str]:
    """What of `server` was told to be down after `since`, and not to be back."""
    wanted = (
        select(events.c.type, events.c.data)
        .where(events.c.at >= since, events.c.type.in_((kind.down, kind.up)))
        .order_by(events.c.position)
    )
    latest = {
        row.data.get(kind.field): row.type
        for row in await connection.execute(wanted)
        if isinstance(row.data, dict) and row.data.get("server") == server
    }
    return {str(name) for name, told in latest.items() if told == kind.down}
