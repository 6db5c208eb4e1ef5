"""Numbers that are never called (again).

An entry stays when calls with the number are erased, since it does what its owner wants; it then names no call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.ids import new_id
from agent.store.engine import Store
from agent.store.keyset import Position, page
from agent.store.schema import do_not_call as table

API, SPOKEN = "api", "spoken"


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """A number, and how it came here."""

    id: str
    number: str
    source: str
    call_id: str | None
    note: str
    created_at: datetime


async def add(
    store: Store,
    connection: AsyncConnection,
    number: str,
    *,
    source: str,
    now: datetime,
    call_id: str | None = None,
    note: str = "",
) -> DoNotCall:
    """The number's entry: a new one, or the one that is there already."""
    values = {"id": new_id("dnc"), "number": number, "source": source, "call_id": call_id, "note": note}
    insert = sqlite.insert if store.is_sqlite else postgresql.insert
    added = insert(table).values(**values, created_at=now).on_conflict_do_nothing(index_elements=["number"])
    await connection.execute(added)
    row = (await connection.execute(select(table).where(table.c.number == number))).one()
    return _entry(row)


async def holds(connection: AsyncConnection, number: str) -> bool:
    """Whether the number is not to be called."""
    return await connection.scalar(select(func.count()).where(table.c.number == number)) == 1


async def get(connection: AsyncConnection, entry_id: str) -> DoNotCall | None:
    """One entry."""
    row = (await connection.execute(select(table).where(table.c.id == entry_id))).one_or_none()
    return None if row is None else _entry(row)


async def remove(connection: AsyncConnection, entry_id: str) -> bool:
    """The number may be called again; False where there is no such entry."""
    return (await connection.execute(delete(table).where(table.c.id == entry_id))).rowcount > 0


async def listed(
    connection: AsyncConnection,
    *,
    limit: int,
    number: str | None = None,
    after: Position | None = None,
    descending: bool = True,
) -> list[DoNotCall]:
    """A page, and one more where there is one."""
    wanted = select(table) if number is None else select(table).where(table.c.number == number)
    rows = page(wanted, table.c.created_at, table.c.id, after=after, limit=limit, descending=descending)
    return [_entry(row) for row in await connection.execute(rows)]


async def forget_call(connection: AsyncConnection, call_id: str) -> None:
    """The call in which it was said is erased."""
    await connection.execute(update(table).where(table.c.call_id == call_id).values(call_id=None, note=""))


def _entry(row: Row[Any]) -> DoNotCall:
    return DoNotCall(row.id, row.number, row.source, row.call_id, row.note, row.created_at)
