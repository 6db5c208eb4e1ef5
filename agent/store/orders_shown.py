"""What is shown of a call's order, read beside the call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from agent.domain.outbound_resource import OutboundResource
from agent.store.schema import outbound_orders as table

BESIDE_A_CALL = (
    table.c.call_id.label("ordered"),
    table.c.scheduled_at,
    table.c.priority,
    table.c.ring_timeout_s,
    table.c.taken_at,
    table.c.trunk,
    table.c.attempts.label("dial_attempts"),
    table.c.refusal,
    table.c.opted_out,
)


def joined(row: Row[Any]) -> OutboundResource | None:
    """None for a call that was not ordered."""
    if row.ordered is None:
        return None
    return OutboundResource(
        scheduled_at=row.scheduled_at,
        priority=row.priority,
        ring_timeout_seconds=row.ring_timeout_s,
        dialled_at=row.taken_at,
        trunk=row.trunk,
        attempts=row.dial_attempts,
        refusal=row.refusal,
        opted_out=row.opted_out,
    )
