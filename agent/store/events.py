"""Events in the database: written with what they tell of, in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.event_types import EventType
from agent.domain.trace_context import CAUSE
from agent.ids import new_id
from agent.store import webhook_deliveries
from agent.store.engine import Store
from agent.store.schema import calls, events


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was recorded."""

    position: int
    """Over all calls, growing; later events have higher ones."""
    id: str
    type: str
    call_id: str | None
    sequence: int | None
    """Within its call, from 1, without a gap."""
    at: datetime
    data: Mapping[str, Any]
    traceparent: str | None = None
    """Of the API request that caused it; not part of the envelope."""

    def as_json(self) -> dict[str, Any]:
        """The envelope that the API, webhooks, streams and the message queue share."""
        return {
            "object": "event",
            "id": self.id,
            "type": self.type,
            "timestamp": self.at.isoformat().replace("+00:00", "Z"),
            "call_id": self.call_id,
            "sequence": self.sequence,
            "data": dict(self.data),
        }


async def append(
    store: Store,
    connection: AsyncConnection,
    event_type: EventType,
    *,
    at: datetime,
    data: Mapping[str, Any],
    call_id: str | None = None,
    sequence: int | None = None,
    only: str | None = None,
) -> StoredEvent:
    """Record an event, and a delivery of it to each endpoint that wants it, within the caller's transaction.

    `sequence`: its number within its call, where the transaction has drawn one already. `only` names the one endpoint
    that gets it. Raises LookupError where there is no such call.
    """
    await store.lock_events(connection)
    if call_id is not None and sequence is None:
        counted = (
            update(calls)
            .where(calls.c.id == call_id)
            .values(last_sequence=calls.c.last_sequence + 1)
            .returning(calls.c.last_sequence)
        )
        sequence = (await connection.execute(counted)).scalar_one_or_none()
        if sequence is None:
            raise LookupError(f"there is no call {call_id}")
    fields: dict[str, Any] = {
        "id": new_id("evt"),
        "type": event_type.value,
        "call_id": call_id,
        "sequence": sequence,
        "at": at,
        "data": dict(data),
        "traceparent": cause.header if (cause := CAUSE.get()) else None,
    }
    position = await connection.scalar(events.insert().values(**fields).returning(events.c.position))
    stored = StoredEvent(position=position or 0, **fields)
    await webhook_deliveries.enqueue(connection, stored, only=only)
    return stored


async def after(
    connection: AsyncConnection, position: int, *, limit: int, call_id: str | None = None
) -> list[StoredEvent]:
    """Events behind a position, of all calls or one, in order."""
    wanted = select(events).where(events.c.position > position).order_by(events.c.position).limit(limit)
    if call_id is not None:
        wanted = wanted.where(events.c.call_id == call_id)
    return [_stored(row) for row in await connection.execute(wanted)]


async def after_sequence(connection: AsyncConnection, call_id: str, sequence: int, *, limit: int) -> list[StoredEvent]:
    """Events of one call behind a sequence number, in order."""
    wanted = (
        select(events)
        .where(events.c.call_id == call_id, events.c.sequence > sequence)
        .order_by(events.c.sequence)
        .limit(limit)
    )
    return [_stored(row) for row in await connection.execute(wanted)]


def _stored(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.position, row.id, row.type, row.call_id, row.sequence, row.at, row.data, row.traceparent)


async def position_of(connection: AsyncConnection, call_id: str, sequence: int) -> int:
    """The position of the last event of a call up to a sequence number; 0 where there is none."""
    wanted = select(func.max(events.c.position)).where(events.c.call_id == call_id, events.c.sequence <= sequence)
    return await connection.scalar(wanted) or 0


async def last_at(connection: AsyncConnection, call_id: str) -> datetime | None:
    """When the latest event of a call happened."""
    latest = select(events.c.at).where(events.c.call_id == call_id).order_by(events.c.sequence.desc()).limit(1)
    return await connection.scalar(latest)


async def last_position(connection: AsyncConnection) -> int:
    """Of the latest event of all; 0 where there is none."""
    return await connection.scalar(select(func.max(events.c.position))) or 0


async def position_before(connection: AsyncConnection, moment: datetime) -> int:
    """The position behind which all events since `moment` are; that of the latest event where there are none."""
    first = await connection.scalar(select(func.min(events.c.position)).where(events.c.at >= moment))
    return await last_position(connection) if first is None else first - 1
