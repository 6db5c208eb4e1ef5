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
from agent.domain.transfer import TransferStatus
from agent.store.columns import Moment
from agent.store.orders import OrderState
from agent.store.schema import calls, do_not_call, switches, transfers
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
    minutes, spent = await of_day(connection, limits, now=now)
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


async def of_day(connection: AsyncConnection, limits: OutboundLimits, *, now: datetime) -> tuple[int, int]:
    """Begun minutes and millionths of money of the last 24 hours, transfers over trunks included.

    Both are 0 where nothing bounds them.
    """
    if not (limits.minutes_per_day or limits.spend_per_day):
        return 0, 0
    minutes, spent = await _used(connection, now)
    by_transfers, for_transfers = await _used_by_transfers(connection, now)
    return minutes + by_transfers, spent + for_transfers


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
    """Of the calls that were dialled."""
    begun = case(
        (calls.c.answered_at.is_not(None), _minutes_since(calls.c.answered_at, now)),
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


async def _used_by_transfers(connection: AsyncConnection, now: datetime) -> tuple[int, int]:
    """Of the callers who were handed over over a trunk, until the end of their call."""
    begun = case(
        (transfers.c.status == TransferStatus.COMPLETED, _minutes_since(transfers.c.ended_at, now)),
        (and_(transfers.c.status == TransferStatus.STARTED, calls.c.ended_at.is_(None)), 1),
        else_=0,
    )
    sums = (
        select(func.coalesce(func.sum(begun), 0), func.coalesce(func.sum(begun * transfers.c.price_micros), 0))
        .select_from(transfers)
        .join(calls, calls.c.id == transfers.c.call_id)
        .where(transfers.c.started_at > now - DAY, transfers.c.price_micros.is_not(None))
    )
    minutes, spent = (await connection.execute(sums)).one()
    return int(minutes), int(spent)


def _minutes_since(moment: ColumnElement[datetime], now: datetime) -> ColumnElement[int]:
    """Begun ones, from `moment` to the end of the call, or to now."""
    ended = func.coalesce(calls.c.ended_at, literal(now, Moment))
    lasted = type_coerce(ended, BigInteger) - type_coerce(moment, BigInteger)
    return (lasted + _MINUTE_US - 1) // _MINUTE_US
