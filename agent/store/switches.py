"""Switches for all servers that share the database; one that is in the table is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.schema import switches as table

OUTBOUND_STOP = "outbound_stop"


@dataclass(frozen=True, slots=True)
class Switch:
    """One that is on."""

    since: datetime
    reason: str


async def turn_on(connection: AsyncConnection, name: str, *, now: datetime, reason: str) -> Switch:
    """On from now; one that is on already stays as it is. Hold a lock: two at once would both insert."""
    present = await get(connection, name)
    if present is not None:
        return present
    await connection.execute(table.insert().values(name=name, since=now, reason=reason))
    return Switch(now, reason)


async def turn_off(connection: AsyncConnection, name: str) -> None:
    """Off, if it is on."""
    await connection.execute(delete(table).where(table.c.name == name))


async def get(connection: AsyncConnection, name: str) -> Switch | None:
    """None: it is off."""
    row = (await connection.execute(select(table.c.since, table.c.reason).where(table.c.name == name))).one_or_none()
    return None if row is None else Switch(row.since, row.reason)


async def is_on(connection: AsyncConnection, name: str) -> bool:
    """Whether it is on."""
    return await get(connection, name) is not None
