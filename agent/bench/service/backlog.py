"""Deliveries that wait, as after a weekend on which the application was down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, select

from agent.bench.service import bulk
from agent.bench.service.history import PastCall, history
from agent.domain.event_types import EventType
from agent.store import webhook_endpoints
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.schema import calls, events, webhook_deliveries
from agent.store.webhook_deliveries import new_row

_SPAN = timedelta(hours=2)


async def endpoint(store: Store, url: str, *, all_events: bool = True) -> str:
    """A new endpoint; its id."""
    wants = [str(kind) for kind in EventType] if all_events else []
    async with store.write() as connection:
        made = await webhook_endpoints.create(connection, url=url, events=wants, now=datetime.now(UTC))
    return made.id


async def backlog(store: Store, endpoint_id: str, *, seed: int, least: int, by_call: bool = True) -> int:
    """Whole calls with at least so many events, and a delivery of each to the endpoint; how many there are.

    `by_call`: deliveries tell which call they are of, without which they have no order.
    """
    now = datetime.now(UTC)
    past: list[PastCall] = []
    waiting = 0
    for call in history(seed, least, now, span=_SPAN):
        past.append(call)
        waiting += len(call.events)
        if waiting >= least:
            break
    rows = [event for call in past for event in call.events]
    await bulk.insert(store, calls, (call.call for call in past))
    await bulk.insert(store, events, rows)
    await bulk.insert(store, webhook_deliveries, _deliveries(endpoint_id, rows, now, by_call=by_call))
    await bulk.learn(store)
    return waiting


async def statuses(store: Store, endpoint_id: str) -> dict[str, int]:
    """How many deliveries to the endpoint have which status."""
    wanted = (
        select(webhook_deliveries.c.status, func.count())
        .where(webhook_deliveries.c.endpoint_id == endpoint_id)
        .group_by(webhook_deliveries.c.status)
    )
    async with store.read() as connection:
        return {str(status): number for status, number in await connection.execute(wanted)}


def _deliveries(
    endpoint_id: str, rows: Sequence[dict[str, Any]], now: datetime, *, by_call: bool
) -> list[dict[str, Any]]:
    """Due one after the other; without an order from the last to the first."""
    numbers = count() if by_call else count(len(rows), -1)
    made = []
    for row, number in zip(rows, numbers, strict=False):
        due = now - _SPAN + timedelta(microseconds=number)
        event = StoredEvent(position=0, **(row if by_call else {**row, "call_id": None, "sequence": None}))
        made.append(new_row(endpoint_id, event, due=due, created_at=now))
    return made
