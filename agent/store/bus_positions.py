"""How far events were published to the message queue, and which process does so at present: one row for all.

Events are published in the order of their positions, which is that of commits (`Store.lock_events`). A process
publishes under a lease that ends by itself, and whatever it notes counts only while the lease is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.engine import Store
from agent.store.events import last_position
from agent.store.schema import bus_positions, events

NAME = "bus"
_TABLE = bus_positions.c
_OURS = _TABLE.name == NAME


@dataclass(frozen=True, slots=True)
class BusPosition:
    """As it is now."""

    position: int
    """Events up to it were published."""
    behind: int
    """Positions after it: so many events wait, or fewer, since some were not to be published or are deleted."""
    leased_by: str | None
    leased_until: datetime | None

    def is_free(self, holder: str, now: datetime) -> bool:
        """Whether `holder` may take the lease."""
        return self.leased_by in {None, holder} or self.leased_until is None or self.leased_until <= now


async def begin(store: Store, connection: AsyncConnection) -> None:
    """Where nothing was ever published: begin with the events that come from now on."""
    await store.lock_events(connection)
    if await connection.scalar(select(_TABLE.position).where(_OURS)) is None:
        await connection.execute(bus_positions.insert().values(name=NAME, position=await last_position(connection)))


async def look(connection: AsyncConnection) -> BusPosition:
    """As it is, once somebody called `begin`."""
    last = select(func.coalesce(func.max(events.c.position), 0)).scalar_subquery()
    found = await connection.execute(
        select(_TABLE.position, _TABLE.leased_by, _TABLE.leased_until, last.label("last")).where(_OURS)
    )
    row = found.one()
    return BusPosition(row.position, max(0, row.last - row.position), row.leased_by, row.leased_until)


async def claim(connection: AsyncConnection, holder: str, *, now: datetime, until: datetime) -> int | None:
    """Take the lease, unless another process has it (None); the position to go on from."""
    free = or_(_TABLE.leased_by.is_(None), _TABLE.leased_by == holder, _TABLE.leased_until <= now)
    claimed = update(bus_positions).where(_OURS, free).values(leased_by=holder, leased_until=until)
    position: int | None = await connection.scalar(claimed.returning(_TABLE.position))
    return position


async def advance(connection: AsyncConnection, holder: str, position: int, *, until: datetime) -> bool:
    """Note that events up to `position` were published, and keep the lease; False where it is no longer ours."""
    noted = update(bus_positions).where(_held_by(holder)).values(position=position, leased_until=until)
    return (await connection.execute(noted)).rowcount > 0


async def release(connection: AsyncConnection, holder: str) -> None:
    """Let others publish."""
    await connection.execute(update(bus_positions).where(_held_by(holder)).values(leased_by=None, leased_until=None))


async def move(connection: AsyncConnection, position: int) -> None:
    """Go on from another position; who publishes at the moment loses the lease, and looks again."""
    await connection.execute(
        update(bus_positions).where(_OURS).values(position=position, leased_by=None, leased_until=None)
    )


def _held_by(holder: str) -> ColumnElement[bool]:
    return _OURS & (_TABLE.leased_by == holder)
