"""Events in the database: written with what they tell of, in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    deliveries: int = field(default=0, compare=False)
    """That were made of it when it was recorded; 0 where it is read again."""

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


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is to be recorded."""

    event_type: EventType
    at: datetime
    data: Mapping[str, Any]
    call_id: str | None = None
    sequence: int | None = None
    """Of an event of a call: what `next_sequence` drew in the same transaction."""


async def next_sequence(connection: AsyncConnection, call_id: str) -> int:
    """The number of a call's next event; no other gets it. Raises LookupError where there is no such call."""
    counted = (
        update(calls)
        .where(calls.c.id == call_id)
        .values(last_sequence=calls.c.last_sequence + 1)
        .returning(calls.c.last_sequence)
    )
    sequence: int | None = (await connection.execute(counted)).scalar_one_or_none()
    if sequence is None:
        raise LookupError(f"there is no call {call_id}")
    return sequence


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
    """Record one event, as `append_all` does.

    `sequence`: its number within its call, where the transaction has drawn one already. Raises LookupError where there
    is no such call.
    """
    if call_id is not None and sequence is None:
        sequence = await next_sequence(connection, call_id)
    return (await append_all(store, connection, [Draft(event_type, at, data, call_id, sequence)], only=only))[0]


async def append_all(
    store: Store, connection: AsyncConnection, drafts: Sequence[Draft], *, only: str | None = None
) -> list[StoredEvent]:
    """Record events in their order, and a delivery of each to every endpoint that wants it.

    Within the caller's transaction, which should end soon: nobody else adds events until then. `only` names the one
    endpoint that gets them.
    """
    if not drafts:
        return []
    await store.lock_events(connection)
    cause = CAUSE.get()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id("evt"),
            "type": draft.event_type.value,
            "call_id": draft.call_id,
            "sequence": draft.sequence,
            "at": draft.at,
            "data": dict(draft.data),
            "traceparent": cause.header if cause else None,
        }
        for draft in drafts
    ]
    positions = (await connection.execute(_ADDED, rows)).scalars().all()
    stored = [StoredEvent(position=position, **row) for position, row in zip(positions, rows, strict=True)]
    made = await webhook_deliveries.enqueue(connection, stored, only=only)
    return [replace(event, deliveries=made[event.id]) if made[event.id] else event for event in stored]


_ADDED = events.insert().returning(events.c.position, sort_by_parameter_order=True)


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
