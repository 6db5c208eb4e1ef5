"""Agents and numbers as calls need them: in memory, so that a caller never waits for the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.agent import Agent, AgentRef
from agent.store import agents, phone_numbers
from agent.store.agents import FILE, StoredAgent
from agent.store.engine import Store


class Registry:
    """Belongs to one event loop; `refresh` after each change."""

    def __init__(self, store: Store, *, default: str = "") -> None:
        """`default`: name of the agent that takes numbers which nobody else has; empty: they are refused."""
        self._store = store
        self._default = default
        self._latest: dict[str, AgentRef] = {}
        self._versions: dict[AgentRef, Agent] = {}
        self._numbers: dict[str, str] = {}
        self._lookup_urls: dict[str, str] = {}

    async def adopt(self, files: Mapping[str, Agent], numbers: Mapping[str, str], *, now: datetime) -> None:
        """Bring the database to what the files of this installation say, and read all of it. Raises StoreError.

        What came from files and is no longer there is deleted; what came through the API is left alone, but for a
        name or number that a file now claims.
        """
        async with self._store.write() as connection:
            ids = {name: (await _adopted(connection, agent, now)).id for name, agent in files.items()}
            known = {one.number: one for one in await phone_numbers.listed(connection, limit=ALL)}
            for one in known.values():
                if one.source == FILE and one.number not in numbers:
                    await phone_numbers.remove(connection, one.id)
            for number, name in numbers.items():
                present = known.get(number)
                if present is None:
                    await phone_numbers.create(connection, number, ids[name], source=FILE, now=now)
                elif present.agent_id != ids[name]:
                    await phone_numbers.change(connection, present.id, agent_id=ids[name], now=now)
            for stored in await agents.listed(connection, limit=ALL):
                if stored.source == FILE and stored.name not in files:
                    await agents.delete(connection, stored.id, now=now)
        await self.refresh()

    async def refresh(self) -> list[Agent]:
        """Read what is in the database now; agents that are new or different. Raises StoreError."""
        async with self._store.read() as connection:
            found = await agents.listed(connection, limit=ALL)
            numbers = await phone_numbers.listed(connection, limit=ALL)
        changed = []
        for stored in found:
            reference = AgentRef(stored.name, stored.version)
            if reference not in self._versions:
                self._versions[reference] = stored.agent
                changed.append(stored.agent)
        self._latest = {stored.name: AgentRef(stored.name, stored.version) for stored in found}
        self._numbers = {number.number: number.agent for number in numbers if number.agent in self._latest}
        self._lookup_urls = {number.number: number.lookup_url for number in numbers if number.lookup_url}
        return changed

    def serving(self, number: str) -> AgentRef | None:
        """Who takes a call to this number; None: nobody."""
        return self._latest.get(self._numbers.get(number, self._default))

    def lookup_url(self, number: str) -> str:
        """Whom a call to this number is to ask instead of the application of the configuration; empty: that one."""
        return self._lookup_urls.get(number, "")

    async def known(self, name: str, version: int | None = None) -> AgentRef | None:
        """An agent by its name, the latest version or another, ready for `agent`; None: there is none.

        Raises StoreError. One that this process has not heard of yet is looked for in the database.
        """
        latest = self._latest.get(name)
        reference = latest if version is None else AgentRef(name, version)
        if reference in self._versions and latest is not None:
            return reference
        async with self._store.read() as connection:
            stored = await agents.get_by_name(connection, name)
            if stored is not None and version is not None:
                stored = await agents.get(connection, stored.id, version)
        if stored is None:
            return None
        reference = AgentRef(stored.name, stored.version)
        self._versions[reference] = stored.agent
        return reference

    def agent(self, reference: AgentRef) -> Agent:
        """One that `serving` named, also when there is a later version. Raises LookupError."""
        return self._versions[reference]

    @property
    def served(self) -> list[Agent]:
        """Agents that a number leads to, by name."""
        names = {*self._numbers.values(), self._default} & set(self._latest)
        return [self._versions[self._latest[name]] for name in sorted(names)]


ALL = 10_000


async def _adopted(connection: AsyncConnection, agent: Agent, now: datetime) -> StoredAgent:
    present = await agents.get_by_name(connection, agent.name)
    if present is None:
        return await agents.create(connection, agent, source=FILE, now=now)
    revised = await agents.revise(connection, present.id, agent, now=now)
    return revised if revised is not None else present
