"""Agents and their versions in the database. A version never changes; a call keeps the one that it started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.agent import Agent
from agent.ids import new_id
from agent.store.keyset import Position, page
from agent.store.schema import agent_versions, agents

FILE, API = "file", "api"
"""Where an agent is kept: in a file of `agents.folder`, or here alone."""


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """One version of an agent."""

    id: str
    name: str
    version: int
    source: str
    definition: Mapping[str, Any]
    """As `Agent` reads it."""
    created_at: datetime
    updated_at: datetime
    """When this version was made."""

    @property
    def agent(self) -> Agent:
        """Ready to take calls."""
        return Agent.model_validate(self.definition)


async def create(connection: AsyncConnection, agent: Agent, *, source: str, now: datetime) -> StoredAgent:
    """A new agent, version 1. Raises IntegrityError where there is one of that name."""
    agent_id = new_id("agt")
    await connection.execute(
        agents.insert().values(id=agent_id, name=agent.name, version=1, source=source, created_at=now, updated_at=now)
    )
    return await _add_version(connection, agent_id, 1, agent, now)


async def revise(connection: AsyncConnection, agent_id: str, agent: Agent, *, now: datetime) -> StoredAgent | None:
    """The next version; the present one where nothing is different. None where there is no such agent."""
    present = await get(connection, agent_id)
    if present is None or present.agent == agent:
        return present
    counted = (
        update(agents)
        .where(agents.c.id == agent_id, agents.c.deleted_at.is_(None))
        .values(version=agents.c.version + 1, updated_at=now, name=agent.name)
        .returning(agents.c.version)
    )
    version = (await connection.execute(counted)).scalar_one()
    return await _add_version(connection, agent_id, version, agent, now)


async def delete(connection: AsyncConnection, agent_id: str, *, now: datetime) -> bool:
    """Take no more calls with it; its versions stay for the calls that had them. False where there is no such agent."""
    gone = update(agents).where(agents.c.id == agent_id, agents.c.deleted_at.is_(None)).values(deleted_at=now)
    return (await connection.execute(gone)).rowcount > 0


async def get(connection: AsyncConnection, agent_id: str, version: int | None = None) -> StoredAgent | None:
    """The latest version, or another one."""
    at = agents.c.version if version is None else version
    wanted = _joined().where(agents.c.id == agent_id, agent_versions.c.version == at)
    return _found((await connection.execute(wanted)).one_or_none())


async def get_by_name(connection: AsyncConnection, name: str) -> StoredAgent | None:
    """The latest version of the agent of that name."""
    wanted = _joined().where(agents.c.name == name, agent_versions.c.version == agents.c.version)
    return _found((await connection.execute(wanted)).one_or_none())


async def listed(
    connection: AsyncConnection,
    *,
    limit: int,
    after: Position | None = None,
    descending: bool = True,
    name: str | None = None,
) -> list[StoredAgent]:
    """The latest version of each, or of the one with that `name`; a page, and one more where there is one."""
    latest = _joined().where(agent_versions.c.version == agents.c.version)
    if name is not None:
        latest = latest.where(agents.c.name == name)
    wanted = page(latest, agents.c.created_at, agents.c.id, after=after, limit=limit, descending=descending)
    return [_stored(row) for row in await connection.execute(wanted)]


async def versions(connection: AsyncConnection, agent_id: str) -> list[StoredAgent]:
    """All versions of one agent, the latest first."""
    wanted = _joined().where(agents.c.id == agent_id).order_by(agent_versions.c.version.desc())
    return [_stored(row) for row in await connection.execute(wanted)]


async def _add_version(
    connection: AsyncConnection, agent_id: str, version: int, agent: Agent, now: datetime
) -> StoredAgent:
    await connection.execute(
        agent_versions.insert().values(
            agent_id=agent_id, version=version, definition=agent.model_dump(mode="json"), created_at=now
        )
    )
    stored = await get(connection, agent_id)
    if stored is None:
        raise LookupError(f"there is no agent {agent_id}")
    return stored


def _joined() -> Select[Any]:
    return (
        select(
            agents.c.id,
            agents.c.name,
            agents.c.source,
            agents.c.created_at,
            agent_versions.c.version,
            agent_versions.c.definition,
            agent_versions.c.created_at.label("updated_at"),
        )
        .join(agent_versions, agent_versions.c.agent_id == agents.c.id)
        .where(agents.c.deleted_at.is_(None))
    )


def _found(row: Row[Any] | None) -> StoredAgent | None:
    return None if row is None else _stored(row)


def _stored(row: Row[Any]) -> StoredAgent:
    return StoredAgent(row.id, row.name, row.version, row.source, row.definition, row.created_at, row.updated_at)
