"""Which agent answers which number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.ids import new_id
from agent.store.keyset import Position, page
from agent.store.schema import agents, phone_numbers


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number of ours."""

    id: str
    number: str
    agent_id: str
    agent: str
    """The agent's name."""
    source: str
    """`file`: of the configuration; `api`."""
    lookup_url: str = field(repr=False)  # may hold a token
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


async def create(
    connection: AsyncConnection,
    number: str,
    agent_id: str,
    *,
    source: str,
    now: datetime,
    lookup_url: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> PhoneNumber:
    """Raises IntegrityError where the number is there already, or the agent is not."""
    number_id = new_id("pn")
    await connection.execute(
        phone_numbers.insert().values(
            id=number_id,
            number=number,
            agent_id=agent_id,
            source=source,
            lookup_url=lookup_url,
            metadata=dict(metadata or {}),
            created_at=now,
            updated_at=now,
        )
    )
    stored = await get(connection, number_id)
    if stored is None:
        raise LookupError(f"there is no agent {agent_id}")
    return stored


async def change(
    connection: AsyncConnection,
    number_id: str,
    *,
    now: datetime,
    agent_id: str | None = None,
    lookup_url: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> PhoneNumber | None:
    """What is None stays as it is; None where there is no such number."""
    values: dict[str, Any] = {"updated_at": now}
    if agent_id is not None:
        values["agent_id"] = agent_id
    if lookup_url is not None:
        values["lookup_url"] = lookup_url
    if metadata is not None:
        values["metadata"] = dict(metadata)
    await connection.execute(update(phone_numbers).where(phone_numbers.c.id == number_id).values(**values))
    return await get(connection, number_id)


async def remove(connection: AsyncConnection, number_id: str) -> bool:
    """Forget it; False where there is no such number."""
    return (await connection.execute(delete(phone_numbers).where(phone_numbers.c.id == number_id))).rowcount > 0


async def get(connection: AsyncConnection, number_id: str) -> PhoneNumber | None:
    """One number, by its id."""
    row = (await connection.execute(_joined().where(phone_numbers.c.id == number_id))).one_or_none()
    return None if row is None else _stored(row)


async def listed(
    connection: AsyncConnection,
    *,
    limit: int,
    after: Position | None = None,
    descending: bool = True,
    number: str | None = None,
) -> list[PhoneNumber]:
    """A page, and one more where there is one; of one `number` alone."""
    columns = phone_numbers.c.created_at, phone_numbers.c.id
    chosen = _joined() if number is None else _joined().where(phone_numbers.c.number == number)
    wanted = page(chosen, *columns, after=after, limit=limit, descending=descending)
    return [_stored(row) for row in await connection.execute(wanted)]


def _joined() -> Select[Any]:
    return select(phone_numbers, agents.c.name.label("agent")).join(agents, agents.c.id == phone_numbers.c.agent_id)


def _stored(row: Row[Any]) -> PhoneNumber:
    return PhoneNumber(
        row.id,
        row.number,
        row.agent_id,
        row.agent,
        row.source,
        row.lookup_url or "",
        row.metadata,
        row.created_at,
        row.updated_at,
    )


async def of_agent(connection: AsyncConnection, agent_id: str) -> list[str]:
    """Numbers that lead to an agent."""
    wanted = select(phone_numbers.c.number).where(phone_numbers.c.agent_id == agent_id).order_by(phone_numbers.c.number)
    return list((await connection.execute(wanted)).scalars())
