"""What calls out have used up of their limits: counted over the calls themselves, so that nothing can drift."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.limits import DAY, OutboundLimits, OutboundUsage
from agent.store.columns import Moment
from agent.store.orders import OrderState
from agent.store.schema import calls, do_not_call, switches
from agent.store.schema import outbound_orders as table
from agent.store.switches import OUTBOUND_STOP

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
    minutes, spent = 0, 0
    if limits.minutes_per_day or limits.spend_per_day:
        minutes, spent = await _used(connection, now)
    moment = at or now
    counted = _counted(ordering=at is not None, attempts=limits.attempts_per_number > 0)
    times = {"day_before": moment - DAY, "day_after": moment + DAY}
    row = (await connection.execute(counted, {"number": number, **times})).one()
    return OutboundUsage(
        attempts=row.attempts,
        minutes=minutes,
        spent_micros=spent,
        queued=row.queued,
        do_not_call=row.do_not_call,
        stopped=row.stopped,
    )


async def waiting(connection: AsyncConnection) -> int:
    """Calls that wait to be dialled."""
    return await connection.scalar(select(_WAITING)) or 0


_WAITING = select(func.count()).where(table.c.state == OrderState.WAITING).scalar_subquery()


@cache
def _counted(*, ordering: bool, attempts: bool) -> Select[Any]:
    """All that is counted for a number in one question, built once: it is asked twice for each call."""
    number = bindparam("number", type_=String)
    listed = exists().where(do_not_call.c.number == number)
    stopped = exists().where(switches.c.name == OUTBOUND_STOP)
    return select(
        (_attempts(number, ordering=ordering) if attempts else literal(0)).label("attempts"),
        (_WAITING if ordering else literal(0)).label("queued"),
        listed.label("do_not_call"),
        (stopped if ordering else false()).label("stopped"),
    )


def _attempts(number: ColumnElement[str], *, ordering: bool) -> ColumnElement[int]:
    """Calls that were dialled in the 24 hours before; for one to be ordered also those that wait around its time."""
    before, after = bindparam("day_before", type_=Moment), bindparam("day_after", type_=Moment)
    counted: ColumnElement[bool] = table.c.taken_at > before
    if ordering:
        near = table.c.due_at.between(before, after)
        counted = or_(counted, and_(table.c.state == OrderState.WAITING, near))
    return select(func.count()).where(table.c.number == number, counted).scalar_subquery()


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
