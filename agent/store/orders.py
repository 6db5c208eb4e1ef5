"""Orders to call somebody: those that wait, and who has taken them.

An order is taken once, by one server, in a transaction that is on disk before the first request to a trunk: whatever
dies, nobody is called twice. Who changes orders holds `Store.lock_orders`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.agent import AgentRef
from agent.domain.call import Call, CallStatus, Direction
from agent.domain.dialing import Dial
from agent.domain.outbound import OutboundOrder, ScriptRef
from agent.domain.outbound_rules import OutboundRule
from agent.store.calls import insert
from agent.store.schema import calls
from agent.store.schema import outbound_orders as table

NOBODY = ""
"""As the server of a call that waits: any may take it."""


class OrderState(StrEnum):
    """Where an order stands; its call tells the rest."""

    WAITING = "waiting"
    TAKEN = "taken"
    """A server leads the call, or led it."""
    DROPPED = "dropped"
    """It was never dialled: canceled, or refused when its turn came."""


async def create(
    connection: AsyncConnection, call: Call, order: OutboundOrder, *, price_micros: int, told: int = 0
) -> None:
    """A call that waits to be dialled, by whichever server takes it. Its events 1 to `told` are the caller's."""
    await insert(connection, call, server=NOBODY, metadata=order.metadata, variables=order.variables, told=told)
    await connection.execute(
        table.insert().values(
            call_id=call.id,
            number=order.to,
            caller_id=order.from_,
            state=OrderState.WAITING,
            due_at=order.scheduled_at or call.created_at,
            scheduled_at=order.scheduled_at,
            priority=order.priority,
            attempts=0,
            opted_out=False,
            ring_timeout_s=order.ring_timeout_s,
            max_duration_s=order.max_duration_s,
            record=order.record,
            detect_machine=order.detect_machine,
            retries=order.retries,
            price_micros=price_micros,
            script_id=order.script.id if order.script else None,
            script_version=order.script.version if order.script else None,
        )
    )


async def next_due_at(connection: AsyncConnection) -> datetime | None:
    """When the first of those that wait is due; None: none waits."""
    wanted = select(table.c.due_at).where(table.c.state == OrderState.WAITING).order_by(table.c.due_at).limit(1)
    return await connection.scalar(wanted)


async def due(
    connection: AsyncConnection, now: datetime, *, prefixes: Collection[str], limit: int
) -> list[tuple[Call, OutboundOrder]]:
    """Those that wait and are due, to numbers that begin like this; the most important first, then the longest due."""
    begins = or_(*(table.c.number.like(f"{prefix}%") for prefix in sorted(prefixes)))
    wanted = (
        _WITH_CALLS.where(table.c.state == OrderState.WAITING, table.c.due_at <= now, begins)
        .order_by(table.c.priority.desc(), table.c.due_at, table.c.call_id)
        .limit(limit)
    )
    return [(_call(row), _order(row)) for row in await connection.execute(wanted)]


async def take(connection: AsyncConnection, dial: Dial, call_id: str, *, server: str, now: datetime) -> bool:
    """From now on `server` leads the call, and asks this trunk first; False where it does not wait any more."""
    taken = (
        update(table)
        .where(table.c.call_id == call_id, table.c.state == OrderState.WAITING)
        .values(state=OrderState.TAKEN, taken_at=now, trunk=dial.trunk, attempts=1)
    )
    if (await connection.execute(taken)).rowcount == 0:
        return False
    await connection.execute(update(calls).where(calls.c.id == call_id).values(server=server, caller=dial.caller_id))
    return True


async def give_back(connection: AsyncConnection, call_id: str, *, server: str) -> None:
    """`server` had taken it and asked no trunk: it waits again, for any server."""
    unused = update(table).where(table.c.call_id == call_id, table.c.state == OrderState.TAKEN)
    await connection.execute(unused.values(state=OrderState.WAITING, taken_at=None, trunk=None, attempts=0))
    await connection.execute(update(calls).where(calls.c.id == call_id, calls.c.server == server).values(server=NOBODY))


async def drop(connection: AsyncConnection, call_id: str, *, refusal: OutboundRule | None = None) -> bool:
    """It is not dialled; False where it does not wait any more. Its call is to be ended in the same transaction."""
    dropped = (
        update(table)
        .where(table.c.call_id == call_id, table.c.state == OrderState.WAITING)
        .values(state=OrderState.DROPPED, refusal=refusal)
    )
    return (await connection.execute(dropped)).rowcount > 0


async def tried(connection: AsyncConnection, dial: Dial, call_id: str) -> None:
    """Another trunk is asked next, and its number shown."""
    noted = update(table).where(table.c.call_id == call_id)
    await connection.execute(noted.values(trunk=dial.trunk, attempts=table.c.attempts + 1))
    await connection.execute(update(calls).where(calls.c.id == call_id).values(caller=dial.caller_id))


async def opted_out(connection: AsyncConnection, call_id: str) -> None:
    """Whom it called does not want to be called again."""
    await connection.execute(update(table).where(table.c.call_id == call_id).values(opted_out=True))


async def get(connection: AsyncConnection, call_id: str) -> tuple[Call, OutboundOrder] | None:
    """A call and its order, as they are now; None where there is none, or it was erased."""
    row = (await connection.execute(_WITH_CALLS.where(calls.c.id == call_id))).one_or_none()
    return None if row is None or row.number is None else (_call(row), _order(row))


async def waiting_for(connection: AsyncConnection, number: str) -> Sequence[str]:
    """Calls to a number that wait to be dialled."""
    wanted = select(table.c.call_id).where(table.c.number == number, table.c.state == OrderState.WAITING)
    return list((await connection.execute(wanted)).scalars())


_OF_ORDERS = [column for column in table.c if column.name != "call_id"]
_WITH_CALLS = select(calls, *_OF_ORDERS).join(table, table.c.call_id == calls.c.id)


def _call(row: Row[Any]) -> Call:
    return Call(
        id=row.id,
        direction=Direction(row.direction),
        caller=row.caller or "",
        callee=row.callee or "",
        agent=row.agent,
        status=CallStatus(row.status),
        created_at=row.created_at,
        answered_at=row.answered_at,
        agent_version=row.agent_version,
    )


def _order(row: Row[Any]) -> OutboundOrder:
    return OutboundOrder(
        call_id=row.id,
        to=row.number,
        agent=AgentRef(row.agent, row.agent_version),
        from_=row.caller_id,
        script=None if row.script_id is None else ScriptRef(row.script_id, row.script_version),
        variables=row.variables,
        metadata=row.metadata,
        scheduled_at=row.scheduled_at,
        ring_timeout_s=row.ring_timeout_s,
        max_duration_s=row.max_duration_s,
        record=row.record,
        detect_machine=row.detect_machine,
        priority=row.priority,
        retries=row.retries,
    )
