"""What calls out have used up of their limits: counted over the calls themselves, so that nothing can drift."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.limits import DAY, OutboundLimits, OutboundUsage
from agent.store import do_not_call, switches
from agent.store.columns import Moment
from agent.store.orders import OrderState
from agent.store.schema import calls
from agent.store.schema import outbound_orders as table

_MINUTE_US = 60_000_000


async def of_number(
    connection: AsyncConnection,
    number: str,
    limits: OutboundLimits,
    *,
    now: datetime,
    at: datetime | None = None,
) -> OutboundUsage:
    """For a call to `number` that is to be ordered for `at`; `at` None: for one whose turn has come now."""
    ordering = at is not None
    minutes, spent = 0, 0
    if limits.minutes_per_day or limits.spend_per_day:
        minutes, spent = await _used(connection, now)
    return OutboundUsage(
        attempts=await _attempts(connection, number, now=now, at=at) if limits.attempts_per_number else 0,
        minutes=minutes,
        spent_micros=spent,
        queued=await waiting(connection) if ordering and limits.max_queued else 0,
        do_not_call=await do_not_call.holds(connection, number),
        stopped=ordering and await switches.is_on(connection, switches.OUTBOUND_STOP),
    )


async def waiting(connection: AsyncConnection) -> int:
    """Calls that wait to be dialled."""
    return await connection.scalar(select(func.count()).where(table.c.state == OrderState.WAITING)) or 0


async def _attempts(connection: AsyncConnection, number: str, *, now: datetime, at: datetime | None) -> int:
    """Calls that were dialled in the 24 hours before; for one to be ordered also those that wait around its time."""
    moment = at or now
    counted: ColumnElement[bool] = table.c.taken_at > moment - DAY
    if at is not None:
        near = table.c.due_at.between(at - DAY, at + DAY)
        counted = or_(counted, and_(table.c.state == OrderState.WAITING, near))
    return await connection.scalar(select(func.count()).where(table.c.number == number, counted)) or 0


async def _used(connection: AsyncConnection, now: datetime) -> tuple[int, int]:
    """Begun minutes and millionths of money, of the calls that were dialled in the last 24 hours."""
    ended = func.coalesce(calls.c.ended_at, literal(now, Moment))
    lasted = type_coerce(ended, BigInteger) - type_coerce(calls.c.answered_at, BigInteger)
    begun = case(
        (calls.c.answered_at.is_not(None), (lasted + _MINUTE_US - 1) // _MINUTE_US),
        (calls.c.ended_at.is_(None), 1),
        else_=0,
    )
    sums = (
        select(func.coalesce(func.sum(begun), 0), func.coalesce(func.sum(begun * table.c.price_micros), 0))
        .select_from(table)
        .join(calls, calls.c.id == table.c.call_id)
        .where(table.c.taken_at > now - DAY)
    )
    minutes, spent = (await connection.execute(sums)).one()
    return int(minutes), int(spent)
