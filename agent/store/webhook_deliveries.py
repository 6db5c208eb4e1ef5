"""Deliveries in the database: one event for one endpoint, from the moment it is due until it is known how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.event_types import wanted
from agent.ids import new_id
from agent.store.keyset import Position, page
from agent.store.schema import webhook_deliveries, webhook_endpoints

if TYPE_CHECKING:  # events.py writes deliveries, and so imports this
    from agent.store.events import StoredEvent

_MOMENT = timedelta(microseconds=1)
_FILTERS = {
    "status": webhook_deliveries.c.status,
    "event_type": webhook_deliveries.c.event_type,
    "event_id": webhook_deliveries.c.event_id,
    "call_id": webhook_deliveries.c.call_id,
}


class DeliveryStatus(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up: the last retry failed."""
    CANCELED = "canceled"
    """Its endpoint was disabled before it got through."""


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event for one endpoint."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: str
    call_id: str | None
    sequence: int | None
    """Of the event within its call."""
    status: DeliveryStatus
    attempts: int
    """That were made and answered, or failed."""
    next_attempt_at: datetime
    created_at: datetime
    finished_at: datetime | None
    response_status: int | None
    """Of the last answer."""
    error: str | None
    """Why the last attempt failed."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one endpoint."""

    endpoint_id: str
    pending: int
    oldest: datetime
    """When the delivery that waits longest came to be."""


async def enqueue(
    connection: AsyncConnection, events: Sequence[StoredEvent], *, only: str | None = None
) -> Counter[str]:
    """A delivery of each event to each enabled endpoint that wants it, within the transaction that records them.

    `only` names one endpoint that gets them, whatever it wants, and no other does. Returns how many were made, by the
    event's id.
    """
    rows = await connection.execute(_ENABLED if only is None else _ENABLED.where(webhook_endpoints.c.id == only))
    endpoints = [(row.id, row.events) for row in rows]
    chosen = [
        (endpoint_id, event)
        for event in events
        for endpoint_id, wants in endpoints
        if only is not None or wanted(event.type, wants)
    ]
    if chosen:
        after = await _behind_earlier(connection, chosen)
        await connection.execute(webhook_deliveries.insert(), [_in_line(*each, after) for each in chosen])
    return Counter(event.id for _, event in chosen)


_ENABLED = (
    select(webhook_endpoints.c.id, webhook_endpoints.c.events)
    .where(webhook_endpoints.c.enabled)
    .with_for_update(read=True, key_share=True)
)
"""On PostgreSQL an endpoint is kept from being deleted before the delivery, which refers to it, is on disk."""


def _in_line(endpoint_id: str, event: StoredEvent, after: dict[tuple[str, str], datetime]) -> dict[str, Any]:
    """A row that is due behind those of its call for the same endpoint; `after` goes on to the next one."""
    if event.call_id is None:
        return new_row(endpoint_id, event, due=event.at)
    due = max(event.at, after.get((endpoint_id, event.call_id), event.at))
    after[endpoint_id, event.call_id] = due + _MOMENT
    return new_row(endpoint_id, event, due=due)


def new_row(
    endpoint_id: str, event: StoredEvent, *, due: datetime, created_at: datetime | None = None
) -> dict[str, Any]:
    """A pending delivery as a row."""
    return {
        "id": new_id("wd"),
        "endpoint_id": endpoint_id,
        "event_id": event.id,
        "event_type": event.type,
        "call_id": event.call_id,
        "sequence": event.sequence,
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "next_attempt_at": due,
        "created_at": created_at or event.at,
    }


async def _behind_earlier(
    connection: AsyncConnection, chosen: Sequence[tuple[str, StoredEvent]]
) -> dict[tuple[str, str], datetime]:
    """By endpoint and call, the moment after its pending deliveries are due: later events wait for them in any case.

    Due no earlier than they are, an event is not looked at again and again while it cannot go.
    """
    call_ids = sorted({event.call_id for _, event in chosen if event.call_id is not None})
    if not call_ids:
        return {}
    table = webhook_deliveries.c
    latest = (
        select(table.endpoint_id, table.call_id, func.max(table.next_attempt_at).label("due"))
        .where(
            table.endpoint_id.in_(sorted({endpoint_id for endpoint_id, _ in chosen})),
            table.call_id.in_(call_ids),
            table.status == DeliveryStatus.PENDING,
        )
        .group_by(table.endpoint_id, table.call_id)
    )
    return {(row.endpoint_id, row.call_id): row.due + _MOMENT for row in await connection.execute(latest)}


async def get(connection: AsyncConnection, delivery_id: str) -> WebhookDelivery | None:
    """One delivery."""
    row = (
        await connection.execute(select(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id))
    ).one_or_none()
    return None if row is None else _delivery(row)


async def listed(
    connection: AsyncConnection,
    endpoint_id: str,
    *,
    limit: int,
    after: Position | None = None,
    descending: bool = True,
    **equal: str | None,
) -> list[WebhookDelivery]:
    """A page of deliveries to an endpoint, and one more than `limit` where the list goes on.

    `equal`: status, event_type, event_id, call_id.
    """
    table = webhook_deliveries.c
    chosen = select(webhook_deliveries).where(table.endpoint_id == endpoint_id)
    for name, value in equal.items():
        if value is not None:
            chosen = chosen.where(_FILTERS[name] == value)
    wanted_page = page(chosen, table.created_at, table.id, after=after, limit=limit, descending=descending)
    return [_delivery(row) for row in await connection.execute(wanted_page)]


async def retry(connection: AsyncConnection, delivery_id: str, *, now: datetime) -> WebhookDelivery | None:
    """Let it be due now, whatever became of it; one that was over starts with no attempts.

    Earlier events of the same call become due as well, since it waits for them. One that is being sent right now stays
    as it is. None where there is no such delivery.
    """
    table = webhook_deliveries.c
    is_pending = table.status == DeliveryStatus.PENDING
    again = (
        update(webhook_deliveries)
        .where(table.id == delivery_id, or_(table.leased_until.is_(None), table.leased_until <= now))
        .values(
            status=DeliveryStatus.PENDING,
            attempts=case((is_pending, table.attempts), else_=0),
            next_attempt_at=now,
            finished_at=None,
        )
        .returning(webhook_deliveries)
    )
    row = (await connection.execute(again)).one_or_none()
    if row is None:
        return await get(connection, delivery_id)
    if row.call_id is not None:
        await connection.execute(
            update(webhook_deliveries)
            .where(
                table.endpoint_id == row.endpoint_id,
                table.call_id == row.call_id,
                is_pending,
                table.sequence < row.sequence,
                table.next_attempt_at > now,
            )
            .values(next_attempt_at=now)
        )
    return _delivery(row)


async def backlog(connection: AsyncConnection) -> list[Backlog]:
    """What waits, of each enabled endpoint for which something does."""
    table = webhook_deliveries.c
    waiting = (
        select(table.endpoint_id, func.count().label("pending"), func.min(table.created_at).label("oldest"))
        .join(webhook_endpoints, webhook_endpoints.c.id == table.endpoint_id)
        .where(table.status == DeliveryStatus.PENDING, webhook_endpoints.c.enabled)
        .group_by(table.endpoint_id)
    )
    return [Backlog(row.endpoint_id, row.pending, row.oldest) for row in await connection.execute(waiting)]


def _delivery(row: Row[Any]) -> WebhookDelivery:
    return WebhookDelivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        event_type=row.event_type,
        call_id=row.call_id,
        sequence=row.sequence,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        response_status=row.response_status,
        error=row.error,
    )
