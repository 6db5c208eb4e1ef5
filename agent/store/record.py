"""The record of a running server: opened before it takes calls, closed after the last one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from agent.domain.agent import Agent
from agent.domain.event_types import EventType
from agent.settings import AgentsSettings, StoreSettings
from agent.store import events, scripts, summaries, system_events
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.leftovers import close_leftovers
from agent.store.migrate import migrate
from agent.store.recorder import Recorder
from agent.store.registry import Registry
from agent.store.system_events import PARTS, Kind

log = structlog.get_logger()

CLOSE_S = 10.0
"""So long what is not written yet may take at the end."""
DEGRADED_WITHIN = timedelta(days=7)
"""Whoever was told longer ago that a part is down knows better by now."""


def server_name(settings: StoreSettings) -> str:
    """Of this server, in the record."""
    return settings.server or socket.gethostname()[:64]


class Record:
    """The database of the configuration, and who writes into it. Belongs to one event loop."""

    def __init__(self, settings: StoreSettings, agents: AgentsSettings) -> None:
        """Raises ConfigurationError."""
        self.server = server_name(settings)
        """The name of this server among those that share the database."""
        self._told: list[Callable[[Sequence[StoredEvent]], None]] = []
        self.store = Store.of(settings)
        self._chronicle = Chronicle(self.store, server=self.server)
        self.recorder = Recorder(self.store, self._chronicle, told=self.tell)
        self.registry = Registry(self.store, default=agents.default)

    def when_told(self, listener: Callable[[Sequence[StoredEvent]], None]) -> None:
        """Have `listener` called with public events that are on disk."""
        self._told.append(listener)

    async def open(self, agents: Mapping[str, Agent], numbers: Mapping[str, str]) -> None:
        """Update the tables, close what an earlier process left open, learn who answers. Raises StoreError."""
        now = datetime.now(UTC)
        before, after = await migrate(self.store)
        if before != after:
            log.info("store.migrated", before=before, after=after)
        await close_leftovers(self.store, self._chronicle, server=self.server, now=now)
        async with self.store.write() as connection:
            await summaries.free_leases_of(connection, self.server)
            await scripts.free_leases_of(connection, self.server)
        await self.registry.adopt(agents, numbers, now=now)
        self.recorder.start()

    async def append(self, kind: EventType, data: Mapping[str, Any], *, at: datetime) -> None:
        """Record an event that belongs to no call, and tell it. Raises StoreError."""
        async with self.store.write() as connection:
            stored = await events.append(self.store, connection, kind, at=at, data=data)
        self.tell([stored])

    async def told_down(self, kind: Kind = PARTS) -> set[str]:
        """What of this server applications were told that it is down, and not that it is back.

        Raises StoreError.
        """
        async with self.store.read() as connection:
            since = datetime.now(UTC) - DEGRADED_WITHIN
            return await system_events.down(connection, kind, self.server, since=since)

    async def close(self) -> None:
        """Write what is left, and let go of the database."""
        await self.recorder.close(CLOSE_S)
        await self.store.close()

    def tell(self, stored: Sequence[StoredEvent]) -> None:
        """These are on disk: let everybody know who listens."""
        for listener in self._told:
            listener(stored)
